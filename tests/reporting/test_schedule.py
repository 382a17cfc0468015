"""Jobs for systemd, cron and Windows: every word arrives as it was given, and each says how it is installed."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import hypothesis.strategies as st
import pytest
from hypothesis import assume, example, given, settings

from kommunanalys.errors import UsageError
from kommunanalys.language import LANGUAGES, Speaker
from kommunanalys.reporting.schedule import EMIT, EVERY, HIDDEN, quote_systemd, schedule

HOME, ROOT = HIDDEN[:2]
"""Where a hardened job sees nothing: the homes of people and of root."""

COMMAND = ["sweep", "cost_efficiency", "--over", "municipality=all", "-p", "key=env:API_KEY"]
WORDS = st.lists(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufffe\uffff"), max_size=20),
    min_size=1,
    max_size=5,
)
HARD = [
    "åäö ÅÄÖ",
    'a "b" c',
    "it's",
    "50 %",
    "%h %%",
    "$HOME $$ ${X}",
    "\\",
    "a\\",
    '\\"',
    ";",
    "",
    "a & b | c > d",
    "# x",
    "`id`",
]
NAMESPACE = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


def line(text, start):
    return next(item for item in text.splitlines() if item.startswith(start))


def read_systemd(written):
    """Words of `ExecStart=`, by systemd's rules for text in double quotes."""
    words = []
    for quoted in re.findall(r'"((?:[^"\\]|\\.)*)"', written):
        word = re.sub(r"\\(.)", r"\1", quoted)
        assert not re.search(r"(?<!%)(?:%%)*%(?!%)", word.replace("%%", "")), "a specifier would be expanded"
        words.append(word.replace("%%", "%").replace("$$", "$"))
    return words


def read_shell(script):
    """What /bin/sh hands over to a program."""
    show = "import sys, os; sys.stdout.buffer.write(bytes(1).join(map(os.fsencode, sys.argv[1:])))"
    script = f'set -- {script}; {shlex.join([sys.executable, "-c", show])} "$@"'
    ran = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    return ran.stdout.decode("utf-8").split("\0")


def read_windows(text):
    """CommandLineToArgvW: what a program on Windows finds in its arguments."""
    words, word, quoted, begun, place = [], "", False, False, 0
    while place < len(text):
        strokes = len(text[place:]) - len(text[place:].lstrip("\\"))
        place += strokes
        sign = text[place : place + 1]
        if sign == '"':
            word, begun = word + "\\" * (strokes // 2), True
            if strokes % 2:
                word += '"'
            else:
                quoted = not quoted
            place += 1
            continue
        word += "\\" * strokes
        if sign in (" ", "\t", "") and not quoted:
            if word or begun:
                words.append(word)
            word, begun = "", False
        else:
            word, begun = word + sign, True
        place += 1
    return [*words, word] if word or begun else words


@settings(max_examples=60)
@given(WORDS)
@example(HARD)
def test_systemd_hands_every_word_over(words):
    text = schedule(words, every="day", emit="systemd")
    assert read_systemd(line(text, "ExecStart=").partition("=")[2])[3:] == words


@settings(max_examples=25)
@given(WORDS, st.sampled_from(EVERY))
@example(HARD, "day")
@example(HARD, "hour")
def test_cron_hands_every_word_over(words, every):
    text = schedule(words, every=every, emit="cron")
    found = next(item for item in text.splitlines() if " -m kommunanalys " in item and not item.startswith("#"))
    if every == "hour":
        # cron itself ends the command at the first bare % and takes the stroke from the others.
        assert not re.search(r"(?<!\\)%", found)
        found = found.replace("\\%", "%")
    command = re.search(r"-m kommunanalys (.*); \} >>", found)[1]
    assert read_shell(command) == words


@settings(max_examples=60)
@given(WORDS)
@example([word for word in HARD if "%h" not in word])
def test_windows_hands_every_word_over(words):
    assume(not re.search(r"%.*%|\$\(", " ".join(words)))
    text = schedule(words, every="day", emit="windows")
    assert text.isascii()
    arguments = ElementTree.fromstring(text).findtext(".//t:Arguments", namespaces=NAMESPACE)
    assert read_windows(arguments)[2:] == words


@pytest.mark.parametrize("word", ["%TEMP%", "a %x% b", "$(Arg0)"])
def test_what_the_task_scheduler_would_replace_is_refused(word):
    with pytest.raises(UsageError, match="something else"):
        schedule(["run", word], every="day", emit="windows")


@pytest.mark.parametrize("emit", EMIT)
@pytest.mark.parametrize("sign", ["\n", "\r", "\0", "\x1b", "\u2028", "\x85", "\uffff", "\ud800"])
def test_line_breaks_and_control_signs_are_refused(emit, sign):
    with pytest.raises(UsageError, match="one line"):
        schedule(["run", f"a{sign}ExecStartPre=/bin/x"], every="day", emit=emit)


@pytest.mark.parametrize(
    "wrong", [{"every": "minute"}, {"emit": "launchd"}, {"at": "24:00"}, {"at": "5:30"}, {"at": "05:30\n"},
              {"name": "a b"}, {"name": "../x"}, {"name": ""}, {"name": "a\n"}],
)  # fmt: skip
def test_wrong_choices_are_refused(wrong):
    with pytest.raises(UsageError):
        schedule(["run", "x"], **{"every": "day", **wrong})


@pytest.mark.parametrize("emit", EMIT)
@pytest.mark.parametrize("language", LANGUAGES)
def test_secrets_go_through_as_references_and_their_place_is_told(emit, language, monkeypatch):
    monkeypatch.setenv("API_KEY", "tulipan")
    text = schedule(COMMAND, every="day", emit=emit, say=Speaker(language))
    assert "key=env:API_KEY" in text
    assert "(API_KEY)" in text
    assert "tulipan" not in text
    assert ("0600" in text) == (emit != "windows")


@pytest.mark.parametrize(("every", "when"), [
    ("hour", "*-*-* *:30:00"), ("day", "*-*-* 05:30:00"), ("week", "Mon *-*-* 05:30:00"), ("month", "*-*-01 05:30:00"),
])  # fmt: skip
def test_systemd_says_when(every, when):
    text = schedule(COMMAND, every=every)
    assert line(text, "OnCalendar=") == f"OnCalendar={when}"
    assert "Persistent=true" in text
    if shutil.which("systemd-analyze"):
        subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, check=True)


