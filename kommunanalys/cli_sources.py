"""The commands about data: search, fetch, the live publishers, templates to fill in. Nothing heavy is imported here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.language import Speaker, check_language, current

if TYPE_CHECKING:
    from kommunanalys.sources.checks import Checked

sources = typer.Typer(help="The publishers: whether they answer, recordings, hosts.", no_args_is_help=True)
template = typer.Typer(help="Excel templates to fill in by hand.", no_args_is_help=True)

Language = Annotated[str, typer.Option("--language", "-l", help="sv, fi or en.")]
Chosen = Annotated[str, typer.Option("--sources", "-s", help="Only these, with commas: kolada,statfin.")]
YEARS = re.compile(r"(\d{4})(?:\s*[-–]\s*(\d{4}))?")


@sources.command("check")
def check_command(chosen: Chosen = "", language: Language = "") -> None:
    """Ask every live publisher one small question: whether it answers, how fast, and with the codes of last time."""
    from kommunanalys.sources.checks import check

    _tell(check(_listed(chosen)), _speaker(language))


@sources.command("record")
def record_command(
    folder: Annotated[Path, typer.Argument(help="Folder for the raw answers; one inside it for each publisher.")],
    chosen: Chosen = "",
    language: Language = "",
) -> None:
    """Ask as `check`, and keep the raw answers with where and when they came from."""
    from kommunanalys.sources.checks import record

    _tell(record(folder, _listed(chosen)), _speaker(language))


@sources.command("hosts")
def hosts_command(language: Language = "") -> None:
    """List the hosts that a firewall must let through, one a line."""
    from kommunanalys.sources.checks import hosts

    say = _speaker(language)
    for host in hosts():
        typer.echo(host)
    # Not on the same stream: the list is made for pasting into a firewall's rules.
    typer.echo(say("Files of avoindata.fi lie with their publishers, on hosts of their own."), err=True)


def search_command(
    words: Annotated[list[str], typer.Argument(help="What to look for.")],
    chosen: Chosen = "",
    language: Language = "",
) -> None:
    """Search the publishers' catalogues; what is found can be given to `fetch`."""
    import warnings

    from kommunanalys.sources.catalogue import search

    say = _speaker(language)
    spoken = say.language
    with warnings.catch_warnings():
        # What did not answer is said below, in one place.
        warnings.simplefilter("ignore")
        found = search(" ".join(words), sources=_listed(chosen), language=spoken)
    for row in found.itertuples():
        typer.echo(f"{row.source}:{row.id}\t{row.title}\t{str(row.updated)[:10]}".rstrip())
    typer.echo(say("{count} found.", count=say.number(len(found))), err=True)
    for name, reason in found.attrs["unanswered"].items():
        typer.echo(say("{source} did not answer: {reason}", source=name, reason=reason), err=True)
    if found.attrs["unanswered"]:
        raise typer.Exit(1)


def fetch_command(
    source: Annotated[str, typer.Argument(help="As `search` lists it (kolada:N15027), a short name, or a path.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.csv, FILE.xlsx (for Excel) or FILE.parquet.")],
    indicator: Annotated[list[str] | None, typer.Option("--indicator", "-i", help="May be repeated.")] = None,
    municipality: Annotated[
        list[str] | None, typer.Option("--municipality", "-m", help="Code or name; may be repeated.")
    ] = None,
    year: Annotated[list[str] | None, typer.Option("--year", "-y", help="2021 or 2019-2021; may be repeated.")] = None,
    language: Language = "",
) -> None:
    """Write a table to a file, and where it came from to FILE.origin.json beside it."""
    from kommunanalys.sources.catalogue import load
    from kommunanalys.tablefile import check_target, write_table

    say = _speaker(language)
    place, years = check_target(output), _years(year or [])
    table = load(source, indicator or None, municipalities=municipality or None, years=years or None)
    question = {"source": source, "indicators": indicator, "municipalities": municipality, "years": years}
    for path in write_table(table, place, question):
        typer.echo(say("Written: {path}", path=path))
    typer.echo(say("{count} rows.", count=say.number(len(table))))
    if table.attrs.get("lacking"):
        lacking = ", ".join(table.attrs["lacking"])
        typer.echo(say("The source does not have {indicators}.", indicators=lacking), err=True)


