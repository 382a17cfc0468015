"""Who makes the reports of a sweep: processes of this machine, or a dask cluster; through one executor either way.

Workers return bytes and never write into the output folder: no shared file system is needed, and a worker that lost
its sweep can spoil nothing.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, ExitStack, contextmanager
from multiprocessing.connection import wait as wait_for_end
from typing import Any, Protocol

from kommunanalys import paths
from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.reporting.execute import KernelKilled
from kommunanalys.reporting.limits import THREADS
from kommunanalys.reporting.offspring import SWEEP, Guardian, die_with_parent, end_marked, new_mark
from kommunanalys.reporting.record import versions
from kommunanalys.reporting.run import Job, Made, attempt, failed

ENGINES = ("spawn", "fork", "dask")
ENDED = 128 + signal.SIGTERM
GRACE = 15
"""How long a worker may take to end its notebook when it is asked to [s]."""
PATIENCE = 60
"""How long to wait for a scheduler and its first worker [s]."""
RETRIES = 2
"""How often dask tries a report again whose task failed outside the notebook (a worker that lost its scheduler)."""


class Crew(Protocol):
    """Workers that make reports."""

    window: int
    """How many jobs to hand out before the first is back."""

    def submit(self, job: Job) -> Future[Made]:
        """Hand out a job."""

    def renew(self) -> None:
        """Begin again with new workers after one has died."""

    def close(self, *, at_once: bool) -> None:
        """End all workers, at once in the middle of their work or when they are idle."""


def carry_out(jobs: Sequence[Job], crew: Crew) -> Iterator[tuple[int, Made]]:
    """The reports as they come, each with the number of its job.

    A worker that dies takes down the reports that were handed out. They are tried again, one at a time; one that
    takes its worker down again, alone, is the reason, and ends as "killed".

    Parameters
    ----------
    jobs
        What to make.
    crew
        Who makes it.

    Raises
    ------
    KommunanalysError
        The scheduler of a cluster is gone.
    """
    fresh, suspected = deque(enumerate(jobs)), deque[tuple[int, Job]]()
    running: dict[Future[Made], tuple[int, Job]] = {}
    while fresh or suspected or running:
        alone = bool(suspected) and not running
        if alone:
            _hand_out(suspected.popleft(), crew, running)
        while fresh and not suspected and not alone and len(running) < crew.window:
            _hand_out(fresh.popleft(), crew, running)
        done = wait(running, return_when=FIRST_COMPLETED).done
        if any(isinstance(_fault(future), BrokenExecutor) for future in done):
            done = wait(running).done
            crew.renew()
        for future in done:
            number, job = running.pop(future)
            if not isinstance(_fault(future), BrokenExecutor):
                yield number, _outcome(future, job)
            elif alone:
                yield number, lost(job)
            else:
                suspected.append((number, job))


def _hand_out(item: tuple[int, Job], crew: Crew, running: dict[Future[Made], tuple[int, Job]]) -> None:
    try:
        future = crew.submit(item[1])
    except BrokenExecutor:  # a worker died while idle
        crew.renew()
        future = crew.submit(item[1])
    running[future] = item


def _fault(future: Future[Made]) -> BaseException | None:
    if future.cancelled():
        return CancelledError()
    return future.exception()


def _outcome(future: Future[Made], job: Job) -> Made:
    error = _fault(future)
    if error is None:
        return future.result()
    if isinstance(error, CancelledError):
        raise KommunanalysError("The scheduler is gone. What was published stands; --resume does the rest.") from error
    # dask's own KilledWorker: named, not imported, since dask is an extra.
    return lost(job) if type(error).__name__ == "KilledWorker" else failed(job.begin(), error)


def lost(job: Job) -> Made:
    """A report whose worker died again and again.

    Examples
    --------
    >>> from kommunanalys.reporting.run import prepare
    >>> lost(prepare("cost_efficiency")).record["status"]
    'killed'
    """
    return failed(
        job.begin(),
        KernelKilled("The process that made this report was ended from outside, twice (out of memory?)."),
    )


class Processes:
    """Workers of this machine: new processes, never copies of this one, which may hold locks and threads.

    Parameters
    ----------
    engine
        "spawn": each notebook gets a kernel of its own. "fork": the workers are warm and fork for each notebook.
    workers
        How many.
    """

    def __init__(self, engine: str, workers: int) -> None:
        self.engine, self.workers, self.window = engine, workers, 2 * workers
        self.context, self.mark = multiprocessing.get_context("spawn"), new_mark()
        self.guardian = Guardian(self.mark, SWEEP)
        self.executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.workers, self.context, _begin, (os.getpid(), self.engine))

    def submit(self, job: Job) -> Future[Made]:
        """Hand out a job."""
        with _born_deaf(self.mark):  # workers begin when there is work for them
            return self.executor.submit(work, job)

    def renew(self) -> None:
        """Begin again with new workers after one has died."""
        self.executor.shutdown(wait=True, cancel_futures=True)
        end_marked(self.mark, SWEEP)
        self.executor = self._start()

    def close(self, *, at_once: bool) -> None:
        """End all workers, at once in the middle of their work or when they are idle."""
        try:
            if at_once:
                self._end_workers()
            self.executor.shutdown(wait=not at_once, cancel_futures=True)
            end_marked(self.mark, SWEEP)
        finally:
            self.guardian.release()

    def _end_workers(self) -> None:
        # Also those that are only beginning: while their executor stands they find what they look for. Awaited through
        # their own objects, since the executor waits for ever for one whose end somebody else was told.
        ours = list((self.executor._processes or {}).values())
        for item in ours:
            item.terminate()
        until = time.monotonic() + GRACE
        for item in ours:
            item.join(max(0.0, until - time.monotonic()))
        for item in ours:
            if item.is_alive():
                item.kill()


def _terminal_signals() -> list[signal.Signals]:
    """What a terminal sends to all processes in it: Ctrl-C, and its end unless that is ignored (`nohup`)."""
    known = [signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def _born_deaf(mark: str) -> Iterator[None]:
    """Processes begun in the block carry the mark, and hear no signal of the terminal before they are ready to."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, _terminal_signals()) if hasattr(signal, "pthread_sigmask") else None
    before = os.environ.get(SWEEP)
    os.environ[SWEEP] = mark
    try:
        yield
    finally:
        if before is None:
            del os.environ[SWEEP]
        else:
            os.environ[SWEEP] = before
        if held is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _begin(parent: int, engine: str) -> None:
    """First thing in a worker: end with the sweep, be silent, one thread for small matrices, then the imports."""
    # The sweep decides what becomes of its workers. Not SIG_IGN, which the notebooks' processes would inherit.
    for number in _terminal_signals():
        signal.signal(number, lambda *_: None)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _terminal_signals())
    _end_with(parent)
    os.environ["TQDM_DISABLE"] = "1"
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    if engine == "fork":
        from kommunanalys.reporting.engines import warm

        warm()
    signal.signal(signal.SIGTERM, _end_now)  # until here the signal itself ends it, without a word


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        die_with_parent()
        if os.getppid() != parent:  # it ended before we asked to be told
            os._exit(ENDED)
    else:
        sweep = multiprocessing.parent_process()
        if sweep is not None:
            threading.Thread(target=_wait_for, args=(sweep.sentinel,), daemon=True).start()


