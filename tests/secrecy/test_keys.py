"""Keys make pseudonyms and show themselves nowhere."""

import copy
import hmac
import json
import os
import pickle
import sys
import traceback
from types import SimpleNamespace

import pytest

from kommunanalys import journal
from kommunanalys.errors import KommunanalysError, PermitError, UsageError
from kommunanalys.paths import state_dir
from kommunanalys.secrecy.keys import Key, fingerprint, key, new_shared_key, protection, rotate, shared_key

SECRET = bytes(range(32))


@pytest.fixture(autouse=True)
def no_key_store(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.fixture
def key_store(monkeypatch, tmp_path):
    """A key store in memory in place of the operating system's, and a state that is not temporary."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    kept = {}
    backend = SimpleNamespace(
        priority=5,
        set_password=lambda service, name, text: kept.__setitem__((service, name), text),
        get_password=lambda service, name: kept.get((service, name)),
        delete_password=lambda service, name: kept.pop((service, name)),
    )
    module = SimpleNamespace(get_keyring=lambda: backend, backend=backend, kept=kept)
    monkeypatch.setitem(sys.modules, "keyring", module)
    return module


def test_pseudonyms_are_hmac_sha_256():
    people = ["FI:010594Y9032", "own:Å", ""]
    made = Key("school", SECRET).pseudonyms(people)
    assert made == ["school:" + hmac.digest(SECRET, one.encode(), "sha256").hex()[:32] for one in people]
    assert all(journal.PSEUDONYM.fullmatch(one) for one in made)


def test_the_published_test_case_of_hmac():
    # RFC 4231, test case 2: key "Jefe", filled with zero bytes, which HMAC does anyway.
    made = Key("x", b"Jefe".ljust(32, b"\0")).pseudonyms(["what do ya want for nothing?"])
    assert made == ["x:5bdcc146bf60754e6a042426089575c7"]


def test_each_domain_has_its_own_key_and_keeps_it():
    school, again, social = key("school"), key("school"), key("social_services")
    assert school.pseudonyms(["a"]) == again.pseudonyms(["a"])
    assert school.fingerprint != social.fingerprint
    assert school.pseudonyms(["a"])[0][-32:] != social.pseudonyms(["a"])[0][-32:]


def test_rotation_erases_the_old_key():
    old = key("school")
    before = old.pseudonyms(["a"])
    held = (state_dir() / "keys" / "school.json").read_bytes()
    new = rotate("school")
    assert (old.version, new.version, key("school").version) == (1, 2, 2)
    assert new.pseudonyms(["a"]) != before
    assert all(held not in file.read_bytes() for file in state_dir().rglob("*") if file.is_file())
    assert journal.read()[-1]["facts"] == {"key": "school", "version": 2}


@pytest.mark.skipif(os.name != "posix", reason="file modes protect on POSIX only")
def test_only_this_account_can_open_key_files(tmp_path):
    key("school")
    new_shared_key(tmp_path / "a.key")
    assert (state_dir() / "keys").stat().st_mode & 0o777 == 0o700
    assert (state_dir() / "keys" / "school.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600
    assert "only your account" in protection("en")


def test_a_plain_word_where_modes_do_not_protect(monkeypatch, capsys):
    key("social_services")
    assert capsys.readouterr().out == "" or os.name != "posix"
    monkeypatch.setattr(journal, "keep_private", lambda _: False)
    key("school")
    assert "does not close them to others" in capsys.readouterr().out
    assert "does not close them to others" in protection("en")


def test_a_key_shows_itself_nowhere():
    one = Key("school", SECRET)
    for text in (repr(one), str(one), f"{one}", str(vars(type(one)).get("__doc__"))):
        assert SECRET.hex() not in text
    for way in (pickle.dumps, copy.copy, copy.deepcopy, lambda it: it.__getstate__()):
        with pytest.raises(UsageError, match="neither copied nor saved"):
            way(one)
    assert one.fingerprint == fingerprint(SECRET)
    assert SECRET.hex() not in one.fingerprint


def test_the_operating_systems_key_store_is_used_where_it_is(key_store):
    made = key("school")
    (entry,) = key_store.kept
    assert entry[0] == "kommunanalys"
    assert entry[1].startswith("school.")
    secret = key_store.kept[entry]
    assert key("school").fingerprint == made.fingerprint == fingerprint(bytes.fromhex(secret))
    assert all(secret.encode() not in file.read_bytes() for file in state_dir().rglob("*") if file.is_file())
    assert "key store" in protection("en")


def test_examples_and_tests_leave_the_key_store_alone(key_store, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(state_dir().parent))
    key("school")
    rotate("school")
    assert not key_store.kept


def test_two_states_share_a_key_store(key_store, tmp_path, monkeypatch):
    first = key("school")
    mine = os.environ["KOMMUNANALYS_STATE"]
    monkeypatch.setenv("KOMMUNANALYS_STATE", str(tmp_path / "other"))
    assert key("school").fingerprint != first.fingerprint
    rotate("school")
    monkeypatch.setenv("KOMMUNANALYS_STATE", mine)
    assert key("school").fingerprint == first.fingerprint
    assert len(key_store.kept) == 2


def test_rotation_deletes_the_entry_of_the_old_key(key_store, monkeypatch, capsys):
    key("school")
    (old,) = key_store.kept
    new = rotate("school")
    assert old not in key_store.kept
    assert key("school").fingerprint == new.fingerprint
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert rotate("school").version == 3
    (entry,) = key_store.kept
    assert f"delete the entry {entry[1]}" in capsys.readouterr().out


def test_a_key_that_cannot_be_written_leaves_nothing_behind(key_store, monkeypatch):
    first = key("school")
    before = dict(key_store.kept)

    def full(*_):
        raise OSError("full")

    monkeypatch.setattr("kommunanalys.secrecy.keys._write", full)
    with pytest.raises(KommunanalysError, match=r"could not be kept \(OSError\)"):
        rotate("school")
    assert key_store.kept == before
    assert key("school").fingerprint == first.fingerprint


def test_another_key_in_the_store_is_found_out(key_store):
    key("school")
    (entry,) = key_store.kept
    for text in ("00" * 32, "00", "no key"):
        key_store.kept[entry] = text
        with pytest.raises(KommunanalysError, match="damaged"):
            key("school")


def held_by(error):
    """All that can be reached from an error: its words, its causes, and what our functions held."""
    assert error.__context__ is error.__cause__ is None
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame.locals for frame in told.stack if "tests" not in frame.filename]
    return str(error) + repr(vars(error)) + str(frames)


def spoiled(text):
    secret = json.loads(text)["key"]
    return [
        text[:-3],
        text.replace(secret, secret[:-2]),
        text.replace(secret, "zz" + secret[2:]),
        text.replace(secret, "00" + secret[2:]),
        text.replace('"version": 1', '"version": "1"'),
        text.replace("file", "vault"),
        f"[{text}]",
        "{}",
        "",
        "[" * 100_000,
    ]


@pytest.mark.parametrize("number", range(10))
def test_a_damaged_key_file_does_not_show_the_key_and_rotation_gets_out_of_it(number):
    key("school")
    file = state_dir() / "keys" / "school.json"
    text = file.read_text(encoding="utf-8")
    secret = json.loads(text)["key"]
    file.write_text(spoiled(text)[number], encoding="utf-8")
    with pytest.raises(KommunanalysError, match=r"key of school is damaged \(school.json") as caught:
        key("school")
    assert secret[4:40] not in held_by(caught.value)
    assert rotate("school").version == key("school").version == 2


def test_a_lost_version_is_told_by_the_journal():
    key("school")
    rotate("school")
    rotate("school")
    (state_dir() / "keys" / "school.json").write_text("", encoding="utf-8")
    assert rotate("school").version == 4


def test_a_state_that_is_no_folder(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("KOMMUNANALYS_STATE", str(tmp_path / "file"))
    with pytest.raises(KommunanalysError, match="folder of the keys cannot be used") as caught:
        key("school")
    held_by(caught.value)
    with pytest.raises(UsageError, match="cannot be written"):
        new_shared_key(tmp_path / "file" / "zone.key")


def test_a_held_lock_is_told(monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(journal, "WAIT", 0.01)
    with (
        FileLock(journal.private_folder("keys") / "keys.lock"),
        pytest.raises(KommunanalysError, match=r"cannot be used \(Timeout\)"),
    ):
        key("school")


@pytest.mark.skipif(os.name != "posix", reason="file modes protect on POSIX only")
def test_a_key_file_that_was_opened_to_others_is_closed_with_a_word(capsys):
    key("school")
    file = state_dir() / "keys" / "school.json"
    file.chmod(0o644)
    key("school")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "open to other accounts, and is closed again" in capsys.readouterr().out
    key("school")
    assert capsys.readouterr().out == ""


def test_a_closed_key_store_does_not_give_another_key(key_store, monkeypatch):
    key("school")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KommunanalysError, match="not open here"):
        key("school")


def test_fallback_stores_are_no_store(key_store):
    key_store.backend.priority = 0.5  # plain text
    key("school")
    assert not key_store.kept
    assert "file" in (state_dir() / "keys" / "school.json").read_text(encoding="utf-8")


def test_a_shared_key_is_found_by_its_fingerprint(tmp_path, monkeypatch):
    wanted = new_shared_key(tmp_path / "zone.key")
    with pytest.raises(PermitError, match="is not here"):
        shared_key("permit.fz", wanted)
    monkeypatch.setenv("KOMMUNANALYS_PERMIT_KEY", str(tmp_path / "zone.key"))
    assert shared_key("permit.fz", wanted).fingerprint == wanted
    with pytest.raises(PermitError, match="is not here") as caught:
        shared_key("permit.fz", "0" * 16)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    secret = (tmp_path / "zone.key").read_text(encoding="ascii")
    assert secret not in shown
    monkeypatch.delenv("KOMMUNANALYS_PERMIT_KEY")
    key("school")
    (state_dir() / "keys" / "zone.key").write_bytes((tmp_path / "zone.key").read_bytes())
    (state_dir() / "keys" / "broken.key").write_text("not a key", encoding="ascii")
    assert shared_key("permit.fz", wanted).name == "permit.fz"


def test_a_key_file_is_never_overwritten(tmp_path):
    new_shared_key(tmp_path / "zone.key")
    held = (tmp_path / "zone.key").read_bytes()
    with pytest.raises(UsageError, match=r"zone.key is there already"):
        new_shared_key(tmp_path / "zone.key")
    assert (tmp_path / "zone.key").read_bytes() == held
    assert len(bytes.fromhex(held.decode())) == 32


@pytest.mark.parametrize("name", ["", "../school", "School", "a b", "x" * 80])
def test_names_of_keys_are_plain(name):
    with pytest.raises(UsageError, match="no name of a key"):
        key(name)


def test_a_key_has_32_bytes():
    with pytest.raises(UsageError, match="32 bytes"):
        Key("school", b"short")
