"""The command line: a thin skin over the library.

Exit codes: 0 all well, 1 a run failed, 2 wrong usage, 3 lock held, 4 check failed, 124 timeout, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
from typing import Annotated, Any

import typer

from kommunanalys import cli_lab, cli_reports, cli_secrecy, cli_sources, cli_upkeep
from kommunanalys.errors import KommunanalysError, NotebookError
from kommunanalys.language import Speaker, check_language, current

app = typer.Typer(
    name="kommunanalys",
    help="Compare municipal costs on open data and publish the answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(cli_sources.sources, name="sources")
app.add_typer(cli_sources.template, name="template")
app.add_typer(cli_secrecy.secrecy, name="secrecy")
app.command("init")(cli_lab.init_command)
app.command("lab")(cli_lab.lab_command)
app.command("search")(cli_sources.search_command)
app.command("fetch")(cli_sources.fetch_command)
app.command("sweep")(cli_reports.sweep_command)
app.command("index")(cli_upkeep.index_command)
app.command("check")(cli_upkeep.check_command)
app.command("schedule")(cli_upkeep.schedule_command)
app.command("retention")(cli_upkeep.retention_command)

Language = Annotated[str, typer.Option("--language", "-l", help="sv, fi or en; several with commas: sv,fi.")]


@app.command("run")
def run_command(
    notebook: Annotated[str, typer.Argument(help="Name of a notebook (see `kommunanalys list`) or a file.ipynb.")],
    parameter: cli_reports.Parameters = None,
    parameters: cli_reports.ParameterFile = None,
    language: Language = "sv",
    output: Annotated[str, typer.Option("--output", "-o", help="Folder for the reports.")] = "reports",
    timeout: cli_reports.CellTimeout = None,
    docx: cli_reports.Documents = False,
    notify: cli_reports.Notify = "",
    notify_failures: cli_reports.NotifyFailures = "",
) -> None:
    """Run a notebook and publish its report (report.html, report.xlsx, run.json)."""
    from kommunanalys.reporting import given
    from kommunanalys.reporting.parameters import declared, find_notebook, read_notebook
    from kommunanalys.reporting.run import run

    languages = [check_language(item.strip()) for item in language.split(",")]
    os.environ["KOMMUNANALYS_LANGUAGE"] = languages[0]
    values = given.gathered(declared(read_notebook(find_notebook(notebook))), parameters, parameter or [])
    say = Speaker(languages[0])
    try:
        with cli_reports.mailing(notebook, notify, notify_failures, say) as counts:
            for item in languages:
                report = run(notebook, values, language=item, output=output, timeout=timeout, docx=docx)
                counts["ok"] += 1
                typer.echo(Speaker(item)("Report: {path}", path=report.page))
    except KeyboardInterrupt:
        typer.echo("kommunanalys: " + say("stopped; nothing half-written is left."), err=True)
        raise typer.Exit(cli_reports.STOPPED) from None


@app.command("list")
def list_command(language: Language = "") -> None:
    """List the notebooks with their parameters, types, defaults and help."""
    from kommunanalys.paths import notebooks_dir
    from kommunanalys.reporting.parameters import all_notebooks, declared, read_notebook

    say = Speaker(check_language(language or current()))
    for name, path in sorted(all_notebooks().items()):
        try:
            notebook = read_notebook(path)
            parameters = declared(notebook)
        except NotebookError:
            continue  # a person's own sheet without parameters
        heading = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
        own = "" if path.parent == notebooks_dir() else f"  ({path})"
        typer.echo(f"{name}{own}\n  {(say(heading).splitlines() or [''])[0].lstrip('# ')}")
        for item in parameters.values():
            default = "" if item.default is None else item.default
            typer.echo(f"  -p {item.name}={default}  ({item.type})\n       {say(item.help)}")


@app.command("doctor")
def doctor_command(
    output: Annotated[str, typer.Option("--output", "-o", help="Folder where reports shall lie.")] = "reports",
    language: Language = "",
) -> None:
    """Check this machine (Python, folders, certificates, fonts) and say what to do."""
    from kommunanalys.doctor import examine

    say = Speaker(check_language(language or current()))
    findings = examine(output)
    for item in findings:
        typer.echo(f"{say('well') if item.well else say('TO DO')}: {item.tell(say)}")
    if not all(item.well for item in findings):
        raise typer.Exit(1)


@app.command("version")
def version_command() -> None:
    """Print the version."""
    import kommunanalys

    typer.echo(kommunanalys.__version__)


def spoken(command: Any, say: Speaker) -> Any:
    """A command whose help is in the person's language, and all commands inside it."""
    command.help = say(command.help or "")
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = say(parameter.help)
    for inner in getattr(command, "commands", {}).values():
        spoken(inner, say)
    return command


def main() -> None:
    """Run the command line; every error of ours is one message and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A cp1252 console has no Finnish problem but may lack other signs: never let that stop a run.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, _stopped)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as with nohup
        signal.signal(signal.SIGHUP, _hung_up)
    try:
        spoken(typer.main.get_command(app), Speaker(current()))()
    except KommunanalysError as error:
        typer.echo(f"kommunanalys: {error}", err=True)
        sys.exit(getattr(error, "code", error.exit_code))


def _stopped(*_: object) -> None:
    raise KeyboardInterrupt


def _hung_up(*_: object) -> None:
    """The terminal is closed: what is still said would fail there and hide what was done."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(number).st_mode):
                os.dup2(nowhere, number)
    os.close(nowhere)
    raise KeyboardInterrupt
