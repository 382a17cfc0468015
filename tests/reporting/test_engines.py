"""Both engines say the same, whatever a notebook shows, and nothing goes from one run into the next."""

import hashlib
import os
import re
import sys
import threading
from collections.abc import Iterator

import pytest

from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker
from kommunanalys.paths import notebooks_dir
from kommunanalys.reporting.clients import in_order, refuse_threads
from kommunanalys.reporting.engines import FORK, SPAWN, available, register
from kommunanalys.reporting.limits import Limits
from kommunanalys.reporting.parameters import find_notebook, read_notebook
from tests.reporting.forked import Outcome, Worker, worker

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

VARIED = (
    "import os, subprocess, sys\nprint('one', text)\nprint('two', file=sys.stderr)\nprint('three')\nprint('åäö €')",
    # A kernel reads what other processes print in a thread of its own: in no order with what the cell prints itself,
    # and a moment later. So such cells print nothing else, and wait.
    "os.system('echo from a shell; sleep 0.3')",
    "subprocess.run([sys.executable, '-c', 'import time; print(1 + 1, flush=True); time.sleep(0.3)'])\nNone",
    "print('after')",
    "subprocess.run('echo wrong >&2; sleep 0.3', shell=True)\nNone",
    "!echo magic",
    "%precision 2\n1 / 3",
    "import pandas as pd\nframe = pd.DataFrame({'a': [1.5, None]})\ndisplay(frame)\nprint('between')\nframe.describe()",
    "from IPython.display import HTML, JSON, Markdown\ndisplay(Markdown('**b**'), JSON({'a': [1]}))\nHTML('<b>b</b>')",
    "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('stays')",
    "handle = display('first', display_id='x')\nhandle.update('second')",
    "from matplotlib import pyplot as plt\n_ = plt.plot([1, 2])",
    "fig, ax = plt.subplots()\nax.set_title('å')\nfig",
    "class Own:\n    def _repr_html_(self):\n        return '<i>own</i>'\nOwn()",
    "import pickle\npickle.loads(pickle.dumps(Own()))._repr_html_()",
    "import asyncio\nawait asyncio.sleep(0)\nsorted(Out)",
    "In[-2][:14], len(Out), __name__",
    "",
    "try:\n    input('?')\nexcept Exception as error:\n    print(type(error).__name__, error)",
)
FAILING = (
    "raise ValueError('two words')",
    "1/0",
    "def f(:\n",
    "raise SystemExit(3)",
    "class Own(Exception):\n    pass\nraise Own",
    "from kommunanalys.errors import NoData\nraise NoData('No figures for {year}.', year=1901)",
    "%no_such_magic",
)


@pytest.fixture(scope="module")
def warm() -> Iterator[Worker]:
    with worker() as one:
        yield one


def spawned(*code: str, **more: object) -> Outcome:
    from tests.reporting.forked import DECLARED, attempt

    values = more.get("values", {})
    return attempt(code, "spawn", more.get("limits", Limits()), values, more.get("declared", DECLARED))


def told(outcome: Outcome) -> list[object]:
    """The outputs without what is of the moment: addresses in memory, names of temporary files."""
    text = re.sub(r"0x[0-9a-f]+|ipykernel_\d+/\d+", "…", repr(outcome.outputs))
    return eval(text)


def test_both_engines_show_the_same(warm: Worker):
    fork, spawn = (
        warm.run(*VARIED, values={"text": "0114"}),
        spawned(*VARIED, values={"text": "0114"}),
    )
    assert not fork.error, fork.message
    for code, left, right in zip(("", "", *VARIED), told(fork), told(spawn), strict=False):
        assert left == right, code
    counts = [[cell.get("execution_count") for cell in one.executed.cells] for one in (fork, spawn)]
    assert counts[0] == counts[1]
    assert fork.executed.metadata.language_info == spawn.executed.metadata.language_info


def test_nothing_of_what_was_printed_is_lost(warm: Worker):
    text = repr(warm.run(*VARIED, values={"text": "0114"}).outputs)
    for piece in ("one 0114", "two", "from a shell", "wrong", "magic", "between", "stays", "second", "image/png"):
        assert piece in text, piece
    assert "gone" not in text


@pytest.mark.parametrize("code", FAILING)
def test_both_engines_tell_an_error_in_the_same_words(warm: Worker, code: str):
    fork, spawn = warm.run(code), spawned(code)
    assert (fork.error, fork.message) == (spawn.error, spawn.message)
    assert fork.error == "NotebookStopped"


