"""E-mail about how runs went: counts and times only, no values, municipalities, paths or messages of errors.

Settings come from the environment, since a password never belongs on a command line: `KOMMUNANALYS_SMTP` (host:port),
`KOMMUNANALYS_SMTP_USER`, `KOMMUNANALYS_SMTP_PASSWORD`, `KOMMUNANALYS_SMTP_FROM`. The connection is encrypted and the
server's certificate verified; only a server on this very machine may be spoken to in plain text.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.language import Speaker
from kommunanalys.reporting.outcome import status_words

SERVER, USER, PASSWORD, FROM = (f"KOMMUNANALYS_SMTP{part}" for part in ("", "_USER", "_PASSWORD", "_FROM"))
LOCAL = ("localhost", "127.0.0.1", "::1")
SUBMISSION, IMPLICIT = 587, 465
PATIENCE = 30.0
"""Longest silence of the mail server [s]."""

ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")


@dataclass(frozen=True)
class Outcome:
    """How a run or a sweep went, with nothing in it that may not be mailed.

    Parameters
    ----------
    notebook
        Name without ending.
    counts
        Reports by status: "ok", "failed", "timeout", "killed", "skipped".
    started, finished
        When [ISO 8601, UTC].

    Examples
    --------
    >>> Outcome("cost_efficiency", {"ok": 289, "failed": 1}, "2026-11-22T05:30", "2026-11-22T05:41").well
    False
    """

    notebook: str
    counts: Mapping[str, int]
    started: str
    finished: str

    @property
    def well(self) -> bool:
        """Whether nothing failed, took too long, was ended or left out."""
        return not any(count for status, count in self.counts.items() if status != "ok")


def notify(outcome: Outcome, *, to: str = "", failures_to: str = "", say: Speaker) -> list[str]:
    """Mail how it went: one message to `to`, and one to `failures_to` where something failed.

    Parameters
    ----------
    outcome
        Counts and times.
    to
        Address that is told of every run that made a report; "" for nobody.
    failures_to
        Address that is told where something failed; "" for `to`.
    say
        Speaker of the reader's language.

    Returns
    -------
    list of str
        Addresses that the server has taken a message for.

    Raises
    ------
    UsageError
        An address or a setting is wrong or absent.
    OutputError
        The server could not be reached or refused; the runs themselves are what they were.

    Examples
    --------
    >>> notify(Outcome("a", {"ok": 1}, "", ""), say=Speaker("en"))
    []
    """
    wanted = _recipients(outcome, to, failures_to)
    if not wanted:
        return []
    sender = _address(os.environ.get(FROM, ""), FROM)
    messages = [_message(sender, address, outcome, say) for address in wanted]
    host, port = _server()
    try:
        with _connected(host, port) as server:
            _log_in(server)
            for message in messages:
                server.send_message(message)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        # Not the server's own words: they may repeat addresses, and end up in logs.
        raise OutputError(
            "The e-mail about the run could not be sent through {host}:{port} ({reason}). The reports are not touched; "
            "see their run.json.",
            host=host,
            port=port,
            reason=type(error).__name__,
        ) from error
    return wanted


def check_notify(to: str = "", failures_to: str = "") -> None:
    """Refuse wrong addresses and settings before hours of work rather than after.

    Raises
    ------
    UsageError
        What is wrong or absent.

    Examples
    --------
    >>> check_notify()
    """
    wanted = [_address(text, option) for text, option in ((to, "--notify"), (failures_to, "--notify-failures")) if text]
    if wanted:
        _address(os.environ.get(FROM, ""), FROM)
        _server()


def _recipients(outcome: Outcome, to: str, failures_to: str) -> list[str]:
    told = [_address(to, "--notify")] if to and (outcome.well or outcome.counts.get("ok") or not failures_to) else []
    if failures_to and not outcome.well:
        told.append(_address(failures_to, "--notify-failures"))
    return list(dict.fromkeys(told))


def _address(text: str, option: str) -> str:
    # One plain address: a line break would begin a header of somebody else's choice, a comma another recipient.
    if not ADDRESS.fullmatch(text):
        raise UsageError(
            "{option}: {text!r} is no e-mail address. Give one, such as name@example.org.", option=option, text=text
        )
    return text


def _server() -> tuple[str, int]:
    text = os.environ.get(SERVER, "")
    found = re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?", text)
    if not found or int(found[2] or 0) > 65535:
        raise UsageError("{name} is {text!r}. Set it to the mail server as host:port.", name=SERVER, text=text)
    return found[1].strip("[]"), int(found[2] or SUBMISSION)


def _connected(host: str, port: int) -> smtplib.SMTP:
    """An encrypted connection; plain text only to this very machine."""
    context = ssl.create_default_context()
    if port == IMPLICIT:
        return smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=context)
    server = smtplib.SMTP(host, port, timeout=PATIENCE)
    try:
        server.ehlo()
        if host not in LOCAL:
            # Without an offer this raises: a password or a message never goes out in the open.
            server.starttls(context=context)
            server.ehlo()
    except BaseException:
        server.close()
        raise
    return server


def _log_in(server: smtplib.SMTP) -> None:
    user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
    if user:
        server.login(user, password)


def _message(sender: str, address: str, outcome: Outcome, say: Speaker) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = sender, address
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    # A name that somebody gave a file goes into a header: one line of plain signs.
    notebook = re.sub(r"[^\w .-]", " ", outcome.notebook)[:80]
    if outcome.well:
        message["Subject"] = say("Reports made: {notebook}", notebook=notebook)
    else:
        message["Subject"] = say("Reports that failed: {notebook}", notebook=notebook)
    message.set_content(_body(outcome, notebook, say), cte="quoted-printable")
    return message


def _body(outcome: Outcome, notebook: str, say: Speaker) -> str:
    words = status_words(say)
    lines = [
        say("Notebook: {notebook}", notebook=notebook),
        say("Started: {moment}", moment=_moment(outcome.started, say)),
        say("Ended: {moment}", moment=_moment(outcome.finished, say)),
        "",
        *(f"{words[status]}: {outcome.counts[status]}" for status in words if outcome.counts.get(status)),
        "",
        say("The start page of the reports tells which, and why."),
    ]
    return "\n".join(lines) + "\n"


def _moment(text: str, say: Speaker) -> str:
    return f"{say.date(text)} {text[11:16]} UTC"
