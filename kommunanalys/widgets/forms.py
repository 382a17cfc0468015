"""The form of any notebook: of one report, or of a sweep over many."""

from __future__ import annotations

from pathlib import Path

from kommunanalys.language import check_language, current
from kommunanalys.paths import own_folder
from kommunanalys.widgets.report_form import Form
from kommunanalys.widgets.sweeping import Over, SweepForm


def form(
    notebook: str | Path, *, over: Over | None = None, language: str | None = None, output: str | Path | None = None
) -> Form:
    """The form of a notebook: fields from its parameters, run as a report, or as a report for each of many values.

    Parameters
    ----------
    notebook
        Name of a notebook, or path of a file; see `kommunanalys list`.
    over
        What to make one report for: `{"municipality": ["0114", "Ale"]}` or "municipality=all"; None for one report.
    language
        "sv", "fi" or "en"; None for the session's. It can be changed in the form.
    output
        Folder of the reports; None for `reports` in the person's own folder (`kommunanalys init`), else in this one.

    Returns
    -------
    Form
        Shows itself in JupyterLab.

    Raises
    ------
    UsageError
        Unknown notebook or language, an output with `..`, or values that cannot be swept over.
    NotebookError
        The notebook declares no parameters.

    Examples
    --------
    >>> list(form("cost_efficiency").fields)[:3]
    ['source', 'municipality', 'year']
    """
    spoken = check_language(language or current())
    place = (own_folder() or Path()) / "reports" if output is None else output
    if over is None:
        return Form(notebook, spoken, place)
    return SweepForm(notebook, over, spoken, place)
