"""Recorded answers of the State Treasury's register: documents, and beside them taxonomies and business ids.

Only `treasury.py` uses this module.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kommunanalys.municipalities as areas
from kommunanalys.errors import SourceError
from kommunanalys.municipalities import Municipality
from kommunanalys.sources import files
from kommunanalys.sources import treasury_api as api
from kommunanalys.sources.session import SIDECAR
from kommunanalys.sources.treasury_codes import Code, business_ids, named

SUFFIXES = (".json", ".json.gz")


@dataclass
class Folder:
    """What a folder, or one file, holds.

    Parameters
    ----------
    documents
        The register's documents with their facts.
    codes
        What the taxonomies beside them name.
    ids
        Business id → municipality.
    hashes
        File name → hash, of the documents.
    others
        Files of another shape.
    """

    documents: dict[api.Entry, list[Any]] = field(default_factory=dict)
    codes: list[Code] = field(default_factory=list)
    ids: dict[str, Municipality] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    @property
    def package(self) -> str:
        """The one package of all documents."""
        return next(iter(self.documents)).package


def open_folder(path: str | Path) -> Folder:
    """Everything in a folder or a file that is of the register.

    Raises
    ------
    SourceError
        No such path, no document in it, documents of several packages, or a damaged file.
    """
    place = files.existing(path)
    found = Folder(ids={known: areas.find(code, country="FI") for code, known in business_ids().items()})
    inside = sorted(item for item in place.iterdir() if item.is_file()) if place.is_dir() else [place]
    for item in inside:
        if item.name.lower().endswith(SUFFIXES) and not item.name.endswith(SIDECAR):
            _add(found, files.read(item))
    packages = sorted({entry.package for entry in found.documents})
    if len(packages) != 1:
        raise SourceError(
            "{place} holds documents of {packages}. It should hold documents of the State Treasury's register in JSON, "
            "of one package: actuals and plans are never mixed.",
            place=place.name or str(place),
            packages=", ".join(packages) or "–",
        )
    return found


def _add(found: Folder, file: files.RawFile) -> None:
    try:
        data = json.loads(file.body)
    except ValueError as error:
        raise SourceError(
            "{file} is not whole JSON: {reason}. Fetch or copy it again.", file=file.name, reason=error
        ) from error
    first = data[0] if isinstance(data, list) and data else data
    keys = first.keys() if isinstance(first, dict) else set()
    if "taksonomia" in keys:
        facts = api.check_document(data, file.name)
        business_id, package, period, stage = api.header(facts[0])
        approved = str(facts[0].get("hyväksymispvm") or "")
        row = {"ytunnus": business_id, "raportointikokonaisuus": package, "raportointikausi": period}
        row |= {"hyvaksymisvaihe": stage, "hyvaksymispvm": approved, "tunnusluvut": file.name}
        found.documents[api.entries([row], package, file.name)[0]] = facts
        found.hashes[file.name] = file.sha256
    elif "solutunniste" in keys:
        found.codes += named(data, file.name)
    elif "Kunta_Id" in keys:
        code, known = api.directory_id(data, file.name)
        found.ids[known] = areas.find(code, country="FI")
    elif "aineistot" not in keys:
        found.others.append(file.name)
