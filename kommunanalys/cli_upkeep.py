"""The commands around many reports: start page, check, schedule, retention. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kommunanalys.cli_reports import CellTimeout, Documents, Notify, NotifyFailures, ParameterFile, Parameters
from kommunanalys.errors import CheckFailed, UsageError
from kommunanalys.language import Speaker, check_language, current

Language = Annotated[str, typer.Option("--language", "-l", help="sv, fi or en.")]
Reports = Annotated[Path, typer.Argument(help="Folder of reports.")]


def index_command(output: Reports = Path("reports"), language: Language = "") -> None:
    """Make the start pages: search, filter, and what has changed since last time."""
    from kommunanalys.reporting.folder import reports_folder
    from kommunanalys.reporting.index import build_index
    from kommunanalys.reporting.lock import folder_lock

    say = _speaker(language)
    with folder_lock(reports_folder(output)):
        pages = build_index(output)
    typer.echo(say("Start page: {path}", path=next(page for page in pages if page.name == "index.html")))


def check_command(
    path: Annotated[Path, typer.Argument(help="A report.html, a report's folder, or a folder of reports.")],
    language: Language = "",
) -> None:
    """Check reports before they are published: accessibility, nothing loaded from elsewhere, no identity codes."""
    from kommunanalys.reporting.check import check

    say = _speaker(language)
    faults = check(path)
    for fault in faults:
        typer.echo(f"{fault.page}: {fault.tell(say)} [{fault.rule}]")
    if faults:
        raise CheckFailed("{count} faults in {path}: nothing should be published yet.", count=len(faults), path=path)
    typer.echo(say("No faults in {path}.", path=path))


def schedule_command(
    notebook: Annotated[str, typer.Argument(help="Name of a notebook (see `kommunanalys list`) or a file.ipynb.")],
    every: Annotated[str, typer.Option("--every", help="hour, day, week or month.")],
    at: Annotated[str, typer.Option("--at", metavar="HH:MM", help="When, in the machine's own time.")] = "05:30",
    emit: Annotated[str, typer.Option("--emit", help="systemd, cron or windows.")] = "systemd",
    name: Annotated[str, typer.Option("--name", help="What the job is called.")] = "kommunanalys",
    over: Annotated[
        list[str] | None,
        typer.Option("--over", metavar="NAME=all|FILE|a,b,c", help="A sweep: what to make one report for."),
    ] = None,
    parameter: Parameters = None,
    parameters: ParameterFile = None,
    language: Annotated[str, typer.Option("--language", "-l", help="sv, fi or en; several with commas: sv,fi.")] = "sv",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the reports.")] = Path("reports"),
    timeout: CellTimeout = None,
    docx: Documents = False,
    notify: Notify = "",
    notify_failures: NotifyFailures = "",
) -> None:
    """Print what to install so that a run or a sweep happens by itself; nothing is installed."""
    from kommunanalys.reporting import given
    from kommunanalys.reporting.parameters import declared, find_notebook, read_notebook
    from kommunanalys.reporting.run import checked
    from kommunanalys.reporting.schedule import schedule
    from kommunanalys.reporting.sweep import choose

    chosen, path = given.pairs(over or []), find_notebook(notebook)
    known = declared(read_notebook(path))
    for item in language.split(","):
        check_language(item.strip())
    values = given.gathered([item for item in known if item not in chosen], parameters, parameter or [])
    if chosen:
        choose(known, chosen, values)
    else:
        checked(known, values, "en")
    words = ["sweep" if chosen else "run", str(path.resolve()) if notebook.endswith(".ipynb") else notebook]
    words += [f"--over={item}" for item in over or []] + [f"--parameter={item}" for item in parameter or []]
    if parameters:
        words.append(f"--parameters={parameters.resolve()}")
    words += [f"--language={language}", f"--output={output.resolve()}"]
    rest = {"--timeout": timeout, "--notify": notify, "--notify-failures": notify_failures}
    words += [f"{option}={value}" for option, value in rest.items() if value] + ["--docx"] * docx
    say = _speaker("")
    secrets = given.secrets(values)
    told = schedule(words, every=every, at=at, emit=emit, name=name, output=output, secrets=secrets, say=say)
    typer.echo(told, nl=False)


def retention_command(
    output: Reports = Path("reports"),
    days: Annotated[
        int | None, typer.Option("--days", min=0, help="How long private files are kept; 90 where nothing is said.")
    ] = None,
    permits: Annotated[
        Path | None,
        typer.Option(
            "--permits", metavar="FOLDER", help="Permits: what was made under those that have ended goes too."
        ),
    ] = None,
    language: Language = "",
) -> None:
    """Delete what is private and old: executed notebooks, parcels, expired lists. Reports, releases, journal stay."""
    from kommunanalys.early_warning.expiry import remove_expired
    from kommunanalys.reporting.folder import reports_folder
    from kommunanalys.reporting.lock import folder_lock
    from kommunanalys.reporting.retention import DAYS, forget_private, forget_state

    say = _speaker(language)
    ended = _ended(permits) if permits else []
    with folder_lock(reports_folder(output)):
        gone = forget_private(output, DAYS if days is None else days)
    parcels = forget_state(days, ended)
    for path in (*gone, *parcels):
        typer.echo(path)
    typer.echo(say("{count} executed notebooks deleted.", count=len(gone)))
    typer.echo(say("{count} parcels deleted.", count=len(parcels)))
    typer.echo(say("{count} expired lists deleted.", count=remove_expired()))


def _ended(folder: Path) -> list[str]:
    from kommunanalys.secrecy.frame import local_day
    from kommunanalys.secrecy.permit import Permit

    if not folder.is_dir():
        raise UsageError("There is no folder {path}.", path=folder)
    found = [Permit.read(path) for path in sorted(folder.glob("*.toml"))]
    return [permit.id for permit in found if permit.valid_until < local_day()]


def _speaker(language: str) -> Speaker:
    return Speaker(check_language(language or current()))
