"""E-mail through a small server of the test's own: who is told what, and what never leaves."""

import email
import email.policy
import shutil
import socketserver
import ssl
import subprocess
import threading

import pytest

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.language import LANGUAGES, Speaker
from kommunanalys.reporting import notify as module
from kommunanalys.reporting.notify import Outcome, check_notify, notify

TIMES = ("2026-11-22T05:30:00+00:00", "2026-11-22T05:41:00+00:00")
WELL, MIXED = (
    Outcome("cost_efficiency", {"ok": 290}, *TIMES),
    Outcome("cost_efficiency", {"ok": 288, "timeout": 2}, *TIMES),
)
BAD = Outcome("cost_efficiency", {"failed": 3, "killed": 1}, *TIMES)
EN = Speaker("en")


class Server(socketserver.ThreadingTCPServer):
    """Speaks just enough SMTP; keeps each command and message."""

    allow_reuse_address = daemon_threads = True

    def __init__(
        self, *, offers=("STARTTLS", "AUTH PLAIN LOGIN"), certificate=None, password="", silent=False, refuse=""
    ):
        super().__init__(("127.0.0.1", 0), Handler)
        self.offers, self.certificate, self.password, self.silent, self.refuse = (
            offers,
            certificate,
            password,
            silent,
            refuse,
        )
        self.said, self.mails, self.over = [], [], threading.Event()


class Handler(socketserver.StreamRequestHandler):
    def answer(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self):
        if self.server.silent:
            self.server.over.wait(20)
            return
        try:
            self.answer("220 here")
            while line := self.rfile.readline():
                self.server.said.append(text := line.decode().strip())
                if self.command(text) is False:
                    return
        except (OSError, ValueError):
            return
        finally:
            self.request.close()

    def command(self, text):
        word = text.split()[0].upper()
        if word == "EHLO":
            lines = ["hello", *self.server.offers]
            for offer in lines[:-1]:
                self.answer(f"250-{offer}")
            self.answer(f"250 {lines[-1]}")
        elif word == "STARTTLS":
            self.answer("220 go")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.server.certificate)
            self.request = context.wrap_socket(self.request, server_side=True)
            self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        elif word == "AUTH":
            self.answer("235 in" if self.server.password and self.server.password in text else "535 no")
        elif word == "DATA":
            self.answer("354 go on")
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            self.server.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
            self.answer("250 taken")
        elif word == "QUIT":
            self.answer("221 bye")
            return False
        else:
            self.answer("550 no such person" if word == self.server.refuse else "250 fine")
        return True


@pytest.fixture
def server(monkeypatch):
    """Start a server of some kind; it is gone at the end, whatever happens."""
    running = []

    def start(**kind):
        made = Server(**kind)
        running.append(made)
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        monkeypatch.setenv("KOMMUNANALYS_SMTP", f"127.0.0.1:{made.server_address[1]}")
        monkeypatch.setenv("KOMMUNANALYS_SMTP_FROM", "reports@kommun.example")
        return made

    yield start
    for made in running:
        made.over.set()
        made.shutdown()
        made.server_close()


