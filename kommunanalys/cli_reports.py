"""The commands about many reports: sweeps. Nothing heavy is imported here."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import Speaker, check_language

if TYPE_CHECKING:
    from kommunanalys.reporting.outcome import Progress, Sweep

STOPPED = 130
EVERY = 30
"""How often to tell of progress where there is no terminal [s]."""

Parameters = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated.")
]
ParameterFile = Annotated[
    Path | None, typer.Option("--parameters", metavar="FILE.yaml", help="Parameters, one `name: value` a line.")
]
CellTimeout = Annotated[float | None, typer.Option("--timeout", min=1, help="Longest time for one cell, in seconds.")]
Documents = Annotated[bool, typer.Option("--docx", help="Make report.docx too (extra `documents`).")]
Notify = Annotated[str, typer.Option("--notify", metavar="ADDRESS", help="Mail how it went, without any figures.")]
NotifyFailures = Annotated[
    str, typer.Option("--notify-failures", metavar="ADDRESS", help="Mail failures here, and only when there are some.")
]


def sweep_command(
    notebook: Annotated[str, typer.Argument(help="Name of a notebook (see `kommunanalys list`) or a file.ipynb.")],
    over: Annotated[
        list[str] | None,
        typer.Option("--over", metavar="NAME=all|FILE|a,b,c", help="What to make one report for; may be repeated."),
    ] = None,
    parameter: Parameters = None,
    parameters: ParameterFile = None,
    language: Annotated[str, typer.Option("--language", "-l", help="sv, fi or en; several with commas: sv,fi.")] = "sv",
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, help="Reports at a time.")] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", help="fork (quickest; not on Windows), spawn, or dask (a cluster).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A dask scheduler, tcp://host:8786.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the reports.")] = Path("reports"),
    resume: Annotated[bool, typer.Option("--resume", help="Only what is missing, has failed or was changed.")] = False,
    timeout: CellTimeout = None,
    docx: Documents = False,
    notify: Notify = "",
    notify_failures: NotifyFailures = "",
) -> None:
    """Make one report for each municipality (or other value), several at a time, and say what failed and why."""
    from kommunanalys.reporting import given
    from kommunanalys.reporting.outcome import Stopped, Unwritten
    from kommunanalys.reporting.parameters import declared, find_notebook, read_notebook
    from kommunanalys.reporting.sweep import sweep

    languages = [check_language(item.strip()) for item in language.split(",")]
    os.environ["KOMMUNANALYS_LANGUAGE"] = languages[0]
    say = Speaker(languages[0])
    chosen = given.pairs(over or [])
    known = declared(read_notebook(find_notebook(notebook)))
    values = given.gathered([name for name in known if name not in chosen], parameters, parameter or [])
    if engine == "dask":
        typer.echo(
            say(
                "Caution: whoever reaches a dask scheduler can run code on its workers and see the data. Keep it on a "
                "closed network, or secure it with TLS."
            ),
            err=True,
        )
    try:
        with mailing(notebook, notify, notify_failures, say) as counts:
            try:
                done = sweep(
                    notebook,
                    chosen,
                    values,
                    languages=languages,
                    output=output,
                    workers=workers,
                    engine=engine,
                    scheduler=scheduler,
                    resume=resume,
                    timeout=timeout,
                    docx=docx,
                    progress=teller(say),
                )
            except (Stopped, Unwritten) as ended:
                _told(ended.sweep, counts, say)
                raise
            _told(done, counts, say)
    except Stopped:
        typer.echo("kommunanalys: " + say("stopped; nothing half-written is left."), err=True)
        raise typer.Exit(STOPPED) from None
    if done.bad:
        raise typer.Exit(1)


def _told(done: Sweep, counts: Counter[str], say: Speaker) -> None:
    """Tell the person, then count for the mail: mail that fails must not swallow the summary."""
    tell(done, say)
    counts.update(row.status for row in done.rows)


@contextmanager
def mailing(notebook: str, to: str, failures_to: str, say: Speaker) -> Iterator[Counter[str]]:
    """Mail how the work inside went: the block counts its reports by status; an error counts as one more."""
    from kommunanalys.origin import now
    from kommunanalys.reporting.notify import Outcome, check_notify, notify
    from kommunanalys.reporting.outcome import Stopped
    from kommunanalys.reporting.record import status_of

    check_notify(to, failures_to)
    counts, began = Counter[str](), now()

    def mail() -> None:
        notify(Outcome(Path(notebook).stem, counts, began, now()), to=to, failures_to=failures_to, say=say)

    try:
        yield counts
    except BaseException as error:
        if not isinstance(error, Stopped):  # a stopped sweep has counted its reports
            counts[status_of(error)] += 1
        try:
            mail()
        except KommunanalysError as second:
            typer.echo(f"kommunanalys: {second}", err=True)  # the first error is the one that ends the command
        raise
    mail()


def teller(say: Speaker) -> Callable[[Progress], None]:
    """Tells how far a sweep is: a bar on a terminal, elsewhere a line now and then."""
    return _bar(say) if sys.stderr.isatty() else _lines(say)


def _bar(say: Speaker) -> Callable[[Progress], None]:
    from tqdm import tqdm

    bars: list[Any] = []

    def show(now: Progress) -> None:
        if not bars:
            bars.append(tqdm(total=now.total, unit="", bar_format="{desc} {n_fmt}/{total_fmt} |{bar:30}|"))
        bars[0].n = now.done
        bars[0].set_description_str(_words(now, say))
        if now.done == now.total:
            bars[0].close()

    return show


def _lines(say: Speaker) -> Callable[[Progress], None]:
    last = [time.monotonic()]

    def show(now: Progress) -> None:
        if now.done == now.total or time.monotonic() - last[0] >= EVERY:
            last[0] = time.monotonic()
            typer.echo(_words(now, say), err=True)

    return show


def _words(now: Progress, say: Speaker) -> str:
    return say(
        "{done} of {total} reports, {failed} failed, {remaining} left.",
        done=say.number(now.done),
        total=say.number(now.total),
        failed=say.number(now.failed),
        remaining=_duration(now.remaining or 0, say),
    )


def _duration(seconds: float, say: Speaker) -> str:
    if seconds < 90:
        return say("{count} s", count=say.number(round(seconds)))
    return say("{count} min", count=say.number(round(seconds / 60)))


def tell(done: Sweep, say: Speaker) -> None:
    """What failed and why, then how many are well and where they lie."""
    from kommunanalys.reporting.outcome import status_words

    status = status_words(say)
    if done.bad:
        wide = max(len(Path(row.folder).name) for row in done.bad)
        typer.echo(say("Failed:"), err=True)
        for row in done.bad:
            typer.echo(f"  {Path(row.folder).name:{wide}}  {status[row.status].lower()}: {row.reason}", err=True)
    typer.echo(done.summary(say.language))
    typer.echo(say("Reports: {path}", path=done.folder))
