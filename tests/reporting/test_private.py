"""Where a personal identity code can hide in a page or a notebook. The codes are invented (see planted.py)."""

import base64
import json

import pytest

from kommunanalys.reporting.page_rules import parse
from kommunanalys.reporting.private import in_notebook, in_page, in_record
from tests.reporting.planted import FINNISH, SWEDISH

DRAWING = base64.b64encode(f"<?xml version='1.0'?><svg><text>{FINNISH}</text></svg>".encode()).decode()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"<p>{FINNISH}</p>", "p"),
        (f"<ul><li>a <b>{FINNISH[:6]}</b>{FINNISH[6:]}</li></ul>", "li"),
        (f"<table></table><table><tr><td>{SWEDISH}</td></tr></table>", 2),
        (f"<img alt='The pupil {FINNISH}'>", "img"),
        (f"<a href='?person={SWEDISH}'>a</a>", "a"),
        (f"<title>{FINNISH}</title>", "title"),
        (f"<!-- a --><img src='data:image/svg+xml;base64,{DRAWING}' alt='a'>", "img"),
    ],
)
def test_in_a_page(text, place):
    assert [next(iter(flaw.values.values())) for flaw in in_page(parse(text))] == [place]


def test_neighbouring_cells_are_not_read_as_one():
    assert list(in_page(parse("<table><tr><td>181212</td><td>121212</td></tr></table>"))) == []


@pytest.mark.parametrize(
    "cell",
    [
        {"source": [f"person = '{FINNISH}'\n", "x"]},
        {"outputs": [{"data": {"text/plain": [FINNISH[:5], FINNISH[5:]]}}]},
        {"outputs": [{"data": {"application/json": {"rows": [[int(SWEDISH)]]}}}]},
        {"outputs": [{"data": {"application/json": {"rows": [[float(SWEDISH)]]}}}]},
        {"outputs": [{"data": {"application/json": {SWEDISH: 1}}}]},
        {"outputs": [{"traceback": [FINNISH]}]},
    ],
)
def test_in_a_notebook(cell):
    assert [flaw.values for flaw in in_notebook(json.dumps({"cells": [{}, cell]}))] == [{"number": 2}]


def test_a_picture_is_not_read_as_text():
    book = {"cells": [{"outputs": [{"data": {"image/png": SWEDISH}}]}]}
    assert list(in_notebook(json.dumps(book))) == []


def test_no_notebook():
    with pytest.raises(ValueError, match="no notebook"):
        list(in_notebook("[]"))


def test_in_a_record():
    assert len(list(in_record(json.dumps({"error": {"message": f"no pupil {FINNISH}"}})))) == 1
    assert list(in_record(json.dumps({"outputs": {"report.html": "ab" * 32}, "seconds": 1.5}))) == []