def _wait_for(sentinel: int) -> None:
    wait_for_end([sentinel])
    os._exit(ENDED)


def _end_now(*_: object) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(GRACE - 5)  # whatever holds us up
    raise SystemExit(ENDED)


def work(job: Job) -> Made:
    """Make a report in a worker; a worker that is told to end takes its notebook with it."""
    signal.signal(signal.SIGTERM, _end_now)  # the notebook's client takes the signal for itself and gives it back bare
    try:
        return attempt(job)
    except SystemExit:
        # Back in its loop the worker would wait for ever for a sweep that has gone.
        os._exit(ENDED)


ONE_AT_A_TIME = threading.Lock()


def work_remotely(job: Job) -> Made:
    """Make a report in a thread of a dask worker, whose other threads wait: the environment belongs to all of them."""
    with ONE_AT_A_TIME:
        return attempt(job)


class Cluster:
    """A dask cluster: one that exists, or workers of this machine that only this machine reaches.

    Parameters
    ----------
    scheduler
        Its address; None for a cluster of this machine.
    workers
        How many, where it is one of this machine.

    Raises
    ------
    UsageError
        dask is not installed, nobody answers at the address, or the workers have other versions of the libraries.
    """

    def __init__(self, scheduler: str | None, workers: int) -> None:
        self.window = sys.maxsize
        self.held = ExitStack()
        try:
            self.client = self._connect(scheduler, workers)
            self.executor = self.client.get_executor(pure=False, retries=RETRIES)
        except BaseException:
            self.held.close()
            raise

    def _connect(self, scheduler: str | None, workers: int) -> Any:
        try:
            dask, distributed = (importlib.import_module(name) for name in ("dask", "distributed"))
        except ImportError as error:
            raise UsageError(
                "The engine dask needs more libraries. In a terminal: {command}",
                command=paths.install_command("dask"),
            ) from error
        # Workers that are daemons may not start processes, and a notebook is one.
        self.held.enter_context(dask.config.set({"distributed.worker.daemon": False}))
        address: Any = scheduler
        if scheduler is None:
            address = self.held.enter_context(_local(distributed, workers))
        try:
            client = self.held.enter_context(distributed.Client(address, timeout=PATIENCE, set_as_default=False))
            client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise UsageError(
                "No dask scheduler with a worker answers at {address} ({reason}). Start them with `dask scheduler` and "
                "`dask worker ADDRESS --nthreads 1`, or leave out --scheduler for a cluster of this machine.",
                address=scheduler or "127.0.0.1",
                reason=" ".join(str(error).split()),
            ) from error
        _same_versions(client.run(versions))
        return client

    def submit(self, job: Job) -> Future[Made]:
        """Hand out a job."""
        return self.executor.submit(work_remotely, job)  # type: ignore[no-any-return]

    def renew(self) -> None:
        """Nothing: the scheduler gives the reports of a dead worker to another."""

    def close(self, *, at_once: bool) -> None:
        """Give back the cluster, or end our own."""
        self.executor.shutdown(wait=not at_once)
        self.held.close()


