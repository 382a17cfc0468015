"""Whatever the way they come, codes stay text; what is hostile is refused or harmless."""

import pytest

from kommunanalys.errors import ParameterError, UnknownMunicipality, UsageError
from kommunanalys.municipalities import municipalities
from kommunanalys.reporting import given
from kommunanalys.reporting.folder import slug
from kommunanalys.reporting.parameters import Parameter, validate

CODES = [f"{number:03d}" for number in range(1, 1000)] + list(municipalities("SE").index)
PLACE = Parameter("municipality", "str", "X07")
CODE = Parameter("code", "str", "")


@pytest.fixture
def file(tmp_path):
    def write(text, name="p.yaml", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_there_are_1289_codes():
    assert len(CODES) == 999 + 290


def test_codes_survive_the_command_line():
    known = {"code": CODE}
    assert [validate(known, given.pairs([f"code={code}"]))["code"] for code in CODES] == CODES


def test_codes_survive_a_yaml_file(file):
    known = {f"c{number}": Parameter(f"c{number}", "str", "") for number in range(len(CODES))}
    found = given.from_yaml(file("".join(f"c{number}: {code}\n" for number, code in enumerate(CODES))))
    assert list(validate(known, found).values()) == CODES
    assert given.from_yaml(file(f"codes: [{', '.join(CODES)}]"))["codes"] == CODES


def test_codes_survive_the_environment(monkeypatch):
    for code in CODES:
        monkeypatch.setenv("KOMMUNANALYS_PARAMETER_CODE", code)
        assert validate({"code": CODE}, given.from_environment(["code"])) == {"code": code}


@pytest.mark.parametrize("name", ["codes.txt", "codes.csv"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_codes_survive_a_file_to_sweep_over(file, name, end):
    path = file(end.join(["code", *CODES, ""]), name, "utf-8-sig")
    assert given.over(str(path), CODE) == CODES
    assert given.over(",".join(CODES), CODE) == CODES


def test_codes_survive_a_form():
    assert [CODE.accept(code) for code in CODES] == CODES
    assert Parameter("codes", "list[str]", []).accept(CODES) == CODES


def test_swedish_codes_are_municipalities_unchanged():
    swedish = list(municipalities("SE").index)
    assert given.places(swedish, "SE") == swedish


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: no", {"a": "no"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: 0x10\nb: ~\nc:\n", {"a": "0x10", "b": "~", "c": ""}),
        ("\ufeffå: ' b '", {"å": " b "}),
        ("", {}),
        ("a: [091, no, 1e3]", {"a": ["091", "no", "1e3"]}),
    ],
)
def test_yaml_is_never_interpreted(file, text, found):
    assert given.from_yaml(file(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "a",
        "a: {b: 1}",
        "a: [[1]]",
        "a: [b: 1]",
        "a: 1\na: 2",
        "x=1;print(1);y: 1",
        "[1]: 2",
        "a: [1",
        "a: 1\n---\nb: 2",
        "a: &x [*x]",
        "a: *nothing",
        "a: \x00",
        "a: " + "[" * 5000,
        "a: " + "{b: " * 5000,
    ],
)
def test_what_is_no_plain_yaml_is_refused(file, text):
    with pytest.raises(ParameterError):
        given.from_yaml(file(text))


def test_python_in_yaml_is_only_text(file):
    assert given.from_yaml(file("a: !!python/object/apply:os.system [ls]"))["a"] == ["ls"]


