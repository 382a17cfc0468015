"""The page about secrecy: its code runs in one go on the example registers, and its promises are those of the code."""

import re
from pathlib import Path

from kommunanalys import journal

PAGE = Path(__file__).parents[1] / "docs" / "secrecy.md"


def test_the_code_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOMMUNANALYS_PERMIT_KEY", "")
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)  # the page is ours
    printed = capsys.readouterr().out
    for words in ("School. Rows: 3,665", "two secrecy domains", "Linked under permit free_zone", "Release ", "None of"):
        assert words in printed, words
    assert ".." in str(names["out"].printed())
    assert names["together"].domains == {"school", "social_services"}
    kinds = [line["kind"] for line in journal.read()]
    assert {"reading", "refusal", "linking", "preparing", "release"} <= set(kinds)
    assert journal.verify().well


def test_every_command_of_the_page_is_understood():
    import typer

    from kommunanalys.cli import app
    from kommunanalys.cli_secrecy import secrecy

    known = {**typer.main.get_command(app).commands, "secrecy": typer.main.get_command(secrecy)}
    text = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    lines = [line.split("#")[0].split()[1:] for line in text.splitlines() if line]
    assert len(lines) >= 6
    for name, *words in lines:
        command = known[name]
        command = command.commands[words[0]] if name == "secrecy" else command
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options


def test_the_page_says_what_was_looked_up_and_when():
    text = PAGE.read_text(encoding="utf-8")
    assert re.search(r"looked up on\s+2026-11-22", text)
    assert "not advice" in text
    assert text.count("•") > 3
