"""What a machine's own scheduler needs to run a command again and again: printed, never installed.

The library owns no daemon. systemd, cron and the Windows Task Scheduler each start the command under its own user,
catch up a missed run, and keep what it prints.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker
from kommunanalys.reporting.notify import FROM, SERVER
from kommunanalys.reporting.notify import PASSWORD as SMTP_PASSWORD
from kommunanalys.reporting.notify import USER as SMTP_USER

FORBIDDEN = ("Cc", "Cs", "Zl", "Zp")
"""Categories of signs that end a line, or that no file of a scheduler can hold."""

EVERY = ("hour", "day", "week", "month")
EMIT = ("systemd", "cron", "windows")
USER = "kommunanalys"
HOME, CACHE = f"/var/lib/{USER}", f"/var/cache/{USER}"
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")
"""What the hardened service cannot see."""

MAIL = (SERVER, FROM, SMTP_USER, SMTP_PASSWORD)
PERIOD = {"day": "1", "week": "7", "month": "@monthly"}
SECRET = re.compile(r"=env:([A-Za-z_][A-Za-z0-9_]*)$")


def schedule(
    command: Sequence[str],
    *,
    every: str,
    at: str = "05:30",
    emit: str = "systemd",
    name: str = "kommunanalys",
    output: Path = Path("reports"),
    secrets: Sequence[str] = (),
    say: Speaker | None = None,
) -> str:
    """What to install so that a command of the library runs again and again, with how to install it as comments.

    Parameters
    ----------
    command
        Words after `kommunanalys`, e.g. `["run", "cost_efficiency", "--output", "reports"]`. A text `NAME=env:SECRET`
        goes through as it is; where to put the secret is said.
    every
        "hour", "day", "week" (Mondays; with cron seven days after the last run) or "month" (its first day).
    at
        "HH:MM" in the machine's time; for "hour" only the minutes count.
    emit
        "systemd", "cron" or "windows".
    name
        What the job is called: letters, digits, "-" and "_".
    output
        Folder that the command writes its reports into.
    secrets
        Variables of the environment that the command needs besides those that its words name (a file of parameters
        may refer to some).
    say
        Speaker of the language of the instructions; English by default.

    Raises
    ------
    UsageError
        An unknown choice, a time that is none, a name with other signs, or a line break in the command.

    Examples
    --------
    >>> text = schedule(["run", "cost_efficiency"], every="week", emit="systemd")
    >>> "OnCalendar=Mon *-*-* 05:30:00" in text
    True
    """
    _check_choice("--every", every, EVERY)
    _check_choice("--emit", emit, EMIT)
    clock = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", at)
    if not clock:
        raise UsageError("{at!r} is no time. Give hours and minutes, such as 05:30.", at=at)
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name):
        raise UsageError("{name!r} is no name for a job. Use letters a–z, digits, '-' and '_'.", name=name)
    words = [sys.executable, "-m", "kommunanalys", *command]
    if any(unicodedata.category(sign) in FORBIDDEN or sign in "\ufffe\uffff" for word in words for sign in word):
        raise UsageError("A scheduled command is one line: take the line breaks and control signs out of it.")
    emitters = {"systemd": _systemd, "cron": _cron, "windows": _windows}
    needs = _needs(words, secrets)
    return emitters[emit](words, needs, every, (clock[1], clock[2]), name, output.absolute(), say or Speaker("en"))


def _check_choice(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(
            "{option} {value!r} is not known. Choose one of {allowed}.",
            option=option,
            value=value,
            allowed=", ".join(allowed),
        )


def _needs(words: Sequence[str], secrets: Sequence[str]) -> list[str]:
    """Variables of the environment without which the command cannot work."""
    named = [found[1] for word in words if (found := SECRET.search(word))]
    mail = MAIL if any(word.startswith("--notify") for word in words) else ()
    return list(dict.fromkeys((*named, *secrets, *mail)))


def _told(needs: list[str], place: str, say: Speaker) -> list[str]:
    if not needs:
        return []
    return [
        say(
            "Secrets and settings ({names}): write NAME='value', one a line, into {place}, which nobody else may read:",
            names=", ".join(needs),
            place=place,
        ),
        *_optional(needs, say),
    ]


def _optional(needs: list[str], say: Speaker) -> list[str]:
    if SMTP_USER not in needs:
        return []
    names = f"{SMTP_USER}, {SMTP_PASSWORD}"
    return [say("({names}: only where the mail server wants them.)", names=names)]


def _hidden(words: Sequence[str], say: Speaker) -> list[str]:
    """What the hardened service cannot see of the paths in the words, alone or after a sign of equality."""
    paths = [path[1] for word in words if (path := re.search(r"(?:^|=)(/.*)", word))]
    found = [path for path in paths if path.startswith(tuple(f"{place}/" for place in HIDDEN)) or path in HIDDEN]
    return [
        say("CAUTION: the job cannot see {path}: move it to /opt or /srv first.", path=path)
        for path in dict.fromkeys(found)
    ]


def _comment(*lines: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for text in lines for line in text.split("\n"))


def quote_systemd(word: str) -> str:
    r"""A word of `ExecStart=`: quoted, with systemd's own signs doubled.

    Examples
    --------
    >>> print(quote_systemd('50 % of "$HOME"'))
    "50 %% of \"$$HOME\""
    """
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(sign, written)
    return f'"{word}"'


def _path(path: str | Path) -> str:
    """A path in a setting of systemd, and the program itself: `%` is special there, `$` is not."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _systemd(
    words: list[str], needs: list[str], every: str, at: tuple[str, str], name: str, output: Path, say: Speaker
) -> str:
    hour, minute = at
    when = {
        "hour": f"*-*-* *:{minute}:00",
        "day": f"*-*-* {hour}:{minute}:00",
        "week": f"Mon *-*-* {hour}:{minute}:00",
        "month": f"*-*-01 {hour}:{minute}:00",
    }[every]
    secret_lines = _told(needs, f"/etc/{name}.env", say)
    secret_lines += [f"  install -m 0600 /dev/null /etc/{name}.env && nano /etc/{name}.env"] if needs else []
    head = _comment(
        say("Installed by hand, as root. The job has a user of its own, {user}, that needs to write into:", user=USER),
        f"  {output}",
        f"  useradd --system --home-dir {HOME} --shell /usr/sbin/nologin {USER}",
        f"  install -d -m 0750 -o {USER} -g {USER} {shlex.quote(str(output))}",
        say(
            "The reports can be read by their group {group}, and by nobody else. A web server that shows them joins "
            "the group (here as www-data); it must not give out executed.ipynb, *.json and *.csv:",
            group=USER,
        ),
        f"  usermod --append --groups {USER} www-data",
        *secret_lines,
        say("Then save the two parts below as the files that their first lines name, and:"),
        f"  systemctl daemon-reload && systemctl enable --now {name}.timer",
        say("See when it runs and what it said:"),
        f"  systemctl list-timers {name}.timer; journalctl -u {name}.service",
        *_hidden((*words, str(Path.cwd()), str(output)), say),
    )
    service = f"""
# /etc/systemd/system/{name}.service
[Unit]
Description=kommunanalys: {name}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={USER}
Group={USER}
WorkingDirectory={str(Path.cwd()).replace("%", "%%")}
ExecStart={" ".join([_path(words[0]), *map(quote_systemd, words[1:])])}
StateDirectory={USER}
StateDirectoryMode=0700
CacheDirectory={USER}
CacheDirectoryMode=0700
Environment=HOME={HOME} KOMMUNANALYS_STATE={HOME} KOMMUNANALYS_CACHE={CACHE}
Environment=MPLCONFIGDIR={CACHE}/matplotlib NUMBA_CACHE_DIR={CACHE}/numba
EnvironmentFile={"" if needs else "-"}/etc/{name}.env
ReadWritePaths={_path(output)}
# Reports are for their group; keys and what is remembered stay the job's own.
UMask=0027
MemoryMax=80%
TasksMax=512
{HARDENED}
# /etc/systemd/system/{name}.timer
[Unit]
Description=kommunanalys: {name}

[Timer]
OnCalendar={when}
Persistent=true
RandomizedDelaySec=300

[Install]
WantedBy=timers.target
"""
    return head + service