@pytest.mark.parametrize(
    ("every", "first", "cron"),
    [("hour", "", "30 * * * * "), ("day", "1 0 ", "30 5-23 * * * "), ("week", "7 0 ", "30 5-23 * * * "),
     ("month", "@monthly 0 ", "30 5-23 * * * ")],
)  # fmt: skip
def test_cron_says_when(every, first, cron):
    text = schedule(COMMAND, every=every, emit="cron", name="job")
    lines = [item for item in text.splitlines() if not item.startswith("#")]
    assert any(item.startswith(cron) for item in lines)
    assert not first or any(item.startswith(f"{first}job ") for item in lines)
    assert 'MAILTO=""' in lines


@pytest.mark.parametrize(("every", "element"), [
    ("hour", "ScheduleByDay"), ("day", "ScheduleByDay"), ("week", "ScheduleByWeek"), ("month", "ScheduleByMonth"),
])  # fmt: skip
def test_windows_says_when_and_stores_no_password(every, element):
    task = ElementTree.fromstring(schedule(COMMAND, every=every, emit="windows"))
    assert task.find(f".//t:{element}", NAMESPACE) is not None
    assert (task.find(".//t:Repetition", NAMESPACE) is not None) == (every == "hour")
    told = {
        name: task.findtext(f".//t:{name}", namespaces=NAMESPACE)
        for name in ("LogonType", "RunLevel", "StartWhenAvailable")
    }
    assert told == {"LogonType": "S4U", "RunLevel": "LeastPrivilege", "StartWhenAvailable": "true"}


def test_what_the_job_cannot_see_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", f"{HOME}/venv/bin/python")
    assert f"CAUTION: the job cannot see {HOME}/venv/bin/python" in schedule(["run", "x"], every="day")
    monkeypatch.setattr(sys, "executable", "/opt/kommunanalys/bin/python")
    monkeypatch.chdir("/")
    assert "CAUTION" not in schedule(["run", "x"], every="day", output=Path("/srv/reports"))


