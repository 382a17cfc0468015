"""The commands around secrecy: permits, journal, keys. Nothing heavy is imported here, and no key is ever shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kommunanalys.errors import CheckFailed, KommunanalysError, PermitError, UsageError
from kommunanalys.language import Speaker, check_language, current

if TYPE_CHECKING:
    from kommunanalys.secrecy.permit import Permit

SOON = 90
"""Days before its end from which on a permit is said to end soon."""

Language = Annotated[str, typer.Option("--language", "-l", help="sv, fi or en.")]

secrecy = typer.Typer(
    help="Permits, journal and keys of data under secrecy.", no_args_is_help=True, add_completion=False
)


@secrecy.command("permits")
def permits_command(
    folder: Annotated[Path, typer.Argument(help="Folder of permits (*.toml).")] = Path("permits"),
    language: Language = "",
) -> None:
    """List permits: what they allow, since and until when, and which end within 90 days."""
    from kommunanalys.secrecy.permit import Permit

    say, soon, broken = _speaker(language), [], 0
    if not folder.is_dir():
        raise UsageError("There is no folder {path}.", path=folder)
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise UsageError("{path} holds no permit (*.toml).", path=folder)
    for path in paths:
        try:
            permit = Permit.read(path)
        except PermitError as error:
            broken += 1
            typer.echo(f"{path.name}: {error}\n")
            continue
        typer.echo(f"{path.name}: {_state(permit, say)}\n  {permit.summary(say.language)}\n")
        soon += [permit] if 0 <= _left(permit) <= SOON and not _begins(permit) else []
    if soon:
        typer.echo(say("Ends within {days} days: {permits}.", days=SOON, permits=say.names(one.id for one in soon)))
    else:
        typer.echo(say("No permit ends within {days} days.", days=SOON))
    if broken:
        raise KommunanalysError("{count} files are no whole permits.", count=broken)


def _left(permit: Permit) -> int:
    from kommunanalys.secrecy.frame import local_day

    return (permit.valid_until - local_day()).days


def _begins(permit: Permit) -> bool:
    from kommunanalys.secrecy.frame import local_day

    return permit.valid_from > local_day()


def _state(permit: Permit, say: Speaker) -> str:
    left = _left(permit)
    if left < 0:
        return say("ended on {date}", date=say.date(permit.valid_until))
    if _begins(permit):
        return say("begins on {date}", date=say.date(permit.valid_from))
    return say("holds until {date} ({days} days left)", date=say.date(permit.valid_until), days=say.number(left))


@secrecy.command("journal")
def journal_command(
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 20,
    seen: Annotated[
        str, typer.Option("--seen", metavar="HASH", help="Hash of a line noted elsewhere: it must still be there.")
    ] = "",
    language: Language = "",
) -> None:
    """Show the journal's last lines, and check that none was changed or taken out."""
    from kommunanalys import journal

    say = _speaker(language)
    for line in journal.read()[-lines:] if lines else []:
        facts = ", ".join(f"{name}={_plain(value)}" for name, value in line["facts"].items())
        typer.echo(f"{line['n']:>6}  {line['when']}  {line['who']}  {line['kind']}  {facts}")
    found = journal.verify(seen=seen or None)
    for number, fault in found.faults:
        typer.echo(say("Line {number}: {fault}", number=number, fault=_fault(fault, say)))
    if found.torn or found.unfinished:
        typer.echo(say("A crash has left a line half written; the journal tells of it itself."))
    if not found.well:
        raise CheckFailed("The journal is not as it was written: {count} faults.", count=len(found.faults))
    typer.echo(
        say(
            "{lines} lines, none changed or taken out as far as can be seen. Note the last hash elsewhere: {hash}",
            lines=say.number(found.lines),
            hash=journal.head()[1],
        )
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fault(name: str, say: Speaker) -> str:
    return {
        "changed": say("was changed after it was written"),
        "chain": say("does not follow the line before it: lines were taken out, put in or moved"),
        "cut": say("lines after it were cut off"),
        "unread": say("cannot be read"),
        "head": say("the note of the last line (head.json) does not fit"),
        "broken": say("was written when the journal was already broken"),
        "unseen": say("the line noted elsewhere is not in the journal"),
    }.get(name, name)


@secrecy.command("keys")
def keys_command(language: Language = "") -> None:
    """List the keys of domains and permits: version, where they lie, and what protects them."""
    from kommunanalys import paths
    from kommunanalys.secrecy.domains import called
    from kommunanalys.secrecy.keys import protection

    say = _speaker(language)
    where = {"file": say("in a file"), "keyring": say("in the operating system's key store")}
    for path in sorted((paths.state_dir() / "keys").glob("*.json")):
        about = json.loads(path.read_bytes())
        place = where.get(str(about["where"]), str(about["where"]))
        typer.echo(
            say(
                "{name}: version {version}, {place}", name=called(path.stem, say), version=about["version"], place=place
            )
        )
    typer.echo(protection(say.language))


@secrecy.command("rotate")
def rotate_command(
    name: Annotated[str, typer.Argument(metavar="DOMAIN", help="Domain whose key is replaced, e.g. school.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    language: Language = "",
) -> None:
    """Replace a domain's key; tables read before meet none that are read after."""
    from kommunanalys import paths
    from kommunanalys.secrecy.domains import domain
    from kommunanalys.secrecy.keys import rotate

    say = _speaker(language)
    if not (paths.state_dir() / "keys" / f"{name}.json").exists():
        domain(name)  # an unknown name is told with those that are known
        raise UsageError("There is no key of {name} yet: it is made when a register is first read.", name=name)
    question = say(
        "Replace the key of {name}? The old one is erased, and its pseudonyms can never be made again.", name=name
    )
    if not yes and not typer.confirm(question):
        typer.echo(say("Nothing was done."))
        return
    typer.echo(say("{name} has a new key: version {version}.", name=name, version=rotate(name).version))


def _speaker(language: str) -> Speaker:
    return Speaker(check_language(language or current()))