HARDENED = """# A kernel talks to its parent over 127.0.0.1, and numba compiles in memory: no PrivateNetwork, no
# MemoryDenyWriteExecute; limits are set per report, so that @resources stays. All else is closed.
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
PrivateUsers=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectProc=invisible
RemoveIPC=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
KeyringMode=private
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
DevicePolicy=closed
"""


def _cron(
    words: list[str], needs: list[str], every: str, at: tuple[str, str], name: str, output: Path, say: Speaker
) -> str:
    hour, minute = int(at[0]), int(at[1])
    file = f"{HOME}/{name}"
    setting = f"PATH=/usr/local/bin:/usr/bin:/bin\nKOMMUNANALYS_STATE={HOME}/state\nKOMMUNANALYS_CACHE={HOME}/cache\n"
    load = f"set -a; . {file}.env; set +a; "
    load = load if needs else f"if [ -r {file}.env ]; then {load}fi; "
    job = f"cd {shlex.quote(str(Path.cwd()))} && {{ {load}{shlex.join(words)}; }} >>{file}.log 2>&1"
    head = [
        say("Installed by hand, as root. The job has a user of its own, {user}, that needs to write into:", user=USER),
        f"  {output}",
        f"  useradd --system --create-home --home-dir {HOME} --shell /usr/sbin/nologin {USER}",
        f"  install -d -o {USER} -g {USER} {shlex.quote(str(output))}",
        *_told(needs, f"{file}.env", say),
        *([f"  install -m 0600 -o {USER} /dev/null {file}.env && nano {file}.env"] if needs else []),
    ]
    if every == "hour":
        told = say("Add the lines below with: {command}", command=f"crontab -u {USER} -e")
        run = job.replace("%", r"\%")
        return _comment(*head, told) + f'MAILTO=""\n{setting}{minute} * * * * {run}\n'
    anacron = f"/usr/sbin/anacron -s -t {file}.anacrontab -S {HOME}/anacron"
    return (
        _comment(
            *head,
            say(
                "cron alone forgets a run while the machine is off. Every hour it therefore asks anacron (Debian: apt "
                "install anacron), which runs the job if its day, week or month has not had it; a week counts seven "
                "days from the last run."
            ),
            f"  install -d -o {USER} -g {USER} {HOME}/anacron",
            say("What the job says is kept in {file}.", file=f"{file}.log"),
            "",
            say("First part: save as {file}", file=f"{file}.anacrontab"),
        )
        + f"SHELL=/bin/sh\nMAILTO=\n{setting}{PERIOD[every]} 0 {name} {job}\n\n"
        + _comment(say("Second part: add with {command}", command=f"crontab -u {USER} -e"))
        + f'MAILTO=""\n{minute} {hour}-23 * * * {anacron}\n'
    )


