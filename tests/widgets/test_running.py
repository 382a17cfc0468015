import time

from kommunanalys.language import Speaker
from kommunanalys.reporting.parameters import read_notebook
from kommunanalys.widgets.running import STOPPED, Command, Progress, cell_of, environment
from tests.reporting.browser import browser, needed
from tests.widgets.small import write

__all__ = ["browser"]  # a fixture
PAGE = '<div class="ka-form"><button>Go</button><i id="at"></i></div><button>Other</button>'
VIEW = """async source => {
  const file = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const model = { get: () => "", on() {}, off() {} };
  window.leave = (await import(file)).default.render({ model, el: document.getElementById("at") }); }"""
HUSHED = "() => [...document.querySelectorAll('button')].map(one => one.hasAttribute('data-lm-suppress-shortcuts'))"


def test_a_kernel_hands_its_environment_on_without_its_own_things(monkeypatch):
    kernel = {
        "PATH": "/bin",
        "JPY_PARENT_PID": "1",
        "KOMMUNANALYS_PARAMETER_YEAR": "1999",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "KOMMUNANALYS_STATE": "/s",
    }
    made = environment(kernel, "fi")
    assert {"PATH", "KOMMUNANALYS_STATE"} <= set(made)
    assert not {"JPY_PARENT_PID", "KOMMUNANALYS_PARAMETER_YEAR", "MPLBACKEND"} & set(made)
    assert made["KOMMUNANALYS_LANGUAGE"] == "fi"
    assert environment({"MPLBACKEND": "agg"}, "sv")["MPLBACKEND"] == "agg"


def test_a_command_that_is_wrong_ends_with_its_words():
    ends = []
    command = Command(["run", "nothing"], {}, "sv", told=lambda *_: None, ended=ends.append)
    command.wait()
    assert ends[0].code == 2
    assert "'nothing'" in ends[0].words
    assert not ends[0].words.startswith("kommunanalys")


def test_a_stopped_run_leaves_no_half_report_and_the_values_are_handed_over(tmp_path):
    notebook, output, ends, counts = write(tmp_path / "slow.ipynb"), tmp_path / "reports", [], []
    words = ["run", str(notebook), "--output", str(output), "--language", "en"]
    values = {"rest": "600", "word": "0114: a, 'b' \" # å \U0001f600\n-p x=1"}
    command = Command(words, values, "en", told=lambda done, total: counts.append((done, total)), ended=ends.append)
    given = tmp_path / command.process.args[-1]
    assert given.read_text(encoding="utf-8").count("word") == 1
    until = time.monotonic() + 180
    while not (counts and counts[-1][0] >= 3) and time.monotonic() < until:
        time.sleep(0.1)
    assert counts[-1][1] == 5  # heading, parameters, the given values, the code, the origins
    command.stop()
    command.wait()
    assert ends[0].code == STOPPED
    assert not list(output.rglob("report.html"))
    assert [path.name for path in output.rglob("*") if path.is_file()] == ["run.json"]
    assert not given.exists()
    assert '"word": "0114: a, \'b\' \\" # å' in next(output.rglob("run.json")).read_text(encoding="utf-8")


def test_the_cell_that_stopped_is_found(tmp_path):
    notebook = read_notebook(write(tmp_path / "a.ipynb", "first = 1\nsecond = 2"))
    assert cell_of(notebook, 4) == "first = 1"
    assert cell_of(notebook, 1) == ""  # a heading does not stop
    assert cell_of(notebook, 0) == cell_of(notebook, 9) == ""


def test_what_is_told_is_either_said_or_called_out():
    shown = Progress()
    shown.tell("Running", Speaker("sv"), detail="1 av 3", done=1, total=3, busy=True)
    assert (shown.text, shown.language, shown.busy, shown.alert) == ("Running", "sv", True, False)
    shown.tell("Broken", Speaker("sv"), alert=True)
    assert (shown.text, shown.detail, shown.total, shown.alert) == ("Broken", "", 0, True)


@needed[0]
@needed[1]
def test_a_letter_on_a_button_of_the_form_is_no_command_to_the_notebook(browser):
    page = browser.new_page()
    page.set_content(PAGE)
    page.evaluate(VIEW, str(Progress._esm))
    for name, key, hushed in (
        ("Other", "x", [False, False]),
        ("Go", "x", [True, False]),
        ("Go", "Control+s", [False] * 2),
    ):
        page.get_by_role("button", name=name).press(key)
        assert page.evaluate(HUSHED) == hushed
    page.evaluate("() => leave()")
    page.get_by_role("button", name="Go").press("x")
    assert page.evaluate(HUSHED) == [False, False]
    page.close()
