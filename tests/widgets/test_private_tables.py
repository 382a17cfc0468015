import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from ipywidgets.embed import embed_data

from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker
from kommunanalys.secrecy.permit import Permit
from kommunanalys.widgets.private_tables import look, permit_page, watchlist_page
from tests.reporting.browser import browser, needed

EN = Speaker("en")
SECRET = ("PERSON-1", "PERSON-2", "PERSON-3", "SCHOOL-A", "SCHOOL-B", "REASON-1")
__all__ = ["browser"]


def rows():
    return pd.DataFrame(
        {
            "rank": [1, 2, 1],
            "risk": [0.61, 0.5, 0.8],
            "firm": [0.9, 0.55, float("nan")],
            "tie": [False, True, False],
            "school": ["SCHOOL-A", "SCHOOL-A", "SCHOOL-B"],
            "reasons": [("REASON-1", "other"), (), ""],
            "grade": [7.0, 8.5, None],
        },
        index=["PERSON-1", "PERSON-2", "PERSON-3"],
    )


def found():
    table = rows()
    places = table.groupby("school").size().to_frame("units")
    return SimpleNamespace(frame=table, places=places, summary=lambda language: f"Listed: SCHOOL-A {language}")


PERMIT = Permit(
    "fz",
    "Early support",
    "Free zone act",
    ("school", "social_services"),
    {"school": ("grade", "absence")},
    "Grades 7-9",
    {"school": {"grade": ("7", "8")}},
    date(2026, 8, 1),
    date(2026, 12, 1),
    "Board § 45",
    "A. Example",
)


def asked(thing, **wish):
    shown, sent = look(thing), []
    shown.send = sent.append
    shown._handle_custom_msg({"view": "v", **wish}, [])
    return sent[-1]


def test_one_place_at_a_time_with_reasons_and_how_firm_they_are():
    first = asked(found())
    assert first["view"] == "v"
    assert first["choices"]["place"]["options"] == [["0", "SCHOOL-A"], ["1", "SCHOOL-B"]]
    table = first["tables"][0]
    assert table["rows"][0] == ["PERSON-1", "1", "61%", "REASON-1\nother", "90%", "No", "7"]
    assert table["rows"][1][3] == "No single value stands out as going with a higher risk."
    assert table["rows"][1][-2:] == ["Yes", "8.50"]
    second = asked(found(), place="1", language="sv")
    assert [row[0] for row in second["tables"][0]["rows"]] == ["PERSON-3"]
    assert second["tables"][0]["rows"][0][-3:] == ["–", "Nej", "–"] or second["language"] == "sv"
    assert second["texts"] == ["Listed: SCHOOL-A sv"]


def test_a_place_that_is_not_known_has_a_list_of_its_own_and_one_list_has_no_choice():
    table = rows()
    table.loc["PERSON-3", "school"] = None
    places = pd.DataFrame({"units": [2, 1]}, index=pd.Index(["SCHOOL-A", None], name="school", dtype=object))
    thing = SimpleNamespace(frame=table, places=places, summary=str)
    page = watchlist_page(thing, {"place": "1"}, EN)
    assert [row[0] for row in page["tables"][0]["rows"]] == ["PERSON-3"]
    one = pd.DataFrame({"units": [3]}, index=pd.Index([""], name="place"))
    whole = watchlist_page(SimpleNamespace(frame=table, places=one, summary=str), {}, EN)
    assert whole["choices"] == {}
    assert len(whole["tables"][0]["rows"]) == 3


def test_what_lowers_a_risk_is_no_reason_to_act():
    table = rows().head(1)
    lower = SimpleNamespace(direction="lowers", say=str)
    higher = SimpleNamespace(direction="raises", say=lambda say: f"higher {say.language}")
    table["reasons"] = [(lower, higher)]
    thing = SimpleNamespace(frame=table, places=found().places, summary=str)
    assert watchlist_page(thing, {}, EN)["tables"][0]["rows"][0][3] == "higher en"


