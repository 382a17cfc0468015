"""A secret reaches the notebook and nothing that comes out of it."""

import base64
import json
import os
from urllib.parse import quote

import pytest

from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker
from kommunanalys.reporting.execute import NotebookStopped, execute
from kommunanalys.reporting.limits import Limits
from kommunanalys.reporting.masking import MASK, Masker, references
from tests.reporting.forked import attempt, book, worker

SECRET = "Åben/sésam+\"42'&\\x <tåg>"
SAYS = (
    "import base64, json, os, sys, urllib.parse",
    "print(text); print(text, file=sys.stderr); print(json.dumps(text), repr(text))",
    "print(urllib.parse.quote(text), urllib.parse.quote_plus(text), 'a=' + urllib.parse.quote(text, safe=''))",
    "for before in ('', 'u', 'us:', 'use:'):\n    print(base64.b64encode((before + text + ':x').encode()).decode())",
    "import pandas as pd\npd.DataFrame({'a': [text]})",
    "display({'application/json': {text: [text]}, 'text/plain': 'x'}, metadata={'k': text}, raw=True)",
    "os.system('printf %s \"$HIDDEN\"')\ntext.encode()",
    "assert text == os.environ['HIDDEN'] and len(text) > 8",
)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HIDDEN", SECRET)
    return SECRET


def forms(secret: str) -> list[str]:
    """What may not be found in any text, with pieces of it long enough to be told from chance."""
    spelt = [
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret),
    ]
    pieces = [base64.b64encode(b"\0" * n + secret.encode()).decode()[4:-4] for n in range(3)]
    return [*spelt, *pieces]


@pytest.mark.parametrize("engine", ["spawn", "fork"])
def test_the_value_is_used_and_seen_nowhere(secret: str, engine: str):
    if engine == "fork" and not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    with worker() as one:
        outcome = one.run(*SAYS, engine=engine, values={"text": "env:HIDDEN"})
    assert not outcome.error, outcome.message
    said = json.dumps(outcome.executed, ensure_ascii=False) + repr(outcome.executed)
    for form in forms(secret):
        assert form not in said
        assert json.dumps(form, ensure_ascii=False)[1:-1] not in said
    assert said.count(MASK) > 10
    injected = [
        cell.source for cell in outcome.executed.cells if "injected-parameters" in cell.metadata.get("tags", [])
    ]
    assert 'text = "env:HIDDEN"' in injected[0]
    assert outcome.executed.metadata.papermill.parameters == {"text": "env:HIDDEN"}


@pytest.mark.parametrize("code", ["raise ValueError(text)", "open(text)", "{'a': 1}[text]"])
def test_errors_are_masked(secret: str, code: str):
    with pytest.raises(NotebookStopped) as stopped:
        execute(book(code), {"text": "env:HIDDEN"}, Speaker("en"))
    assert MASK in str(stopped.value)
    assert not any(form in str(stopped.value) + repr(stopped.value) for form in forms(secret))
    assert stopped.value.__cause__ is None


def test_the_value_is_on_no_command_line(secret: str):
    code = "import psutil\nprint([item.cmdline() for item in [psutil.Process(), *psutil.Process().parents()]])"
    outcome = attempt((code,), "spawn", Limits(), {"text": "env:HIDDEN"}, 'text: str = "-"')
    assert MASK not in repr(outcome.outputs)


def test_only_a_whole_reference_is_one(monkeypatch):
    monkeypatch.setenv("HIDDEN", SECRET)
    values = {"a": "env:HIDDEN", "b": "xenv:HIDDEN", "c": "env:HIDDEN ", "d": "env:1", "e": 5, "f": ["env:HIDDEN"]}
    assert references(values) == {"a": "HIDDEN"}


def test_a_missing_variable_stops_before_anything_runs(monkeypatch, tmp_path):
    monkeypatch.delenv("HIDDEN", raising=False)
    place = tmp_path / "ran"
    with pytest.raises(UsageError, match="HIDDEN"):
        execute(book(f"open({str(place)!r}, 'w')"), {"text": "env:HIDDEN"}, Speaker("en"))
    assert not place.exists()


def test_a_short_secret_is_refused(monkeypatch):
    monkeypatch.setenv("HIDDEN", "abcdefg")
    with pytest.raises(UsageError, match="fewer than 8") as refused:
        references({"text": "env:HIDDEN"})
    assert "abcdefg" not in str(refused.value)


def test_a_form_that_holds_another_leaves_no_rest():
    assert Masker(["secret-word", "secret-word-longer"]).text("a secret-word-longer b") == f"a {MASK} b"


LONG = "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v2W3x4Y5z6a7B8c9D0"


def test_what_pandas_shortens_is_masked():
    import pandas as pd

    text = repr(pd.DataFrame({"a": [LONG]}))
    assert LONG[:40] in text
    masked = Masker([LONG]).text(text)
    assert "ghp_" not in masked.lower()
    assert f"{MASK}..." in masked


@pytest.mark.parametrize("count", [8, 9, 30, 63])
@pytest.mark.parametrize("ellipsis", ["...", "…", " [...]", "'...", "\\u2026"])
def test_beginning_and_end_beside_an_ellipsis_are_masked(count: int, ellipsis: str):
    masked = Masker([LONG])
    assert masked.text(f"x {LONG[:count]}{ellipsis}") == f"x {MASK}{ellipsis}"
    mirrored = "...] " if "[" in ellipsis else "...'" if "'" in ellipsis else ellipsis
    assert masked.text(f"{mirrored}{LONG[-count:]} x") == f"{mirrored}{MASK} x"
    assert masked.text(f"x {LONG[:count]} y") == f"x {LONG[:count]} y"


def test_the_repr_of_a_long_text_is_masked_on_both_sides():
    import reprlib

    text = reprlib.repr(LONG)
    assert text.startswith("'ghp_A1b2")
    assert Masker([LONG]).text(text) == f"'{MASK}...{MASK}'"


@pytest.mark.parametrize("change", [str.upper, str.lower, str.capitalize, str.swapcase, str.title, str.casefold])
def test_capitals_make_no_difference(change):
    for secret in (LONG, "straße-ÅÄÖ-ıİ-geheim"):
        masked = Masker([secret]).text(f"a {change(secret)} İ b")
        assert masked == f"a {MASK} İ b"
    raw = change(LONG).encode()
    assert Masker([LONG]).text(LONG.encode().hex().upper()) == MASK
    if change in (str.upper, str.lower):
        assert Masker([LONG]).text(f"{base64.b64encode(raw).decode()[:-4]}...") == f"{MASK}..."


def test_a_large_text_is_masked_at_bounded_cost():
    text = ("ghp_A1b2" + "." * 2 + LONG + "\n") * 20_000
    assert Masker([LONG]).text(text).count(MASK) == 20_000


def test_structures_are_masked_inside_keys_too():
    masked = Masker(["secret-word"]).anything({"secret-word": [{"a": "x secret-word"}], "n": None})
    assert masked == {MASK: [{"a": f"x {MASK}"}], "n": None}


def test_nothing_is_masked_where_there_is_no_secret():
    assert Masker([]).text("") == ""
    assert Masker([]).text("plain") == "plain"