@pytest.fixture
def units(tmp_path, monkeypatch):
    """The two units as files, with a program and folders that are there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not on this machine")
    monkeypatch.setattr(sys, "executable", "/bin/true")
    text = schedule([*COMMAND, *HARD], every="week", name="job", output=tmp_path / "å b %")
    parts = re.split(r"^# /etc/systemd/system/(job\.\w+)\n", text, flags=re.MULTILINE)
    for name, part in zip(parts[1::2], parts[2::2], strict=True):
        (tmp_path / name).write_text(part, encoding="utf-8")
    return tmp_path


def test_systemd_accepts_the_units(units):
    command = ["systemd-analyze", "verify", "--man=no", str(units / "job.service"), str(units / "job.timer")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [item for item in ran.stderr.splitlines() if "job." in item]
    assert ours == []


def test_systemd_finds_the_service_well_shut(units):
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(units / "job.service")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    score = re.search(r"exposure level for job\.service: ([\d.]+)", ran.stdout)
    assert score, ran.stderr
    assert float(score[1]) <= 2.0


@pytest.mark.skipif(
    not shutil.which("anacron"), reason="anacron is not on this machine (Debian: apt-get install anacron)"
)
def test_anacron_accepts_the_table(tmp_path):
    text = schedule([*COMMAND, *HARD], every="month", emit="cron", name="job")
    table = tmp_path / "anacrontab"
    table.write_text(text.split("\n\n")[0], encoding="utf-8")
    ran = subprocess.run(
        ["anacron", "-T", "-t", str(table), "-S", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_quoting_by_hand():
    assert quote_systemd("a b") == '"a b"'
    assert quote_systemd('"\\%$') == '"\\"\\\\%%$$"'


@pytest.mark.parametrize("emit", EMIT)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("option", ["--notify=a@example.org", "--notify-failures=a@example.org"])
def test_mail_needs_the_settings_of_the_mail_server(emit, language, option):
    text = schedule(["run", "x", option], every="day", emit=emit, say=Speaker(language))
    for name in ("", "_FROM", "_USER", "_PASSWORD"):
        assert f"KOMMUNANALYS_SMTP{name}" in text
    assert "SMTP" not in schedule(["run", "x"], every="day", emit=emit, say=Speaker(language))


@pytest.mark.parametrize("emit", EMIT)
def test_secrets_of_a_file_of_parameters_are_told(emit):
    text = schedule(COMMAND, every="day", emit=emit, secrets=["OTHER_KEY", "API_KEY"])
    assert "(API_KEY, OTHER_KEY)" in text


def cron_job(words, tmp_path, monkeypatch):
    """The line that cron hands to the shell, its folder moved to here."""
    monkeypatch.setattr("kommunanalys.reporting.schedule.HOME", str(tmp_path))
    text = schedule(words, every="hour", emit="cron", name="job")
    return line(text, "30 * * * * ").removeprefix("30 * * * * ").replace(r"\%", "%")


@pytest.mark.skipif(not Path("/bin/sh").exists(), reason="the shell of POSIX")
@pytest.mark.parametrize("words", [["--version"], ["--notify=a@example.org"], ["-p", "key=env:API_KEY"]])
def test_cron_loads_the_file_of_secrets_wherever_it_is_there(words, tmp_path, monkeypatch):
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$KOMMUNANALYS_SMTP $API_KEY"\n', encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    job = cron_job(words, tmp_path, monkeypatch)
    needed = words != ["--version"]
    bare = subprocess.run(["/bin/sh", "-c", job], env={}, check=False)
    assert (bare.returncode != 0) == needed, "what needs secrets does not run without them"
    (tmp_path / "job.env").write_text("KOMMUNANALYS_SMTP='mail.invalid:25'\nAPI_KEY='a $b & c'\n", encoding="utf-8")
    subprocess.run(["/bin/sh", "-c", job], env={}, check=True)
    assert (tmp_path / "job.log").read_text(encoding="utf-8").splitlines()[-1] == "mail.invalid:25 a $b & c"


def test_systemd_wants_the_file_of_secrets_only_where_it_is_needed():
    assert line(schedule(["run", "x"], every="day"), "EnvironmentFile=") == "EnvironmentFile=-/etc/kommunanalys.env"
    for more in (["--notify", "a@example.org"], ["-p", "key=env:API_KEY"]):
        text = schedule(["run", "x", *more], every="day")
        assert line(text, "EnvironmentFile=") == "EnvironmentFile=/etc/kommunanalys.env"


def test_paths_among_the_words_that_the_job_cannot_see_are_told(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/kommunanalys/bin/python")
    monkeypatch.chdir("/")
    words = ["run", f"{HOME}/a.ipynb", f"--parameters={HOME}/p.yaml", f"--parameter=source={ROOT}/k=1", "-p=/srv/x"]
    text = schedule(words, every="day", output=Path("/srv/reports"))
    cautions = re.findall(r"# CAUTION: the job cannot see (\S+):", text)
    assert cautions == [f"{HOME}/a.ipynb", f"{HOME}/p.yaml", f"{ROOT}/k=1"]


def test_reports_are_for_their_group_and_the_rest_for_the_job_alone():
    text = schedule(["run", "x"], every="day", output=Path("/srv/reports"))
    assert line(text, "UMask=") == "UMask=0027"
    assert "install -d -m 0750 -o kommunanalys -g kommunanalys /srv/reports" in text
    assert "usermod --append --groups kommunanalys www-data" in text
    assert (line(text, "StateDirectoryMode="), line(text, "CacheDirectoryMode=")) == (
        "StateDirectoryMode=0700",
        "CacheDirectoryMode=0700",
    )
