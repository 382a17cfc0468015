"""The commands around secrecy, as a person types them."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from kommunanalys import journal, paths
from kommunanalys.cli_secrecy import secrecy
from kommunanalys.errors import CheckFailed, KommunanalysError, UsageError
from kommunanalys.secrecy.frame import local_day
from kommunanalys.secrecy.keys import key
from tests.secrecy.people import permit


def called(*words, answer=None):
    return CliRunner().invoke(secrecy, [str(word) for word in words], input=answer)


def ends(folder, name, days, begins=-10):
    today = local_day()
    where = folder / name
    where.mkdir()
    permit(where, valid_from=today + timedelta(days=begins), valid_until=today + timedelta(days=days))
    (where / "free_zone.toml").rename(folder / f"{name}.toml")
    where.rmdir()


def test_permits_tell_what_holds_and_what_ends_soon(tmp_path):
    for name, days, begins in (("near", 90, -10), ("far", 91, -10), ("over", -1, -10), ("later", 30, 2)):
        ends(tmp_path, name, days, begins)
    done = called("permits", tmp_path, "--language", "en")
    assert done.exit_code == 0, done.output
    for words in ("near.toml: holds until", "(90 days left)", "over.toml: ended on", "later.toml: begins on"):
        assert words in done.output
    assert "Ends within 90 days: near." in done.output
    assert "Early support" in done.output


def test_a_broken_permit_is_told_and_the_others_are_listed(tmp_path):
    ends(tmp_path, "far", 200)
    (tmp_path / "bad.toml").write_text("purpose = 1", encoding="utf-8")
    done = called("permits", tmp_path)
    assert isinstance(done.exception, KommunanalysError)
    assert done.exception.exit_code == 1
    assert "bad.toml: " in done.output
    assert "No permit ends within 90 days." in done.output
    assert isinstance(called("permits", tmp_path / "none").exception, UsageError)


def test_the_journal_is_shown_and_its_last_hash_can_be_noted():
    for rows in (10, 20, 30):
        line = journal.append("reading", {"domain": "school", "rows": rows, "sources": ["a"]})
    done = called("journal", "--lines", 2)
    assert done.exit_code == 0
    assert "rows=20" in done.output
    assert "rows=10" not in done.output
    assert 'sources=["a"]' in done.output
    assert f"Note the last hash elsewhere: {line['hash']}" in done.output
    assert called("journal", "--seen", line["hash"]).exit_code == 0
    assert isinstance(called("journal", "--seen", "0" * 64).exception, CheckFailed)


def test_a_changed_journal_ends_with_exit_code_4():
    for rows in (10, 20, 30):
        journal.append("reading", {"rows": rows})
    path = paths.state_dir() / "journal" / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"rows": 20', b'"rows": 21'))
    done = called("journal")
    assert "Line 2: was changed after it was written" in done.output
    assert isinstance(done.exception, CheckFailed)
    assert done.exception.exit_code == 4


def test_every_fault_of_a_journal_has_words():
    from kommunanalys.cli_secrecy import _fault
    from kommunanalys.language import Speaker

    for name in ("changed", "chain", "cut", "unread", "head", "broken", "unseen"):
        assert len(_fault(name, Speaker("en"))) > len(name)


def test_keys_are_listed_and_never_shown():
    key("school")
    key("permit.free_zone")
    done = called("keys", "--language", "en")
    assert "School: version 1" in done.output
    assert "permit.free_zone: version 1" in done.output
    assert "Keys are kept" in done.output or "key store" in done.output
    for path in (paths.state_dir() / "keys").glob("*.json"):
        secret = json.loads(path.read_bytes()).get("key", "none")
        assert secret not in done.output


def test_a_key_is_replaced_only_when_asked_for():
    before = key("school").fingerprint
    assert "Nothing was done." in called("rotate", "school", answer="n\n").output
    assert key("school").fingerprint == before
    assert "version 2" in called("rotate", "school", answer="y\n").output
    assert "version 3" in called("rotate", "school", "--yes").output
    assert key("school").fingerprint != before
    assert [line["kind"] for line in journal.read()] == ["rotation", "rotation"]


@pytest.mark.parametrize("name", ["scool", "social_services"])
def test_a_key_that_is_not_there_is_not_made(name):
    assert isinstance(called("rotate", name, "--yes").exception, UsageError)
    assert not list((paths.state_dir()).rglob("*.json"))