WAITING = (
    "import asyncio\nasync def one():\n    await asyncio.sleep(0.01)\n    return 7",
    "task = asyncio.create_task(one())\n'not awaited'",
    "await asyncio.sleep(0.1)\ntask.done(), await task",
    "loop = asyncio.get_event_loop()\nlater = loop.create_future()\nloop.call_soon(later.set_result, 3)\n'set'",
    "await later, later.get_loop() is asyncio.get_running_loop()",
    "async with asyncio.timeout(5):\n    print(await asyncio.gather(one(), one()))",
    "from matplotlib import pyplot as plt\nawait asyncio.sleep(0)\n_ = plt.plot([1, 2])",
)


def test_one_loop_runs_through_all_cells_in_both_engines(warm: Worker):
    fork, spawn = warm.run(*WAITING), spawned(*WAITING)
    assert (fork.error, spawn.error) == ("", ""), fork.message
    assert told(fork) == told(spawn)
    assert "(True, 7)" in repr(fork.outputs)


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nasync def one():\n    pass\nasyncio.run(one())",
        "import asyncio\nasyncio.get_event_loop().run_until_complete(asyncio.sleep(0))",
        "import asyncio\nawait asyncio.sleep(0)\n1/0",
        (
            "import asyncio, os, signal\nloop = asyncio.get_running_loop()\n"
            "loop.call_later(0.1, os.kill, os.getpid(), signal.SIGINT)\nawait asyncio.sleep(60)"
        ),
        "await",
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_both_engines_refuse_the_same_of_asyncio(warm: Worker, code: str):
    fork, spawn = warm.run(code), spawned(code)
    assert fork.error == spawn.error == "NotebookStopped"
    assert fork.message == spawn.message


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_half_a_sign_that_is_printed_can_be_written_to_a_file(warm: Worker, stream: str):
    code = f"import sys\nprint('a\\udc80b', file=sys.{stream})"
    fork, spawn = warm.run(code), spawned(code)
    assert told(fork) == told(spawn)
    assert fork.outputs[1][0].text == "a\ufffdb\n"


def test_a_plain_plot_is_shown_by_every_one_of_twenty_children(warm: Worker):
    code = "from matplotlib import pyplot as plt\nplt.plot([1, 2])"
    kinds = [[sorted(item.get("data", {})) for cell in warm.run(code).outputs for item in cell] for _ in range(20)]
    expected = [sorted(item.get("data", {})) for cell in spawned(code).outputs for item in cell]
    assert ["image/png", "text/plain"] in expected
    assert kinds == [expected] * 20


def test_nothing_goes_from_one_run_into_the_next(warm: Worker):
    look = (
        "import os, sys, pandas as pd, matplotlib as mpl\nfrom matplotlib import pyplot as plt\n"
        "from kommunanalys import origin\n"
        "print(os.environ.get('LEFT'), os.getcwd(), pd.get_option('display.max_rows'), mpl.rcParams['font.size'],"
        " plt.get_fignums(), origin.origins(), 'leak' in globals(), hasattr(pd, 'leak'), len(In))"
    )
    leave = (
        "import os, pandas as pd, matplotlib as mpl\nos.environ['LEFT'] = 'x'\nos.chdir('/')\n"
        "pd.set_option('display.max_rows', 3)\nmpl.rcParams['font.size'] = 40\npd.leak = leak = 1\n"
        "import kommunanalys as ka\n_ = ka.read_example()\n%config InlineBackend.close_figures = False\n"
        "from matplotlib import pyplot as plt\n_ = plt.figure()"
    )
    before = warm.run(look).outputs[1][0].text
    assert "None" in before
    assert not warm.run(leave).error
    assert warm.run(look).outputs[1][0].text == before


def test_what_the_worker_itself_has_set_does_not_reach_the_notebook(warm: Worker):
    warm.call(set_options)
    seen = warm.run(
        "import pandas as pd, matplotlib as mpl\nfrom matplotlib import pyplot as plt\n"
        "print(pd.get_option('display.max_rows'), mpl.rcParams['font.size'], plt.get_fignums())"
    )
    assert seen.outputs[1][0].text.split() == ["60", "10.0", "[]"]