def _windows(
    words: list[str], needs: list[str], every: str, at: tuple[str, str], name: str, output: Path, say: Speaker
) -> str:
    arguments = subprocess.list2cmdline(words[1:])
    if re.search(r"%[^%]+%|\$\(", f"{words[0]} {arguments} {Path.cwd()}"):
        raise UsageError(
            "The Task Scheduler would put something else in the place of %...% or $(...). Take it out of the command."
        )
    told = [
        say(
            "Save this as {file} and install it, as the user whose job it is (no password is stored):",
            file=f"{name}.xml",
        ),
        f"  schtasks /Create /TN {name} /XML {name}.xml /NP",
        say("That user needs the right to log on as a batch job, and to write into: {output}", output=output),
        *(
            [
                say(
                    "Secrets and settings ({names}): set them as environment variables of that user.",
                    names=", ".join(needs),
                ),
                *_optional(needs, say),
            ]
            if needs
            else []
        ),
        say("A run that was missed is made up as soon as the machine is on."),
    ]
    repeated = "<Repetition><Interval>PT1H</Interval><Duration>P1D</Duration></Repetition>" if every == "hour" else ""
    start = f"2026-01-05T{'00' if every == 'hour' else at[0]}:{at[1]}:00"
    text = f"""<?xml version="1.0"?>
<!--
{_xml_comment(told)}
-->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>kommunanalys: {name}</Description></RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <Enabled>true</Enabled><StartBoundary>{start}</StartBoundary>{repeated}
      <RandomDelay>PT5M</RandomDelay>{DAYS_OF_WINDOWS[every]}
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author"><LogonType>S4U</LogonType><RunLevel>LeastPrivilege</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT12H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(words[0])}</Command>
      <Arguments>{escape(arguments)}</Arguments>
      <WorkingDirectory>{escape(str(Path.cwd()))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""
    # Plain ASCII and no word on encoding: right however a console or an editor has saved it.
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS_OF_WINDOWS = {
    "hour": "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>",
    "day": "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>",
    "week": "<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek><Monday /></DaysOfWeek></ScheduleByWeek>",
    "month": "<ScheduleByMonth><DaysOfMonth><Day>1</Day></DaysOfMonth><Months>"
    + "".join(f"<{month} />" for month in MONTHS)
    + "</Months></ScheduleByMonth>",
}


def _xml_comment(lines: Sequence[str]) -> str:
    # Two hyphens would end the comment; a letter beyond ASCII cannot be written in one as a reference.
    plain = "\n".join(lines).replace("--", "- -")
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode("ascii")