@template.command("costs")
def costs_command(
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.xlsx to fill in.")],
    service: Annotated[str, typer.Option("--service", help="compulsory, upper_secondary, ...")] = "compulsory",
    country: Annotated[str, typer.Option("--country", help="FI or SE.")] = "FI",
    year: Annotated[
        list[str] | None, typer.Option("--years", "-y", help="2021 or 2019-2021; may be repeated; default: last year.")
    ] = None,
    language: Language = "",
) -> None:
    """Write an Excel template for the costs of a service, which the notebooks read (-p source=FILE.xlsx)."""
    from datetime import UTC, datetime

    from kommunanalys.indicators.services import fillable
    from kommunanalys.municipalities import municipalities
    from kommunanalys.sources.template import write_template

    spoken = _speaker(language).language
    if output.suffix.lower() != ".xlsx":
        raise UsageError("{path!r}: a template is an Excel file. Let its name end in .xlsx.", path=str(output))
    if output.exists():
        raise UsageError("{path!r} is there already and may hold figures. Choose another name.", path=str(output))
    years = _years(year or []) or [datetime.now(UTC).year - 1]
    try:
        write_template(output, fillable(service, country), list(municipalities(country).index), years, spoken)
    except OSError as error:
        raise OutputError(
            "{path} could not be written: {reason}. Is it open in Excel, or the folder full or closed?",
            path=output,
            reason=error,
        ) from error
    typer.echo(Speaker(spoken)("Written: {path}", path=output))


def _speaker(language: str) -> Speaker:
    """Speaker of the language chosen, in which errors and notes of this process are told too."""
    say = Speaker(check_language(language or current()))
    os.environ["KOMMUNANALYS_LANGUAGE"] = say.language
    return say


def _tell(items: Iterable[Checked], say: Speaker) -> None:
    """Say what came of each question, as it comes; exit code 1 if one failed."""
    failed = False
    for item in items:
        failed = failed or item.seen is None
        seconds = say.number(item.seconds, 1)
        if item.seen is None:
            typer.echo(
                say(
                    "{source}: FAILED after {seconds} s: {reason}",
                    source=item.name,
                    seconds=seconds,
                    reason=item.problem,
                )
            )
            continue
        typer.echo(
            say(
                "{source}: well, {count} rows in {seconds} s, such as {example}",
                source=item.name,
                count=say.number(item.seen.rows),
                seconds=seconds,
                example=item.seen.example,
            )
        )
        for line in _codes(item, say):
            typer.echo(f"  {line}")
    if failed:
        raise typer.Exit(1)


def _codes(item: Checked, say: Speaker) -> list[str]:
    """What to say of a publisher's codes, if it has such."""
    if item.seen is None or not item.seen.codes or not item.since:
        return []
    since, lines = item.since[:10], []
    if item.gone:
        lines.append(say("Codes that are gone since {date}: {codes}", date=since, codes=_shown(item.gone)))
    if item.changed:
        lines.append(
            say("Codes that mean something else since {date}: {codes}", date=since, codes=_shown(item.changed))
        )
    if item.new:
        lines.append(say("Codes that are new since {date}: {codes}", date=since, codes=_shown(item.new)))
    return lines or [say("The same {count} codes as {date}.", count=len(item.seen.codes), date=since)]


def _shown(codes: tuple[str, ...]) -> str:
    return ", ".join(codes[:8]) + (" …" if len(codes) > 8 else "")


def _listed(text: str) -> list[str] | None:
    return [item.strip() for item in text.split(",") if item.strip()] or None


def _years(texts: list[str]) -> list[int]:
    years: set[int] = set()
    for text in texts:
        match = YEARS.fullmatch(text.strip())
        if match is None or (match[2] and match[2] < match[1]):
            raise UsageError("{text!r} is no year. Write 2021, or 2019-2021 for several.", text=text)
        years.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return sorted(years)
