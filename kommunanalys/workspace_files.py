"""What a person's own folder is delivered with: notebooks, examples and pages that explain, in the chosen language."""

from __future__ import annotations

import contextlib
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker
from kommunanalys.paths import data_dir, notebooks_dir

IGNORED = """\
/data/*
!/data/README.md
**/reports/*
!/reports/README.md
state/
/schedule.txt
.ipynb_checkpoints/
__pycache__/
"""
ATTRIBUTES = "*.[iI][pP][yY][nN][bB] filter=kommunanalys text eol=lf\n"
SCHEDULE = "schedule.txt"
SCHEDULERS = {"Windows": "windows", "Darwin": "cron"}
KOLADA = "-p source=kolada -p municipality=Ale"
REAL = {"fi": "-p source=finland -p municipality=Pietarsaari"}
"""What asks for a real municipality in a language where Kolada has none."""


def delivered(language: str) -> dict[str, bytes]:
    """Every file that a folder is delivered with, by its name in the folder (with "/").

    Parameters
    ----------
    language
        "sv", "fi" or "en": language of the pages that explain.

    Examples
    --------
    >>> delivered("en")["README.md"].decode().splitlines()[0]
    '# Your own folder for comparing municipalities'
    """
    say, examples = Speaker(language), data_dir() / "example"
    pages = {
        "README.md": _front(say, language),
        "data/README.md": _data(say),
        "reports/README.md": _reports(say),
        "tasks/README.md": _tasks(say),
        "permits/README.md": _permits(say),
        "permits/example_free_zone.toml": _permit(examples / "registers" / "free_zone.toml", say),
        ".gitignore": IGNORED,
        ".gitattributes": ATTRIBUTES,
    }
    pages |= {f"tasks/{path.name}": _task(path) for path in sorted((examples / "tasks").glob("*.toml"))}
    pages |= {f"notebooks/{path.name}": _speaking(path, language) for path in sorted(notebooks_dir().glob("*.ipynb"))}
    return {name: text.encode() for name, text in pages.items()}


def _speaking(notebook: Path, language: str) -> str:
    """A notebook whose own default is the language, as a person runs it by hand."""
    return re.sub(
        r"(\blanguage: Literal\[[^\]]*\] = )\\\"\w+\\\"", rf'\1\\"{language}\\"', notebook.read_text("utf-8"), count=1
    )


def _front(say: Speaker, language: str) -> str:
    asked = REAL.get(language, KOLADA)
    run = f"kommunanalys run municipality_profile {asked} --language {language}"
    return "\n\n".join(
        [
            say("# Your own folder for comparing municipalities"),
            say("All that lies here is yours to change. kommunanalys never writes over what you have changed."),
            say("## First steps"),
            say(
                "1. Write `kommunanalys lab` in a terminal: JupyterLab opens in the browser (`kommunanalys lab FOLDER` "
                "where the folder is another than `kommunanalys` in your home folder). Where the command is not found, "
                "write `.venv/bin/kommunanalys lab` in the folder that the library was installed from.\n"
                "2. Open a notebook in the folder `notebooks` and choose **Run › Run All Cells**. Change the values in "
                "its first code cell, such as the municipality, and run it again.\n"
                "3. Make a report of it from a form. Write in a new cell of a notebook"
            ),
            _indented('```python\nimport kommunanalys as ka\n\nka.form("municipality_profile")\n```'),
            say("   or choose **File › New › Terminal** in JupyterLab and write"),
            _indented(f"```sh\n{run}\n```"),
            say(
                "   The report lies in `reports`: open `report.html`. With the source `example` it is about invented "
                "municipalities."
            ),
            say("`kommunanalys list` tells of every notebook; `kommunanalys doctor` checks your machine."),
            say("## What lies where"),
            _table(say),
            say("## New versions"),
            say(
                "After a new version of the library has been installed, write `kommunanalys init .` in this "
                "folder (`kommunanalys lab` does the same by itself). Notebooks and pages that you have not "
                "changed are replaced. Beside one that you have changed the new version is laid, such as "
                "`cost_efficiency.new.ipynb`: take from it what you want and delete it. What you have deleted "
                "stays deleted."
            ),
            say("## Versions of your own, and colleagues (git)"),
            say(
                "The folder is a git repository if git was installed. What cells have shown is taken out of a notebook "
                "when it is committed, and `data` and `reports` are left out: figures about people must not "
                "end up there. Whoever clones the repository writes `kommunanalys init .` in it once, or nothing is "
                "taken out of their notebooks."
            ),
            '```sh\ngit add .\ngit commit -m "..."\n```\n',
        ]
    )


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.splitlines())


