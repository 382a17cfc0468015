"""Statistics that are let out: coarse figures, sentences of them and of nothing else, and a memory that knows both."""

import json

import pandas as pd
import pytest

from kommunanalys import journal, paths, secrecy
from kommunanalys.errors import KommunanalysError, ReleaseRefused, TableError, UsageError
from kommunanalys.secrecy.memory import recall, recall_statistics
from kommunanalys.secrecy.statistics import release_statistics
from kommunanalys.secrecy.statistics_released import StatisticsRelease
from tests.secrecy.people import many, register

COLUMNS = ["table", "row", "column", "value", "kind", "persons"]
SOURCE = pd.DataFrame()


def frame(*rows, **more):
    return pd.DataFrame(rows, columns=COLUMNS).assign(**more)


REACH = frame(
    ("reach", "List", "Would have left", 13 / 40, "share", 40),
    ("reach", "Whole places", "Would have left", 9 / 40, "share", 40),
    ("reach", "List", "Listed", 40, "count", 40),
    ("reach", "Whole places", "Listed", 40, "count", 40),
    ("model", "All", "Slope", 0.9731, "score", 640),
    ("model", "All", "Expected error", 0.04321, "score", 640),
    ("model", "Few", "Expected error", 0.04321, "score", 9),
)
SAY = {
    "list": ("Of 10 listed about {x} would have left.", {"x": "reach/List/Would have left:of 10"}),
    "few": ("The error is {x}.", {"x": "model/Few/Expected error"}),
    "day": (
        "The list of {day} has {n} persons ({what}).",
        {"day": "2024-06-30", "n": "reach/List/Listed", "what": "List"},
    ),
}


def let_out(statistics=REACH, texts=SAY, language="en", **more):
    return release_statistics(statistics, source=SOURCE, texts=texts, language=language, **more)


class TestFigures:
    def test_shares_and_counts_tell_in_which_six_they_lie(self):
        table = let_out().table("reach")
        # 13 lies in 13–18, told as 15; 9 in 7–12, told as 9; 40 in 37–42, told as 39.
        assert table.to_dict("list") == {"Would have left (%)": [38.0, 22.0], "Listed": [39.0, 39.0]}
        assert table.index.tolist() == ["List", "Whole places"]

    def test_scores_are_rounded_by_how_many_they_rest_on(self):
        table = let_out().table("model")
        assert table.loc["All"].tolist() == [0.97, 0.04]
        assert table.loc["Few"].isna().all()
        assert let_out(frame(("t", "a", "b", 0.9731, "score", 45)), ()).table("t").iloc[0, 0] == 1.0

    def test_means_are_rounded_to_what_four_persons_make(self):
        told = let_out(frame(("t", "a", "days", 12.34, "mean", 400), ("t", "b", "days", 12.34, "mean", 25)), ())
        assert told.table("t")["days"].tolist() == [12.4, 12.0]

    @pytest.mark.parametrize(("persons", "kind", "hidden"), [
        (9, "count", True), (10, "count", False), (19, "share", True), (20, "share", False), (9, "score", True),
        (19, "score", True), (20, "score", False),
    ])  # fmt: skip
    def test_too_few_persons_are_hidden(self, persons, kind, hidden):
        value = 12 if kind == "count" else 0.5
        told = let_out(frame(("t", "a", "b", value, kind, persons), ("t", "c", "d", 300, "count", 300)), ())
        assert (told.printed("t").iloc[0, 0] == "..") == hidden
        assert told.protocol["reason"].tolist() == ["small"] * hidden

    def test_sensitive_sources_have_twice_the_threshold(self, tmp_path):
        clients = register(tmp_path, "clients.csv", many(30), "social_services", measure=["a"] * 30)
        statistics = frame(("t", "a", "b", 15, "count", 15), ("t", "c", "b", 25, "count", 25))
        told = release_statistics(statistics, source={"clients": clients}, language="en")
        assert told.table("t")["b"].isna().tolist() == [True, False]
        assert "fewer than 20 persons" in told.paragraph()
        assert journal.read()[-1]["facts"]["domains"] == ["social_services"]

    def test_intervals_are_made_anew(self):
        told = let_out(frame(("t", "a", "b", 13 / 40, "share", 40), low=0.2, high=0.48), ())
        other = let_out(frame(("t", "a", "b", 16 / 40, "share", 40), low=0.263, high=0.554), ())
        assert told.table("t").columns.tolist() == ["b (%)", "b (%), from", "b (%), to"]
        assert told.table("t").equals(other.table("t")), "13 and 16 are told alike, and so are their intervals"
        assert told.table("t").iloc[0].tolist() == [38.0, 20.0, 61.0]

    def test_where_somebody_counts_twice_the_whole_is_of_cases(self):
        told = let_out(frame(("t", "a", "b", 0.5, "share", 60), of=[100.0]), ())
        assert told.table("t").iloc[0, 0] == 51.0  # fifty lie in 49–54

    def test_nothing_to_print_is_refused(self):
        with pytest.raises(ReleaseRefused, match="Not one of the 1"):
            let_out(frame(("t", "a", "b", 0.5, "share", 3)), ())

    @pytest.mark.parametrize(("statistics", "error", "words"), [
        (REACH.drop(columns="persons"), TableError, "persons"),
        (REACH.head(0), TableError, "one row"),
        (REACH.assign(kind="sum"), UsageError, "Unknown kind 'sum'"),
        (pd.concat([REACH, REACH]), TableError, "place of its own"),
        (REACH.assign(kind="share"), TableError, "between 0 and 1"),
        (REACH.assign(row="school:" + 32 * "0", column=list("abcdefg")), UsageError, "pseudonym"),
    ])  # fmt: skip
    def test_a_table_that_cannot_be_right_is_refused(self, statistics, error, words):
        with pytest.raises(error, match=words):
            let_out(statistics, ())

    def test_a_low_threshold_is_refused(self):
        with pytest.raises(UsageError, match="is 5"):
            let_out(threshold=2)