def test_a_missing_file_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="cannot be opened"):
        given.from_yaml(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be opened"):
        given.over(str(tmp_path / "none.csv"), CODE)


def test_command_line_before_environment_before_file(file, monkeypatch):
    path = file("a: file\nb: file\nc: file")
    monkeypatch.setenv("KOMMUNANALYS_PARAMETER_A", "environment")
    monkeypatch.setenv("KOMMUNANALYS_PARAMETER_B", "environment")
    found = given.gathered(["a", "b", "c"], path, ["a=line"])
    assert found == {"a": "line", "b": "environment", "c": "file"}


@pytest.mark.parametrize(
    ("text", "name", "encoding"),
    [
        ("code\n091\n0114\n", "a.csv", "utf-8"),
        ("namn;code;x\r\nHelsingfors;091;1\r\nÅre;0114;2\r\n", "a.csv", "utf-8-sig"),
        ("namn;Code;x\r\nHelsingfors;091;1\r\nÅre;0114;2\r\n", "a.csv", "cp1252"),
        ('name,code\n"a, b","091"\n\n"c",0114\n', "a.csv", "utf-8"),
        ("name\tcode\na\t091\nb\t 0114 \n", "a.csv", "utf-8"),
        ("\n091\n0114\n091", "a.txt", "utf-8"),
        ("091\n0114", "A.CSV", "utf-8-sig"),
        ("code\r091\r0114\r", "a.csv", "utf-8"),
        ('name;code\r"a\rb";091\rc;0114', "a.csv", "cp1252"),
        ("Område\tcode\r\nÅ\t091\r\nb\t0114\r\n", "a.csv", "utf-16"),
        ("\ufeffOmråde\tcode\r\nÅ\t091\r\nb\t0114\r\n", "a.txt.csv", "utf-16-be"),
        ("091\r\n0114\r\n", "a.txt", "utf-16"),
        ('"cost, net, total (SEK)";code\n1;091\n2;0114\n', "a.csv", "utf-8"),
        ("cost, net, total (SEK);code\n1;091\n2;0114\n", "a.csv", "utf-8"),
        ('"a; b; c",code\n"1\n2",091\n2,0114\n', "a.csv", "utf-8"),
    ],
)
def test_files_as_people_have_them(file, text, name, encoding):
    assert given.over(str(file(text, name, encoding)), CODE) == ["091", "0114"]


def test_a_file_without_the_column_names_those_it_has(file):
    with pytest.raises(UsageError, match="kommun, x"):
        given.over(str(file("kommun;x\n091;1", "a.csv")), CODE)


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_no_values_are_refused(text):
    with pytest.raises(UsageError, match="no values"):
        given.over(text, CODE)


def test_all():
    assert given.over("all", PLACE, "example")[0] == "X01"
    assert given.over("all", PLACE, "kolada") == list(municipalities("SE").index)
    assert given.over("all", PLACE, "finland") == list(municipalities("FI").index)
    assert given.over("all", Parameter("level", "choice", "a", choices=("a", "b"))) == ["a", "b"]
    for parameter, source in [(CODE, "kolada"), (PLACE, None)]:
        with pytest.raises(UsageError, match="FILE"):
            given.over("all", parameter, source)


def test_names_become_codes_and_all_wrong_ones_are_told_at_once():
    assert given.places(["Ale", "1440", "Upplands Väsby"], "SE") == ["1440", "0114"]
    with pytest.raises(UnknownMunicipality) as caught:
        given.places(["Ale", "Alee", "114", "Jakobstad"], "SE")
    assert "3 of 4" in str(caught.value)
    assert all(text in str(caught.value) for text in ("'Alee'", "0114", "Jakobstad"))


def test_the_product_takes_every_combination():
    assert given.product({"a": [1, 2], "b": ["x", "y"]}) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]


@pytest.mark.parametrize(
    "text", ["x=1;print(1);y=1", "__import__('os')=1", "a b=1", "=1", "a.b=1", "a\n=1\nb=2", "{x}=1", "%s=1", "novalue"]
)
def test_hostile_names_are_refused(text):
    with pytest.raises(ParameterError):
        validate({"code": CODE}, given.pairs([text]))


@pytest.mark.parametrize(
    "value",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows",
        "{municipality.__class__}",
        "{0}",
        "%s%n",
        "a\x00b",
        "x" * 500,
        "CON",
        ".",
        "..",
        "'; import os; '",
    ],
)
def test_hostile_values_stay_values_and_give_harmless_folders(value):
    assert validate({"code": CODE}, given.pairs([f"code={value}"])) == {"code": value}
    name = slug({"code": value}, {"code": ""}, "sv")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789åäöÅÄÖ-_")
    assert len(name) < 100


def test_template_text_in_an_error_is_shown_as_it_is():
    with pytest.raises(UnknownMunicipality) as caught:
        given.places(["{value.__class__}", "%s"], None)
    assert "{value.__class__}" in str(caught.value)


@pytest.mark.parametrize("end", ["", ",0114"])
@pytest.mark.parametrize("text", ["code,x\n{cell}\n", "x,code\n{cell},0114\n", 'x,code\n"{cell};1",0114\n'])
def test_a_cell_beyond_the_limit_is_refused(file, text, end):
    with pytest.raises(ParameterError, match="too long"):
        given.over(str(file(text.format(cell="x" * 140_000) + end, "a.csv")), CODE)


@pytest.mark.parametrize("raw", [b"\xff\xfe0", b"\xfe\xff\xd8\x00", "code\n091".encode("utf-16-le")])
def test_what_is_no_text_is_refused(tmp_path, raw):
    for name in ("a.csv", "a.txt"):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(ParameterError, match="no text"):
            given.over(str(tmp_path / name), CODE)


def test_secrets_that_values_refer_to():
    assert given.secrets({"key": "env:A", "keys": ["env:B", "x"], "note": "see env:C"}) == ["A", "B"]