def _table(say: Speaker) -> str:
    rows = {
        "notebooks/": say("the notebooks, to be changed as you like"),
        "data/": say("your own files; never in git"),
        "reports/": say("reports that you make; never in git"),
        "tasks/": say("tasks of early warning: whom to find, when, and who has objected"),
        "permits/": say(
            "permits to bring data of several secrecy domains together; the one that lies there is invented"
        ),
        "schedule.txt": say("what this machine needs to make a report every month: an example, nothing is installed"),
    }
    return "\n".join([f"| {say('folder or file')} | {say('what for')} |", "| --- | --- |"]) + "".join(
        f"\n| `{name}` | {text} |" for name, text in rows.items()
    )


def _data(say: Speaker) -> str:
    return (
        say(
            "# Your own files\n\nFor example a form that you have filled in (`kommunanalys template costs`), or a "
            "table that you have fetched (`kommunanalys fetch`). Name it as the source of a report: `-p "
            "source=data/costs.xlsx`; in a notebook `../data/costs.xlsx`.\n\nNothing in this folder but this page is "
            "kept in git. Data about individuals do not belong here if the folder is synced or shared."
        )
        + "\n"
    )


def _reports(say: Speaker) -> str:
    return (
        say(
            "# Reports\n\n`kommunanalys run` lays a report here when it is written in the folder above. Publish "
            "`report.html` and `report.xlsx`; `executed.ipynb` is for you alone. Before you publish: `kommunanalys "
            "check reports`.\n\nNothing in this folder but this page is kept in git."
        )
        + "\n"
    )


def _tasks(say: Speaker) -> str:
    return (
        say(
            "# Tasks\n\nA task (a TOML file) says whom early warning looks for, from which tables and when. Copy an "
            "example and change it. Lines of an example that name other files begin with `#`."
        )
        + "\n"
    )


def _permits(say: Speaker) -> str:
    return (
        say(
            "# Permits\n\nA permit (a TOML file) is what lets `secrecy.link` bring data of several secrecy domains "
            "together. **The example is invented and permits nothing real.** Write one of your own when there is a "
            "decision; `kommunanalys secrecy permits` lists those in this folder."
        )
        + "\n"
    )


def _permit(path: Path, say: Speaker) -> str:
    return f"# {say('EXAMPLE: this permit is invented. No decision stands behind it.')}\n" + path.read_text("utf-8")


def _task(path: Path) -> str:
    """The task, lines that name files beside the example put out of use: those files are not copied."""
    return re.sub(r'^(\s*\w+\s*=\s*"\.\./)', r"# \1", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def schedule_example(folder: Path, language: str) -> bytes:
    """What `kommunanalys schedule` prints where it is called in the folder, for a report every month.

    It names this machine's paths: it is given once, and git leaves it out.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     b"municipality_profile" in schedule_example(Path(place, "mine"), "en")
    True
    """
    from kommunanalys.reporting.schedule import schedule

    asked = [f"--parameter={word}" for word in REAL.get(language, KOLADA).split() if "=" in word]
    words = ["run", "municipality_profile", *asked, f"--language={language}", f"--output={folder / 'reports'}"]
    emit = SCHEDULERS.get(platform.system(), "systemd")
    try:
        with _inside(folder):
            told = schedule(words, every="month", emit=emit, output=folder / "reports", say=Speaker(language))
    except UsageError as error:  # a name of the folder that no scheduler can hold
        told = f"{error}\n"
    return told.encode()


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in the folder; one that is not there yet is there only so long."""
    made = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        if made:
            folder.rmdir()