def _local(distributed: Any, workers: int) -> AbstractContextManager[Any]:
    cluster: AbstractContextManager[Any] = distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs="CRITICAL",
    )
    return cluster


def _same_versions(theirs: dict[str, dict[str, str]]) -> None:
    ours = versions()
    for worker, found in theirs.items():
        other = [f"{name} {found.get(name)} / {value}" for name, value in ours.items() if found.get(name) != value]
        if other:
            raise UsageError(
                "The worker {worker} has other versions than this machine, and could make other reports: {versions}. "
                "Install the same on both.",
                worker=worker,
                versions=", ".join(other),
            )


def crew(engine: str, workers: int, scheduler: str | None = None) -> Crew:
    """Workers of the kind that was asked for.

    Raises
    ------
    UsageError
        An unknown engine, fork where there is none, or a scheduler without dask.

    Examples
    --------
    >>> workers = crew("spawn", 1)
    >>> workers.close(at_once=False)
    """
    check_engine(engine, scheduler)
    return Cluster(scheduler, workers) if engine == "dask" else Processes(engine, workers)


def check_engine(engine: str, scheduler: str | None = None) -> None:
    """Refuse an engine that this machine does not have.

    Raises
    ------
    UsageError
        An unknown engine, fork where there is none, or a scheduler without dask.

    Examples
    --------
    >>> check_engine("spawn")
    """
    if engine not in ENGINES:
        raise UsageError(
            "Unknown engine {engine!r}. Choose one of {engines}.", engine=engine, engines=", ".join(ENGINES)
        )
    if engine == "fork" and not hasattr(os, "fork"):
        raise UsageError("The engine fork needs a POSIX system. Choose --engine spawn.")
    if scheduler is not None and engine != "dask":
        raise UsageError("A scheduler belongs to dask: add --engine dask.")