@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2026, 11, 22), "9"),
        (date(2026, 12, 1), "0"),
        (date(2026, 12, 2), "None: it has ended"),
        (date(2026, 7, 1), "Not valid yet"),
    ],
)
def test_a_permit_says_how_long_and_what_it_allows(today, left):
    about, columns = permit_page(PERMIT, EN, today)["tables"]
    assert about["rows"][0] == ["Days left", left]
    assert columns["rows"] == [
        ["School", "grade and absence", "grade: 7, 8"],
        [columns["rows"][1][0], "the identity only", "–"],
    ]


def test_an_unknown_wish_is_answered_as_the_first_page():
    assert asked(found(), place="99", language="de")["choices"]["place"]["chosen"] == "0"
    assert asked(PERMIT, language=3)["language"] == "en"


def test_nothing_of_it_is_in_a_state_or_an_output():
    shown = look(found())
    shown.send = [].append
    shown._handle_custom_msg({"place": "1"}, [])
    kept = json.dumps(
        [shown.get_state(drop_defaults=False), embed_data([shown]), shown._repr_mimebundle_()], default=str
    )
    assert "Run the cell to look again" in kept
    assert not [word for word in (*SECRET, "Listed") if word in kept + repr(shown) + str(shown)]


def test_other_things_are_refused():
    with pytest.raises(UsageError, match="DataFrame"):
        look(rows())
    with pytest.raises(UsageError, match="language"):
        look(PERMIT, language="de")


@contextmanager
def lab(folder):
    """JupyterLab over a folder, told to save the state of widgets; gives its address."""
    settings = folder / ".config/lab/user-settings/@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"saveState": true}', encoding="utf-8")
    own = {f"JUPYTER_{name}_DIR": str(folder / f".{name.lower()}") for name in ("CONFIG", "DATA", "RUNTIME")}
    words = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--IdentityProvider.token=t"]
    words += [f"--ServerApp.root_dir={folder}", "--ServerApp.log_level=ERROR"]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *words],
        env={**os.environ, **own, "IPYTHONDIR": str(folder / ".ipython")},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _address(folder / ".runtime")
    finally:
        server.terminate()
        server.wait(30)


def _address(runtime):
    until = time.monotonic() + 180
    while time.monotonic() < until:
        for file in runtime.glob("jpserver-*.json"):
            address = json.loads(file.read_text(encoding="utf-8"))["url"]
            with urllib.request.urlopen(f"{address}api?token=t") as answer:
                assert answer.status == 200
            return address
        time.sleep(0.3)
    raise AssertionError("JupyterLab did not start")


class TestInJupyterLab:
    pytestmark = needed

    def test_a_notebook_that_was_saved_while_the_rows_were_seen_holds_none_of_them(self, browser, tmp_path):
        rows().to_pickle(tmp_path / "rows.pkl")
        code = (
            "import pandas as pd\nfrom types import SimpleNamespace\n"
            "from kommunanalys.widgets.private_tables import look\nrows = pd.read_pickle('rows.pkl')\n"
            "places = rows.groupby('school').size().to_frame('units')\n"
            "look(SimpleNamespace(frame=rows, places=places, summary=lambda language: ''))"
        )
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel}, cells=[nbformat.v4.new_code_cell(code)])
        nbformat.write(notebook, tmp_path / "look.ipynb")
        with lab(tmp_path) as address:
            page = browser.new_page()
            page.set_default_timeout(60_000)
            page.goto(f"{address}lab/tree/look.ipynb?token=t")
            page.locator(".jp-Notebook .cm-content").first.click()
            page.keyboard.press("Shift+Enter")
            page.get_by_text("PERSON-1").wait_for()
            page.locator(".ka-private select").nth(1).select_option("1")
            page.get_by_text("PERSON-3").wait_for()
            page.keyboard.press("Control+s")
            until = time.monotonic() + 30
            while "widget-state" not in (text := (tmp_path / "look.ipynb").read_text("utf-8")):
                assert time.monotonic() < until, "the state of the widgets was not saved"
                page.get_by_title("Save and create checkpoint").first.click()
                time.sleep(1)
            page.close()
        copies = [path.read_text("utf-8") for path in (tmp_path / ".ipynb_checkpoints").glob("*.ipynb")]
        assert "Look(" in text
        assert not [word for word in SECRET if any(word in one for one in (text, *copies))]
