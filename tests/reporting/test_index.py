"""The start page: every report with its links, safe, told in three languages, narrowed by its script."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from itertools import pairwise
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.language import LANGUAGES, Speaker
from kommunanalys.reporting import index
from kommunanalys.reporting.index import build_index

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RECORD = {
    "notebook": "cost_efficiency.ipynb", "language": "sv", "started": "2026-11-22T05:30:00+00:00",
    "finished": "2026-11-22T05:31:00+00:00", "status": "ok", "id": "abc", "outputs": {"report.html": "1f"},
}  # fmt: skip


@pytest.fixture
def put(tmp_path):
    """Put a report into the output folder."""

    def put(folder="cost_efficiency/sv", files=("report.html",), heading="Vad?", **change):
        target = tmp_path / folder
        target.mkdir(parents=True, exist_ok=True)
        record = {**RECORD, "parameters": {"municipality": "0114", "year": None, "peers": 7}, **change}
        (target / "run.json").write_text(json.dumps(record), encoding="utf-8")
        for name in files if record["status"] == "ok" else ():
            (target / name).write_text(f"<h1>{heading}</h1>", encoding="utf-8")

    return put


def page(folder, language="en"):
    build_index(folder)
    return BeautifulSoup((folder / f"index.{language}.html").read_text(encoding="utf-8"), "html.parser")


def test_three_languages_and_the_choice_between_them(put, tmp_path):
    put()
    assert {path.name for path in build_index(tmp_path)} == {
        *(f"index.{language}.html" for language in LANGUAGES), "index.html", "index.json",
    }  # fmt: skip
    for language in LANGUAGES:
        found = page(tmp_path, language)
        assert found.html["lang"] == language
        assert len(found.find_all("h1")) == 1
    choice = BeautifulSoup((tmp_path / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert [link["href"] for link in choice.find_all("a")] == [f"index.{language}.html" for language in LANGUAGES]


def test_every_link_leads_to_a_file(put, tmp_path):
    put("egna/å ö %20 #1?/sv", files=("report.html", "report.xlsx", "report.docx"))
    links = [link["href"] for link in page(tmp_path).select(".report a")]
    assert len(links) == 3
    for link in links:
        assert re.fullmatch(r"[\w./%~-]+", link, re.ASCII)
        assert (tmp_path / unquote(link)).is_file()


def test_a_report_is_told_of_in_words(put, tmp_path):
    put(parameters={"municipality": "X07", "year": 2021, "source": "/home/anna/kolada", "limit": None})
    found = page(tmp_path)
    assert found.h3.text == "Tärnsund (X07), fictive"
    told = " ".join(found.select_one(".report").text.split())
    assert "2021 (Swedish)" in told
    assert "Ready, 22 November 2026 05:31 UTC" in told
    assert "source: …/kolada" in told
    assert "anna" not in found.decode()
    assert "limit" not in told


def test_titles_come_from_a_page_in_the_language_else_from_the_library(put, tmp_path):
    put(heading="Vad <em>kostar</em> &amp; ger det?")
    put("own/sv", notebook="own.ipynb", heading="Egen fråga?")
    put("bare/sv", notebook="bare.ipynb", status="failed")
    assert "Vad kostar & ger det?" in page(tmp_path, "sv").text
    assert Speaker("en")("What does the service cost, and what does it achieve?") in page(tmp_path).text
    assert "Egen fråga?" in page(tmp_path, "fi").text
    assert "bare, " in page(tmp_path).text


def test_a_failure_says_why_and_links_to_nothing(put, tmp_path):
    put(status="failed", error={"type": "NoData", "message": "No file /home/anna/kolada/x.csv"})
    report = page(tmp_path).select_one(".report")
    assert "Failed" in report.text
    assert "No file …/x.csv" in report.text
    assert report.find("a") is None


def test_nothing_planted_runs(put, tmp_path):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    put("evil/sv", parameters={"municipality": evil, "year": evil, evil: evil}, heading=evil, notebook=evil)
    put("evil/fi", status="failed", error={"message": evil}, language="fi")
    (tmp_path / "evil" / "<script>").mkdir()
    (tmp_path / "evil" / "<script>" / "run.json").write_text("{")
    for language in LANGUAGES:
        found = page(tmp_path, language)
        assert len(found.find_all("script")) == 1
        assert found.find("img") is None
        assert not [name for element in found.find_all(True) for name in element.attrs if name.startswith("on")]


def test_the_policy_lets_only_our_own_script_run(put, tmp_path):
    put()
    found = page(tmp_path)
    policy = found.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    for tag, kind in (("script", "script-src"), ("style", "style-src")):
        digest = base64.b64encode(hashlib.sha256(found.find(tag).string.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"https?://", found.decode())


def test_municipalities_stand_in_the_order_of_the_alphabet(put, tmp_path):
    for code in ("1440", "0180", "1283", "1880", "övrig", ""):
        put(f"x/{code or 'none'}", parameters={"municipality": code})
    names = [heading.text for heading in page(tmp_path, "sv").find_all("h3")]
    assert names[:5] == ["Ale (1440)", "Helsingborg (1283)", "Stockholm (0180)", "Örebro (1880)", "övrig"]
    assert names[5] == Speaker("sv")("Reports on no single municipality")


def test_broken_records_are_told_of(put, tmp_path):
    put()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "run.json").write_text("{}")
    assert "foreign/run.json" in page(tmp_path).text
    assert "foreign" not in (tmp_path / "index.json").read_text()


def test_an_empty_folder_has_a_page_too(tmp_path):
    found = page(tmp_path)
    assert "no reports" in found.text
    assert found.find("script") is None


def test_changes_stay_told_until_something_differs(put, tmp_path, monkeypatch):
    moments = [f"2026-11-{day:02}T05:00:00+00:00" for day in range(1, 31)]
    monkeypatch.setattr(index, "now", lambda: moments[0])
    put()
    assert "first index" in page(tmp_path).text
    del moments[0]
    assert "first index" in page(tmp_path).text, "nothing has changed since the first"
    put("cost_efficiency/fi", language="fi")
    del moments[0]
    told = page(tmp_path)
    assert "Compared with the index of 1 November 2026" in told.text
    assert [item.text for item in told.find_all("summary")] == ["New: 1"]
    del moments[0]
    (tmp_path / "cost_efficiency" / "fi" / "run.json").unlink()
    gone = page(tmp_path)
    assert "Compared with the index of 3 November 2026" in gone.text
    assert [item.text for item in gone.find_all("summary")] == ["Gone: 1"]
    assert "Finnish" in gone.details.text
    del moments[0]
    assert page(tmp_path).find_all("summary")[0].text == "Gone: 1"


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", "{}", '{"reports": 1, "made": 1}', '{"reports": {"a": 1}, "made": "x"}']
)
def test_a_broken_memory_is_begun_anew(broken, put, tmp_path):
    put()
    (tmp_path / "index.json").write_text(broken)
    assert "first index" in page(tmp_path).text
    assert json.loads((tmp_path / "index.json").read_text())["reports"]


def test_a_memory_of_the_same_reports_with_broken_changes_is_begun_anew(put, tmp_path):
    put()
    build_index(tmp_path)
    memory = json.loads((tmp_path / "index.json").read_text())
    for change in ({"changes": {"new": ["nowhere"]}}, {"since": "soon"}, {"gone": 7}, {"changes": None}):
        (tmp_path / "index.json").write_text(json.dumps({**memory, **change}))
        assert "first index" in page(tmp_path).text


def test_where_to_complain_is_the_publishers(put, tmp_path, monkeypatch):
    put()
    assert "KOMMUNANALYS_CONTACT" in page(tmp_path).text
    monkeypatch.setenv("KOMMUNANALYS_CONTACT", "<b>data@kommun.example</b>")
    assert page(tmp_path).select_one("main strong").text == "<b>data@kommun.example</b>"


def test_what_cannot_be_done_is_said(put, tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        build_index(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"\.\."):
        build_index(tmp_path / ".." / "x")
    (tmp_path / "index.sv.html").mkdir()
    with pytest.raises(OutputError, match=r"index\.sv\.html"):
        build_index(tmp_path)


def test_forms_and_lists_are_marked(put, tmp_path):
    put(files=("report.html", "report.xlsx"))
    found = page(tmp_path)
    for field in found.select("input, select"):
        assert found.find("label", attrs={"for": field["id"]}).text
    assert found.select_one("#count[aria-live=polite]").text == "1 of 1 reports are shown."
    assert found.form.has_attr("hidden"), "without the script the fields would do nothing"
    link = found.select_one(".files a")
    assert link["aria-label"].startswith(link.text)
    levels = [int(heading.name[1]) for heading in found.find_all(re.compile("^h[1-6]$"))]
    assert all(after - before <= 1 for before, after in pairwise(levels))


DRIVER = """<script>addEventListener("load", async () => {
  const form = document.getElementById("filter"), steps = [];
  const shown = () => [...document.querySelectorAll(".report")].filter(item => item.offsetParent).length;
  const places = () => [...document.querySelectorAll(".place")].filter(item => item.offsetParent).length;
  const set = async (name, value) => { form.elements[name].value = value;
    form.elements[name].dispatchEvent(new Event("input", {bubbles: true}));
    await new Promise(done => setTimeout(done, 300));
    steps.push([shown(), places(), document.getElementById("count").textContent]); };
  steps.push([shown(), places(), form.hidden]);
  await set("text", "STOCKHOLM swed"); await set("text", ""); await set("place", "1440"); await set("year", "-");
  await set("place", ""); await set("year", ""); await set("status", "failed"); await set("language", "fi");
  form.reset(); await new Promise(done => setTimeout(done, 300)); steps.push([shown(), places()]);
  document.title = JSON.stringify({steps, wide: document.documentElement.scrollWidth - innerWidth});
})</script></body>"""


@pytest.mark.browser
@pytest.mark.skipif(
    not CHROMIUM and os.environ.get("KOMMUNANALYS_BROWSER") != "required", reason="no Chromium on this machine"
)
def test_the_list_is_narrowed_in_a_browser(put, tmp_path):
    for code in ("0180", "1440", "1880"):
        for language in ("sv", "fi"):
            year = None if code == "1440" and language == "sv" else 2021
            status = "failed" if (code, language) == ("1880", "fi") else "ok"
            put(
                f"n/{code}_{language}",
                parameters={"municipality": code, "year": year},
                language=language,
                status=status,
            )
    build_index(tmp_path)
    text = (tmp_path / "index.en.html").read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace("</body>", DRIVER)
    (tmp_path / "driven.html").write_text(text, encoding="utf-8")
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    where = [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=500,900", "--virtual-time-budget=20000"]
    command = [CHROMIUM, *quiet, *where, "--dump-dom", (tmp_path / "driven.html").as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True).stdout
    told = json.loads(BeautifulSoup(dom, "html.parser").title.text)
    assert told["steps"] == [
        [6, 3, False],
        [1, 1, "1 of 6 reports are shown."],
        [6, 3, "6 of 6 reports are shown."],
        [2, 1, "2 of 6 reports are shown."],
        [1, 1, "1 of 6 reports are shown."],
        [1, 1, "1 of 6 reports are shown."],
        [6, 3, "6 of 6 reports are shown."],
        [1, 1, "1 of 6 reports are shown."],
        [1, 1, "1 of 6 reports are shown."],
        [6, 3],
    ]
    assert told["wide"] <= 0


def test_a_remembered_name_that_no_file_can_have_is_no_crash(put, tmp_path):
    put()
    build_index(tmp_path)
    memory = tmp_path / "index.json"
    told = json.loads(memory.read_text(encoding="utf-8"))
    [report] = told["reports"].values()
    told["reports"]["gone/sv"] = {**report, "notebook": "x" * 5000}
    memory.write_text(json.dumps(told), encoding="utf-8")
    assert "Gone" in page(tmp_path).text


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
def test_a_web_server_of_the_group_can_read_the_start_page_and_nothing_half_written_stays(put, tmp_path):
    put()
    (tmp_path / ".part-left").mkdir()
    os.utime(tmp_path / ".part-left", (0, 0))
    before = os.umask(0o027)
    try:
        pages = build_index(tmp_path)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in pages} == {0o640}
    assert not list(tmp_path.glob(".part-*"))
