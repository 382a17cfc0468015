"""The session remembers where its figures came from, also when a merge forgets."""

import pandas as pd

from kommunanalys import origin
from kommunanalys.origin import Origin, as_records, origins, record

KOLADA = Origin("RKA", "https://example.org/data", "ab" * 32, "free", "Källa: Kolada", "2026-01-01T00:00:00+00:00")


def test_record_and_survive_a_merge():
    table = record(pd.DataFrame({"a": [1]}), [KOLADA])
    assert table.attrs["origin"] == [KOLADA.id]
    merged = pd.merge(table, pd.DataFrame({"a": [1], "b": [2]}))
    assert origins() == [KOLADA]
    assert origins(table) == [KOLADA]
    assert merged is not table


def test_the_same_load_twice_is_one_origin_and_another_body_another():
    record(pd.DataFrame(), [KOLADA])
    record(pd.DataFrame(), [KOLADA])
    assert len(origins()) == 1
    assert Origin(**{**KOLADA.__dict__, "body": "x"}).id != KOLADA.id


def test_records_hold_all_fields():
    assert as_records([KOLADA])[0]["credit"] == "Källa: Kolada"
    assert as_records([KOLADA])[0]["id"] == KOLADA.id


def test_forget():
    record(pd.DataFrame(), [KOLADA])
    origin.forget()
    assert origins() == []