@pytest.fixture
def elsewhere(monkeypatch):
    """The test's server counts as one on another machine."""
    monkeypatch.setattr(module, "LOCAL", ())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not on this machine")
    folder = tmp_path_factory.mktemp("certificate")
    place = [str(folder / "key.pem"), str(folder / "cert.pem")]
    made = ["-keyout", place[0], "-out", place[1], "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    subprocess.run([*command, *made], capture_output=True, check=True)
    return place[1], place[0]


@pytest.mark.parametrize(
    ("outcome", "failures_to", "told"),
    [
        (WELL, "bad@x.example", ["all@x.example"]),
        (MIXED, "bad@x.example", ["all@x.example", "bad@x.example"]),
        (BAD, "bad@x.example", ["bad@x.example"]),
        (BAD, "", ["all@x.example"]),
        (MIXED, "all@x.example", ["all@x.example"]),
    ],
)
def test_who_is_told(outcome, failures_to, told, server):
    made = server()
    assert notify(outcome, to="all@x.example", failures_to=failures_to, say=EN) == told
    assert [mail["To"] for mail in made.mails] == told


def test_failures_alone(server):
    made = server()
    assert notify(WELL, failures_to="bad@x.example", say=EN) == []
    assert made.said == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_message_is_whole_and_tells_only_counts(language, server):
    made = server()
    notify(MIXED, to="all@x.example", say=Speaker(language))
    [mail] = made.mails
    text = mail.get_content()
    assert mail.get_content_type() == "text/plain"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "cost_efficiency" in mail["Subject"]
    assert "288" in text
    assert "05:30 UTC" in text
    assert Speaker(language).date("2026-11-22") in text
    assert not any(word in text for word in ("/", "\\", "0180", "http"))


def test_a_hostile_name_of_a_notebook_makes_no_header(server):
    made = server()
    name = "a\r\nBcc: evil@x.example\r\n\r\nb" + "c" * 200
    notify(Outcome(name, {"ok": 1}, *TIMES), to="all@x.example", say=EN)
    [mail] = made.mails
    assert mail["Bcc"] is None
    assert len(mail["Subject"]) < 120
    assert [line for line in made.said if line.upper().startswith("RCPT")] == ["rcpt TO:<all@x.example>"]


@pytest.mark.parametrize(
    "address",
    [
        "x",
        "a@b@c",
        "a@b.example\nBcc: c@d.example",
        "a@b.example\r",
        "a@b, c@d",
        "<a@b>",
        "a b@c",
        '"a"@b',
        "å@b.example",
        "a@b\x7f",
    ],
)
def test_addresses_that_are_more_than_one_are_refused(address, server, monkeypatch):
    made = server()
    for wrong in ({"to": address}, {"failures_to": address}):
        with pytest.raises(UsageError, match="no e-mail address"):
            notify(BAD, say=EN, **wrong)
        with pytest.raises(UsageError, match="no e-mail address"):
            check_notify(**wrong)
    monkeypatch.setenv("KOMMUNANALYS_SMTP_FROM", address)
    with pytest.raises(UsageError, match="KOMMUNANALYS_SMTP_FROM"):
        notify(BAD, to="all@x.example", say=EN)
    assert made.said == []


@pytest.mark.parametrize(
    "text", ["", "mail server", "host:port", "host:99999", "user@host:25", "host:25\n", "http://host"]
)
def test_a_wrong_server_is_refused_before_the_work(text, server, monkeypatch):
    server()
    monkeypatch.setenv("KOMMUNANALYS_SMTP", text)
    with pytest.raises(UsageError, match="host:port"):
        check_notify("all@x.example")


def test_without_encryption_nothing_goes_elsewhere(server, elsewhere, monkeypatch):
    made = server(offers=("AUTH PLAIN LOGIN",), password="x")
    monkeypatch.setenv("KOMMUNANALYS_SMTP_USER", "reports")
    monkeypatch.setenv("KOMMUNANALYS_SMTP_PASSWORD", "tulipan")
    with pytest.raises(OutputError, match="SMTPNotSupportedError"):
        notify(WELL, to="all@x.example", say=EN)
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in made.said)


def test_a_certificate_that_nobody_vouches_for_is_refused(server, elsewhere, certificate):
    made = server(certificate=certificate)
    with pytest.raises(OutputError, match="SSLCertVerificationError"):
        notify(WELL, to="all@x.example", say=EN)
    assert made.mails == []


def test_with_a_good_certificate_it_is_encrypted(server, elsewhere, certificate, monkeypatch):
    trusting = ssl.create_default_context(cafile=certificate[0])
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    made = server(certificate=certificate)
    notify(WELL, to="all@x.example", say=EN)
    assert [line.split()[0].upper() for line in made.said][:3] == ["EHLO", "STARTTLS", "EHLO"]
    assert len(made.mails) == 1


@pytest.mark.parametrize("password", ["wrong", "lösen"])
def test_a_refused_password_is_told_without_it(password, server, monkeypatch):
    made = server(password="right")
    monkeypatch.setenv("KOMMUNANALYS_SMTP_USER", "reports")
    monkeypatch.setenv("KOMMUNANALYS_SMTP_PASSWORD", password)
    with pytest.raises(OutputError, match="could not be sent") as caught:
        notify(WELL, to="all@x.example", say=EN)
    assert password not in str(caught.value)
    assert made.mails == []


def test_a_refused_recipient_is_told(server):
    server(refuse="RCPT")
    with pytest.raises(OutputError, match="SMTPRecipientsRefused") as caught:
        notify(WELL, to="all@x.example", say=EN)
    assert "all@x" not in str(caught.value)


def test_a_silent_server_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    server(silent=True)
    with pytest.raises(OutputError, match=r"SMTPServerDisconnected|TimeoutError"):
        notify(WELL, to="all@x.example", say=EN)


def test_no_server_there(server, monkeypatch):
    made = server()
    port = made.server_address[1]
    made.shutdown()
    made.server_close()
    monkeypatch.setenv("KOMMUNANALYS_SMTP", f"127.0.0.1:{port}")
    with pytest.raises(OutputError, match="ConnectionRefusedError"):
        notify(WELL, to="all@x.example", say=EN)


def test_a_sweep_that_was_stopped_is_not_well():
    assert not Outcome("cost_efficiency", {"ok": 1, "skipped": 3}, *TIMES).well
