"""A run that has read a register publishes releases, figures of them and its own words, and nothing else."""

import base64
import json
import os
import re

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kommunanalys import paths, secrecy
from kommunanalys.errors import KommunanalysError, ReleaseRefused
from kommunanalys.figures import Table, describe, new_axes, released
from kommunanalys.figures.show import bundle
from kommunanalys.language import Speaker
from kommunanalys.mime import DATA, RELEASE, SUBJECT
from kommunanalys.paths import data_dir
from kommunanalys.reporting.released_only import released_only
from kommunanalys.reporting.run import run
from tests.reporting.forked import worker
from tests.secrecy.people import many, register

SAY = Speaker("en")
EXAMPLES = data_dir() / "example" / "registers"


def pupils(people=60):
    support = (["no"] * 9 + ["yes"]) * (people // 10)
    return pd.DataFrame(
        {"school": ["A", "B", "C"] * (people // 3), "grade": [7, 8] * (people // 2), "support": support}
    )


@pytest.fixture
def out():
    return secrecy.release(pupils(), rows="school", columns="grade", language="en")


def book(data, code="", parameters='place: str = "X07"'):
    """An executed notebook with one output."""
    output = data if hasattr(data, "output_type") else new_output("display_data", data)
    cells = [
        new_markdown_cell("# Pupils"),
        new_code_cell(parameters, metadata={"tags": ["injected-parameters"]}),
        new_code_cell(code, outputs=[output]),
    ]
    return new_notebook(cells=cells)


def passes(out, data, **more):
    made = released_only(book(data, **more), [out.id])
    return len(made.cells[2].outputs) == 1


def refused(out, data, words="", **more):
    with pytest.raises(ReleaseRefused, match=words) as error:
        released_only(book(data, **more), [out.id])
    assert "Cell 2" in str(error.value), "the cell of given parameters is not in the author's notebook"
    return True


def changed(data, kind, old, new):
    """The same output with one text in it changed."""
    if kind == DATA:
        text = json.dumps(data[DATA])
        assert old in text
        return {**data, DATA: json.loads(text.replace(old, new, 1))}
    assert old in data[kind]
    return {**data, kind: data[kind].replace(old, new, 1)}


class TestTables:
    def test_a_release_passes_in_every_language(self, out):
        for language in ("sv", "fi", "en"):
            told = secrecy.release(pupils(), rows="school", columns="grade", language=language)
            assert told.id == out.id
            assert passes(out, bundle(told, Speaker(language)))

    def test_hidden_figures_pass_and_stay_hidden(self):
        told = secrecy.release(pupils(), rows="school", columns="support", language="en")
        assert told.told.hidden.any()
        shown = bundle(told, SAY)
        assert passes(told, shown)
        assert ".." in shown["text/html"]
        place = re.search(r"<td>\.\.</td>", shown["text/html"])[0]
        assert refused(told, changed(shown, "text/html", place, "<td>2</td>"), "are not those")

    def test_rounded_figures_pass_with_their_mark(self):
        told = secrecy.release(pupils(120), rows="school", columns="grade", series="monthly", language="en")
        shown = bundle(told, SAY)
        assert "≈ " in shown["text/html"]
        assert passes(told, shown)

    def test_several_dimensions_pass(self):
        told = secrecy.release(pupils(240), rows=["school", "grade"], columns="support", language="en")
        assert passes(told, bundle(told, SAY))

    def test_shares_and_a_choice_of_rows_pass(self, out):
        for frame in (out.percentages(), out.table.loc[["B"]], out.table[["Total"]], out.table.T):
            assert passes(out, bundle(Table(frame, "Pupils"), SAY), code='caption, school = "Pupils", "B"')

    def test_an_order_or_a_choice_that_the_run_has_worked_out_is_refused(self, out):
        named = 'caption, schools = "Pupils", ["A", "B"]'
        assert refused(out, bundle(Table(out.table.loc[["B", "A"]], "Pupils"), SAY), "are not those", code=named)
        chosen = bundle(Table(out.table.loc[["B"]], "Pupils"), SAY)
        assert refused(out, chosen, "are not those", code='caption = "Pupils"')

    def test_shares_pass_only_with_the_number_that_they_are_of(self, out):
        shares = out.percentages()
        assert passes(out, bundle(Table(shares.T, "Pupils"), SAY), code='caption = "Pupils"')
        for bare in (shares.drop(columns="Total"), shares.T.drop(index="Total")):
            assert bare.attrs["release"] == out.id
            assert refused(out, bundle(Table(bare, "Pupils"), SAY), "are not those", code='caption = "Pupils"')

    def test_headings_of_ones_own_pass_if_they_stand_in_the_notebook(self, out):
        shown = bundle(released(out, "Pupils", {"7": "Grade seven"}), SAY)
        assert refused(out, shown, "are not those", code='x = "Pupils"')
        assert passes(out, shown, code='released(out, "Pupils", {"7": "Grade seven"})')

    def test_a_table_with_the_id_and_another_figure_is_refused(self, out):
        frame = out.table.copy()
        frame.iloc[0, 0] += 1
        assert frame.attrs["release"] == out.id
        assert refused(out, bundle(Table(frame, "Pupils"), SAY), "are not those", code='"Pupils"')

    def test_figures_in_other_places_are_refused(self):
        table = pd.DataFrame({"school": ["A"] * 30 + ["B"] * 40, "grade": [7] * 10 + [8] * 20 + [7] * 15 + [8] * 25})
        told = secrecy.release(table, rows="school", columns="grade", language="en")
        turned = told.table.iloc[[1, 0, 2]].set_axis(told.table.index)
        turned.attrs = dict(told.table.attrs)
        assert refused(told, bundle(Table(turned, "Pupils"), SAY), "are not those", code='"Pupils"')

    @pytest.mark.parametrize(
        ("kind", "old", "new"),
        [
            ("text/html", "<td>30</td>", "<td>29</td>"),
            ("text/html", "<td>15</td>", "<td title='3 of them'>15</td>"),
            ("text/html", "<caption>", "<caption>Of them 3: "),
            ("text/html", "</tbody>", "<tr><th>D</th><td>1</td><td>1</td><td>2</td></tr></tbody>"),
            ("text/html", "</div>", "</div><p>Of them 3</p>"),
            ("text/html", "<tbody>", "Of them 3<tbody>"),
            ("text/html", "<thead>", "<caption>Of them 3</caption><thead>"),
            ("text/html", "</div>", "</div><table><tr><td>3</td></tr></table>"),
            ("text/html", "</div>", '</div><img src="data:image/png;base64,AA" alt="3">'),
            (DATA, "30.0", "29.0"),
            (DATA, '"Total"', '"Of them 3"'),
            (DATA, '"unit": ""', '"unit": "3 of them"'),
        ],
    )
    def test_the_page_and_the_data_are_both_looked_at(self, out, kind, old, new):
        shown = bundle(secrecy.release(pupils(90), rows="school", columns="grade", language="en"), SAY)
        name = shown[RELEASE]["id"]
        good = book(shown)
        assert released_only(good, [name])
        with pytest.raises(ReleaseRefused):
            released_only(book(changed(shown, kind, old, new)), [name])

    def test_another_paragraph_below_is_refused(self, out):
        shown = bundle(out, SAY)
        words = ("Totals that", "Of them 3. Totals that")
        other = changed(changed(shown, DATA, *words), "text/html", *words)
        assert refused(out, other, "are not those")

    def test_without_an_id_or_with_one_of_another_run_it_is_refused(self, out):
        shown = bundle(out, SAY)
        bare = {kind: value for kind, value in shown.items() if kind != RELEASE}
        assert refused(out, bare, "no release id")
        with pytest.raises(ReleaseRefused, match="has not made"):
            released_only(book(shown), [])
        assert refused(out, {**shown, RELEASE: {"id": "0" * 12}}, "has not made")

    def test_a_memory_that_was_changed_is_no_memory(self, out):
        (place,) = (paths.state_dir() / "releases").glob("*.json")
        place.write_bytes(place.read_bytes().replace(b"30.0", b"29.0"))
        with pytest.raises(KommunanalysError, match="memory of"):
            released_only(book(bundle(out, SAY)), [out.id])

    def test_a_table_of_pandas_and_a_plain_table_of_ours_are_refused(self, out):
        frame = pupils().head(30)
        assert refused(out, {"text/html": frame.to_html(), "text/plain": "x"}, "no release id")
        assert refused(out, bundle(Table(frame, "Pupils"), SAY), "no release id", code='"Pupils"')


class TestFigures:
    def figure(self, out, data=None, alternative="Bars by school."):
        ax = new_axes()
        ax.bar(["A", "B"], [1, 2])
        return bundle(
            describe(ax, caption="Pupils", alternative=alternative, data=out.table if data is None else data), SAY
        )

    def test_a_figure_of_a_release_passes(self, out):
        assert passes(out, self.figure(out), code='"Pupils", "Bars by school."')

    def test_other_data_and_worked_out_words_are_refused(self, out):
        other = out.table + 1
        other.attrs = dict(out.table.attrs)
        assert refused(out, self.figure(out, other), "are not those", code='"Pupils", "Bars by school."')
        plain = pd.DataFrame({"n": [1.0, 2.0]})
        assert refused(out, self.figure(out, plain), "no release id", code='"Pupils", "Bars by school."')
        said = self.figure(out, alternative="3 pupils in A")
        assert refused(out, said, "are not those", code='"Pupils", f"{n} pupils in A"')

    def test_a_second_picture_is_refused(self, out):
        shown = self.figure(out)
        picture = re.search(r"<img [^>]*>", shown["text/html"])[0]
        twice = changed(shown, "text/html", picture, picture + picture)
        assert refused(out, twice, "are not those", code='"Pupils", "Bars by school."')

    def test_a_bare_picture_is_refused(self, out):
        picture = base64.b64encode(b"x").decode()
        assert refused(out, {"image/png": picture}, "no release id")
        assert refused(out, {"image/png": picture, "text/plain": "A"}, "no release id", code='"A"')


class TestTexts:
    def text(self, words):
        return {"text/plain": words, "text/markdown": words}

    def test_words_of_the_notebook_pass(self, out):
        assert passes(out, self.text("Pupils."), code='ka.show("Pupils.")')
        assert passes(out, self.text("Källor"), code='say("Sources")')
        assert passes(out, self.text("X07"), code="ka.show(place)")
        assert passes(out, self.text("## Tärnsund: pupils"), code='show(say("## {place}: pupils", place=name))')
        assert passes(out, self.text("## X07!"), code='show(f"## {place}!")')

    def test_the_paragraph_and_the_summary_of_a_release_pass(self, out):
        for language in ("sv", "fi", "en"):
            assert passes(out, self.text(out.paragraph(language)))
            assert passes(out, self.text(out.summary(language)))

    def test_worked_out_words_are_refused(self, out):
        worked_out = ('show(f"{n} pupils")', 'show(say("{n} pupils", n=len(school)))', 'show(str(n) + " pupils")')
        for code in worked_out:
            assert refused(out, self.text("3 pupils"), "word for word", code=code)
        assert refused(out, {**self.text("A"), SUBJECT: {"text": "3 pupils"}}, "word for word", code='"A"')

    @pytest.mark.parametrize(("value", "words"), [("3", "3"), ("'3'", "3"), ("0.5", "0.5"), ("30", "30")])
    def test_a_parameter_that_could_be_a_count_fills_no_text(self, out, value, words):
        code = 'show(f"{n} pupils")'
        assert refused(out, self.text(f"{words} pupils"), "word for word", code=code, parameters=f"limit = {value}")
        assert passes(out, self.text("2024 pupils"), code=code, parameters="year: int = 2024")
        assert passes(out, self.text("049 pupils"), code=code, parameters='place: str = "049"')

    def test_a_result_of_a_cell_is_refused_even_where_it_is_a_parameters_value(self, out):
        result = new_output("execute_result", {"text/plain": "2024"})
        assert refused(out, result, "word for word", parameters="year: int = 2024")
        assert passes(out, new_output("execute_result", {"text/plain": "'done'"}), code='"done"')

    def test_what_is_not_printed_passes(self, out):
        assert passes(out, {"application/vnd.kommunanalys.run+json": {"origins": []}})

    def test_an_error_that_was_let_pass_is_refused(self, out):
        assert refused(out, new_output("error", ename="E", evalue="3", traceback=[]), "no release id")


class TestStatistics:
    """Released statistics: their tables, figures of them and their sentences, in any language."""

    TEMPLATE = "Of 10 listed about {x} would have left."

    @pytest.fixture
    def told(self):
        rows = [("reach", "List", "Left", 0.3, "share", 200), ("reach", "Flag", "Left", 0.2, "share", 200),
                ("reach", "Few", "Left", 0.2, "share", 7), ("model", "All", "Slope", 0.97, "score", 640)]  # fmt: skip
        frame = pd.DataFrame(rows, columns=["table", "row", "column", "value", "kind", "persons"])
        return secrecy.release_statistics(
            frame,
            source=pupils(),
            texts={"list": (self.TEMPLATE, {"x": "reach/List/Left:of 10"}), "sources": ("Sources", {})},
            captions={"reach": "Whom the list reaches"},
            language="en",
        )

    def text(self, words):
        return {"text/plain": words, "text/markdown": words}

    def test_its_tables_pass_with_captions_that_stand_in_the_notebook(self, told):
        shown = bundle(released(told, table="reach"), SAY)
        assert ">..<" in shown["text/html"]
        assert passes(told, shown, code='captions = "Whom the list reaches"')
        assert refused(told, shown, "are not those", code="x = 1")
        assert passes(told, bundle(released(told, table="model"), SAY))

    def test_other_figures_and_headings_are_refused(self, told):
        shown = bundle(released(told, table="reach"), SAY)
        code = 'captions = "Whom the list reaches"'
        for old, new in (("<td>28</td>", "<td>29</td>"), (">List<", ">List of 3<"), ("<td>..</td>", "<td>1</td>")):
            assert refused(told, changed(shown, "text/html", old, new), "are not those", code=code)
        assert refused(told, changed(shown, DATA, "28.0", "28.5"), "are not those", code=code)
        other = told.table("reach") + 1
        other.attrs = dict(told.table("reach").attrs)
        assert refused(told, bundle(Table(other, "A"), SAY), "are not those", code='"A"')

    def test_a_figure_of_one_of_its_tables_passes(self, told):
        ax = new_axes()
        ax.bar(["List"], [30])
        drawn = describe(ax, caption="Reach", alternative="Bars.", data=told.table("reach"))
        assert passes(told, bundle(drawn, SAY), code='"Reach", "Bars."')

    def test_its_sentences_pass_in_every_language(self, told):
        code = f"texts = {self.TEMPLATE!r}"
        for language in ("sv", "fi", "en"):
            for text in (told.text("list", language), told.text(language=language), told.paragraph(language)):
                assert passes(told, self.text(text), code=code)
        assert told.text("list") == "Of 10 listed about 3 would have left."
        assert refused(told, self.text("Of 10 listed about 4 would have left."), "word for word", code=code)

    def test_a_template_that_was_worked_out_is_refused(self, told):
        assert refused(told, self.text(told.text("list")), "word for word", code='f"Of 10 listed {n} would have left."')

    def test_a_template_of_the_library_needs_not_stand_in_the_notebook(self, told):
        for language in ("sv", "fi", "en"):
            assert passes(told, self.text(told.text("sources", language)))

    def test_show_puts_each_table_on_the_page(self, told, monkeypatch):
        import IPython.display

        from kommunanalys.figures import show

        shown = []
        monkeypatch.setattr(IPython.display, "display", lambda data, **_: shown.append(data))
        show(told)
        assert [one["text/plain"] for one in shown] == ["Whom the list reaches", "model"]
        assert all(one[RELEASE]["id"] == told.id for one in shown)

    def test_a_changed_memory_is_no_memory(self, told):
        (place,) = (paths.state_dir() / "releases").glob("*.json")
        place.write_bytes(place.read_bytes().replace(b"0.97", b"0.98"))
        with pytest.raises(KommunanalysError, match="memory of"):
            released_only(book(self.text("A"), code='"A"'), [told.id])


class TestPrints:
    def test_what_reading_prints_is_left_out_in_every_language(self, out, tmp_path, monkeypatch, capsys):
        for language in ("sv", "fi", "en"):
            monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", language)
            register(tmp_path, f"{language}.csv", many(30), "school", grade=[7] * 30, guardian=many(30, start=100))
        printed = capsys.readouterr().out
        assert len(printed.splitlines()) == 6
        made = released_only(book(new_output("stream", name="stdout", text=printed)), [out.id])
        assert made.cells[2].outputs == []

    def test_what_linking_prints_is_left_out(self, out, capsys):
        school = secrecy.read_register(EXAMPLES / "school.csv", domain="school", identity="personal_identity_code")
        social = secrecy.read_register(EXAMPLES / "social_services.csv", domain="social_services", identity="hetu")
        secrecy.link(school, social, permit=secrecy.Permit.read(EXAMPLES / "free_zone.toml"))
        printed = capsys.readouterr().out
        assert "Linked" in printed
        assert released_only(book(new_output("stream", name="stdout", text=printed)), []).cells[2].outputs == []

    def test_anything_else_that_is_printed_is_refused(self, out):
        assert refused(out, new_output("stream", name="stdout", text="3 pupils\n"), "prints text")

    def test_warnings_are_not_published(self, out):
        stderr = new_output("stream", name="stderr", text="school:" + "0" * 32)
        assert released_only(book(stderr), [out.id]).cells[2].outputs == []


READ = """import kommunanalys as ka
from kommunanalys import secrecy
school = secrecy.read_register(file, domain="school", identity="personal_identity_code")"""
OUT = 'out = secrecy.release(school[school["school_year"] == 2024], rows="school", columns="grade", language=language)'


class TestRuns:
    """Whole runs, as few as will do: each takes seconds."""

    @pytest.fixture
    def made(self, notebook, tmp_path):
        def go(*code, **more):
            declared = f'file: str = {str(EXAMPLES / "school.csv")!r}  # register\nlanguage: str = "en"'
            path = notebook(*code, parameters=declared)
            return run(path, language="en", output=tmp_path / "reports", **more)

        return go

    def refused(self, made, tmp_path, *code, **more):
        with pytest.raises(KommunanalysError) as error:
            made(*code, **more)
        (folder,) = (tmp_path / "reports" / "tiny").iterdir()
        assert [path.name for path in folder.iterdir()] == ["run.json"]
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        assert record["status"] == "failed"
        return str(error.value), record

    def test_a_release_is_published_everywhere_and_stands_in_the_record(self, made):
        from docx import Document
        from openpyxl import load_workbook

        from kommunanalys.reporting.check import check

        report = made(READ, OUT + "\nka.show(out)", docx=True)
        (name,) = report.record["releases"]
        page = report.page.read_text(encoding="utf-8")
        assert f"Release {name}." in page
        assert "persons:" not in page, "what reading prints is not published"
        (origin,) = report.record["origins"]
        assert origin["sha256"][:12] not in page
        if os.name == "posix":
            assert (report.folder / "executed.ipynb").stat().st_mode & 0o077 == 0
        sheet = load_workbook(report.folder / "report.xlsx")["1"]
        assert any(f"Release {name}." in str(cell.value) for row in sheet for cell in row)
        paper = Document(report.folder / "report.docx")
        assert any(f"Release {name}." in paragraph.text for paragraph in paper.paragraphs)
        assert check(report.folder) == []

    def test_rows_are_refused_in_every_form(self, made, tmp_path):
        words, record = self.refused(made, tmp_path, READ, "school.head()", docx=True)
        assert "Cell 4" in words
        assert "no release id" in record["error"]["message"]

    def test_a_register_read_by_another_process_counts(self, made, tmp_path):
        helper = tmp_path / "helper.py"
        helper.write_text(
            "import sys\nfrom kommunanalys import secrecy\n"
            'table = secrecy.read_register(sys.argv[1], domain="school", identity="personal_identity_code")\n'
            "open(sys.argv[2], 'w').write(str(len(table)))",
            encoding="utf-8",
        )
        code = (
            "import subprocess, sys\n"
            f"words = [sys.executable, {str(helper)!r}, file, {str(tmp_path / 'n.txt')!r}]\n"
            "_ = subprocess.run(words, check=True, capture_output=True)\n"
            f"print(open({str(tmp_path / 'n.txt')!r}).read())"
        )
        words, _ = self.refused(made, tmp_path, code)
        assert "prints text" in words

    def test_forgetting_and_moving_the_state_does_not_hide_a_reading(self, made, tmp_path):
        code = f'import os\nos.environ["KOMMUNANALYS_STATE"] = {str(tmp_path / "other")!r}'
        words, _ = self.refused(made, tmp_path, code, READ, "print(len(school))")
        assert "prints text" in words

    def test_forgetting_the_origins_does_not_hide_a_reading(self, made, tmp_path):
        code = "from kommunanalys import origin\norigin.forget()\nprint(len(school))"
        words, _ = self.refused(made, tmp_path, READ, code)
        assert "prints text" in words

    def test_a_cell_that_dies_shows_nothing_of_anybody(self, made, tmp_path):
        code = 'raise ValueError(school["personal_identity_code"].iloc[0])'
        words, record = self.refused(made, tmp_path, READ, code)
        assert "ValueError" in words
        assert "school:" not in json.dumps(record)
        words, _ = self.refused(made, tmp_path, READ, 'secrecy.release(school, rows="scool")')
        assert "scool" not in words, "only messages that can hold no cell of a table are told"
        words, _ = self.refused(made, tmp_path, READ, 'school.merge(school.assign(x=1)); raise Exception("seven")')
        assert "seven" not in words

    def test_what_an_earlier_run_has_left_in_the_notebook_counts_for_nothing(self, notebook, tmp_path):
        import nbformat

        path = notebook("print(3)")
        stale = nbformat.read(path, as_version=4)
        stale.metadata["kommunanalys_registers"] = {"readings": 1, "releases": ["ab"]}
        nbformat.write(stale, path)
        assert "releases" not in run(path, language="en", output=tmp_path / "reports").record

    def test_a_forked_run_is_watched_too(self, notebook):
        from kommunanalys.reporting.run import attempt, prepare

        declared = f'file: str = {str(EXAMPLES / "school.csv")!r}  # register\nlanguage: str = "en"'
        for code, status in (("ka.show(out)", "ok"), ("school.head()", "failed")):
            path = notebook(READ, OUT, code, parameters=declared)
            with worker() as process:
                made = process.call(attempt, prepare(path, language="en", engine="fork"))
            assert made.record["status"] == status, made.record.get("error")
            assert bool(made.files) == (status == "ok")

    def test_a_run_without_registers_is_as_before(self, notebook, tmp_path):
        report = run(notebook("print(3)"), language="en", output=tmp_path / "reports")
        assert "<pre>3" in report.page.read_text(encoding="utf-8")
        assert "releases" not in report.record