class TestTexts:
    def test_a_sentence_holds_printed_figures(self):
        told = let_out()
        assert told.text("list") == "Of 10 listed about 4 would have left."
        assert told.text("day") == "The list of 30 June 2024 has 39 persons (List)."

    def test_a_sentence_of_a_hidden_figure_is_left_out(self):
        told = let_out()
        assert told.text("few") == "There are too few persons to say this."
        assert told.texts == (told.text("list"), told.text("day"))
        assert told.text() == "\n\n".join(told.texts)

    @pytest.mark.parametrize(("share", "words"), [(0.0, "0–1"), (0.3, "3"), (0.25, "2–3"), (0.97, "9–10"), (0.1, "1")])
    def test_of_ten(self, share, words):
        statistics = frame(("t", "a", "b", share, "share", 12000))
        assert let_out(statistics, [("{x}", {"x": "t/a/b:of 10"})]).text(0) == words

    def test_the_ends_of_an_interval_are_rounded_outwards(self):
        statistics = frame(("t", "a", "b", 13 / 40, "share", 40), low=0.2, high=0.48)
        said = [("{low} to {high}", {"low": "t/a/b:low of 10", "high": "t/a/b:high of 10"})]
        assert let_out(statistics, said).text(0) == "2 to 7", "printed are 20 % and 61 %"

    @pytest.mark.parametrize(
        "word",
        ["3", 3, 0.5, "three of 3", "0.5", "nobody/3", "reach/Lost/Listed", None, "reach/List/Would have left:low"],
    )
    def test_a_number_or_an_unknown_figure_is_refused(self, word):
        with pytest.raises(UsageError, match="let out with it"):
            let_out(texts=[("{x} left.", {"x": word})])

    def test_fields_must_be_those_of_the_template(self):
        for text in (("{x} left.", {}), ("Left.", {"x": "List"}), ("{x:.2f}", {"x": "reach/List/Listed"})):
            with pytest.raises(UsageError, match="not those"):
                let_out(texts=[text])

    def test_an_unknown_text_or_table_names_the_known_ones(self):
        with pytest.raises(UsageError, match="list, few, day"):
            let_out().text("lists")
        with pytest.raises(UsageError, match="reach, model"):
            let_out().table("lists")


class TestMemory:
    def test_it_is_remembered_and_journalled_as_a_release(self):
        told = let_out()
        line = journal.read()[-1]
        assert (line["kind"], line["facts"]["release"], line["facts"]["hidden"]) == ("release", told.id, 1)
        again = StatisticsRelease(recall_statistics(told.id), told.id)
        assert again.table("reach").equals(told.table("reach"))
        assert again.texts == told.texts
        assert again.text("few") == told.text("few")

    def test_the_memory_holds_printed_figures_only(self):
        let_out()
        (place,) = (paths.state_dir() / "releases").glob("*.json")
        text = place.read_text(encoding="utf-8")
        assert "0.9731" not in text
        assert "0.325" not in text
        assert '"persons"' not in text

    def test_the_same_again_is_one_release(self):
        assert let_out().id == let_out().id
        assert let_out(language="sv").id != let_out().id
        assert len(list((paths.state_dir() / "releases").glob("*.json"))) == 2

    def test_tables_are_let_out_and_audited_as_before(self):
        let_out()
        people = pd.DataFrame({"school": ["A"] * 30 + ["B"] * 30, "grade": [7, 8, 9] * 20})
        out = secrecy.release(people, rows="school", columns="grade", language="en")
        assert secrecy.audit(out).well
        assert len(recall("count", frozenset())) == 1
        let_out(REACH.head(4), ())
        assert secrecy.release(people, rows="school", columns="grade", language="en").id == out.id

    def test_a_lost_release_stops_tables_until_it_is_withdrawn(self):
        told = let_out()
        for place in (paths.state_dir() / "releases").glob("*.json"):
            place.unlink()
        people = pd.DataFrame({"school": ["A"] * 30 + ["B"] * 30})
        with pytest.raises(ReleaseRefused, match=told.id):
            secrecy.release(people, rows="school", language="en")
        journal.append("withdrawn", {"release": told.id})
        assert secrecy.release(people, rows="school", language="en").id

    def test_a_changed_memory_is_no_memory(self):
        told = let_out()
        (place,) = (paths.state_dir() / "releases").glob("*.json")
        held = json.loads(place.read_text(encoding="utf-8"))
        held["figures"][0]["value"] = 0.35
        place.write_text(json.dumps(held), encoding="utf-8")
        for ask in (lambda: recall_statistics(told.id), lambda: recall("count", frozenset())):
            with pytest.raises(KommunanalysError, match="changed"):
                ask()
