"""The documentation is true: commands exist, code runs, every public name is listed, every link leads somewhere."""

import importlib
import os
import re
import shlex
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kommunanalys.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
READMES = ["README.md", "README.sv.md", "docs/reports.md"]
COMMANDS = [
    command.name or command.callback.__name__.removesuffix("_command") for command in app.registered_commands
] + [group.name for group in app.registered_groups]


def blocks(page, language):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [text for named, text in fenced if named == language]


def commands(page):
    text = "\n".join([*blocks(page, "sh"), *blocks(page, "")])
    found = re.findall(rf"(?:kommunanalys|python -m kommunanalys) ((?:{'|'.join(COMMANDS)})\b.*)", text)
    return [shlex.split(line.split("#")[0]) for line in found]


@pytest.mark.parametrize("page", READMES)
def test_every_command_is_understood(page):
    assert len(commands(page)) >= 3
    for command in commands(page):
        words = takewhile(lambda word: not word.startswith("-"), command)
        result = CliRunner().invoke(app, [*words, "--help"])
        options = {word for word in command if word.startswith("-")}
        assert result.exit_code == 0
        assert all(option in result.output for option in options), command


@pytest.mark.parametrize("page", READMES)
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    asked = set(re.findall(r"`?make ([a-z]+)`?", (ROOT / page).read_text(encoding="utf-8"))) & {
        "report",
        "test",
        "lab",
        "check",
    }
    assert asked or page.startswith("docs/")
    assert asked <= targets


def test_the_code_of_the_readme_runs():
    (code,) = blocks("README.md", "python")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "most similar to Tärnsund" in done.stdout


@pytest.mark.parametrize(
    "module", ["", ".compare", ".indicators", ".figures", ".secrecy", ".early_warning", ".widgets", ".errors"]
)
def test_every_public_name_is_on_the_page(module):
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    home = importlib.import_module(f"kommunanalys{module}")
    names = getattr(home, "__all__", None) or [name for name, item in vars(home).items() if isinstance(item, type)]
    absent = [
        name
        for name in names
        if not re.search(rf"`{name}[(`]", page) and not name.startswith("__") and name != "ClassVar"
    ]
    assert not absent


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_code_about_early_warning_runs(tmp_path):
    code = "\n".join(blocks("docs/early_warning.md", "python"))
    environment = {**os.environ, "KOMMUNANALYS_STATE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "Of 10 " in done.stdout


def test_the_code_about_exploring_runs(tmp_path):
    pytest.importorskip("ipywidgets", reason="the extra [lab] is not installed")
    code = "\n".join(blocks("docs/explore.md", "python"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