def set_options() -> None:
    import matplotlib as mpl
    import pandas as pd
    from matplotlib import pyplot as plt

    pd.set_option("display.max_rows", 7)
    mpl.rcParams["font.size"] = 33
    plt.figure()


def modules() -> set[str]:
    return set(sys.modules)


def test_a_warm_process_has_imported_what_a_report_needs(warm: Worker):
    cells = [cell for cell in read_notebook(find_notebook("municipality_profile")).cells if cell.cell_type == "code"]
    declared, *code = (cell.source for cell in cells)
    done = warm.run(*code, "import sys\nprint(*sys.modules)", declared=declared)
    assert not done.error, done.message
    before, after = warm.call(modules), set(done.outputs[-2][0].text.split())
    late = {name for name in after - before if name.partition(".")[0] in ("babel", "kommunanalys", "openpyxl", "scipy")}
    assert "kommunanalys.figures.show" in after
    assert late == set()


def test_every_fork_draws_its_own_random_numbers(warm: Worker):
    code = "import random, numpy as np\nprint(random.random(), np.random.random(), np.random.default_rng().random())"
    drawn = [warm.run(code).outputs[1][0].text.split() for _ in range(3)]
    assert len({number for numbers in drawn for number in numbers}) == 9


def test_open_files_are_written_when_the_notebook_ends(warm: Worker, tmp_path):
    warm.run(f"kept = open({str(tmp_path / 'a.txt')!r}, 'w')\n_ = kept.write('whole')")
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_a_process_that_the_notebook_forks_prints_once(warm: Worker):
    code = (
        "import multiprocessing\nprint('parent')\n"
        "child = multiprocessing.get_context('fork').Process(target=print, args=('child',))\nchild.start()\n"
        "child.join()"
    )
    text = "".join(item.text for item in warm.run(code).outputs[1])
    assert sorted(text.split()) == ["child", "parent"]


def test_a_process_with_threads_is_not_forked():
    stay = threading.Event()
    other = threading.Thread(target=stay.wait)
    other.start()
    try:
        with pytest.raises(UsageError, match="one thread"):
            refuse_threads()
    finally:
        stay.set()
        other.join()


def test_neighbouring_pieces_of_text_are_put_together_and_displays_keep_their_place():
    from nbformat.v4 import new_output

    def piece(name: str, text: str) -> object:
        return new_output("stream", name=name, text=text)

    shown = new_output("display_data", {"text/plain": "x"})
    done = in_order([piece("stderr", "e"), piece("stdout", "a"), shown, piece("stdout", "b"), piece("stdout", "c")])
    assert [item.get("text", "|") for item in done] == ["a", "e", "|", "bc"]


def test_engines_by_name(monkeypatch):
    assert available("fork") == "fork"
    with pytest.raises(UsageError, match="fork, spawn"):
        available("thread")
    monkeypatch.delattr(os, "fork")
    assert available("fork") == "spawn"


def test_papermill_knows_both_engines():
    from papermill.engines import papermill_engines

    register()
    register()
    assert {FORK, SPAWN} <= set(papermill_engines._engines)


def page(name: str, engine: str, state: str) -> str:
    """The rendered page of a shipped notebook on its example data, without times."""
    os.environ["KOMMUNANALYS_STATE"] = state  # a register's rows stand in an order that its key gives
    from kommunanalys.reporting.execute import execute, handed_over
    from kommunanalys.reporting.html import Facts, render
    from kommunanalys.reporting.parameters import declared, find_notebook, read_notebook, validate

    notebook = read_notebook(find_notebook(name))
    known = declared(notebook)
    values = validate(known, {"language": "sv"})
    executed = execute(notebook, values, Speaker("sv"), engine=engine)
    facts = Facts(values, known, handed_over(executed), {}, "2026-01-01T00:00")
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+", "…", render(executed, Speaker("sv", facts.country), facts))


@pytest.mark.parametrize("name", sorted(path.stem for path in notebooks_dir().glob("*.ipynb")))
def test_every_shipped_notebook_gives_the_same_page(warm: Worker, name: str):
    state = os.environ["KOMMUNANALYS_STATE"]
    fork, spawn = warm.call(page, name, "fork", state), page(name, "spawn", state)
    assert hashlib.sha256(fork.encode()).digest() == hashlib.sha256(spawn.encode()).digest()
    assert len(fork) > 10_000, sys.platform
