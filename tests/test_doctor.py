"""The doctor finds what is wrong and says what to do."""

import pytest

from kommunanalys import doctor
from kommunanalys.language import Speaker

SAY = Speaker("en")


def told(findings, well):
    return " ".join(item.tell(SAY) for item in findings if item.well is well)


def test_a_sound_machine(tmp_path, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    findings = doctor.examine(tmp_path)
    assert told(findings, False) == ""
    assert len(findings) == 9


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("HTTPS_PROXY", "proxy:8080:oops", "http://proxy.example"),
        ("REQUESTS_CA_BUNDLE", "/absent/ca.pem", "points to a file that is not there"),
    ],
)
def test_wrong_settings(tmp_path, monkeypatch, name, value, message):
    monkeypatch.setenv(name, value)
    assert message in told(doctor.examine(tmp_path), False)


def test_a_proxy_s_password_is_not_printed(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:8080")
    assert "secret" not in told(doctor.examine(tmp_path), True)


def test_synced_and_long_folders(tmp_path):
    assert "OneDrive - Kommun" in doctor._synced(tmp_path / "OneDrive - Kommun" / "reports").tell(SAY)
    assert "260" in doctor._length(tmp_path / ("x" * 120), windows=True).tell(SAY)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    finding = doctor._writable(tmp_path / "file" / "reports")
    assert not finding.well
    assert "--output" in finding.tell(SAY)


def test_old_python(monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST", (9, 9))
    assert "too old" in doctor._python().tell(SAY)
