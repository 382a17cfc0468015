"""The register of pupils: made again to the byte, nobody's codes, and a truth that the outcomes follow."""

import importlib.util
import re
import sys

import numpy as np
import pandas as pd
import pytest

from kommunanalys.paths import data_dir

FOLDER = data_dir() / "example" / "pupils"
FILES = ["leaving.csv", "objections.csv", "school.csv", "truth.csv"]


def raw(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, sep=";", dtype=str, keep_default_na=False)


def test_made_again_to_the_byte(tmp_path):
    spec = importlib.util.spec_from_file_location("make_pupils", FOLDER.parent / "make_pupils.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_pupils"] = module  # a frozen dataclass looks its module up
    spec.loader.exec_module(module)
    del sys.modules["make_pupils"]
    module.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), f"{name}: run make_pupils.py"


@pytest.mark.parametrize("name", FILES)
def test_every_code_is_one_that_nobody_has(name):
    codes = raw(name)["personal_identity_code"].str.upper()
    assert codes.map(lambda code: re.fullmatch(r"\d{6}A9\d\d[0-9A-Y]", code) is not None).all()


def test_as_many_do_not_go_on_as_the_truth_says():
    both = raw("leaving.csv").merge(raw("truth.csv"), on="personal_identity_code", validate="one_to_one")
    risk, gone = both["risk"].astype(float), both["went_on"] == "no"
    assert abs(gone.sum() - risk.sum()) < 3 * np.sqrt((risk * (1 - risk)).sum())
    riskiest = risk.rank(pct=True) > 0.9
    assert gone[riskiest].mean() > 3 * gone.mean()


def test_marks_tell_less_of_those_with_another_mother_tongue():
    marks = raw("school.csv").query("mark != ''").assign(mark=lambda table: table["mark"].astype(float))
    by_tongue = marks.groupby("mother_tongue")["mark"].mean()
    assert by_tongue["other"] + 0.3 < min(by_tongue["fi"], by_tongue["sv"])
    both = raw("leaving.csv").merge(raw("school.csv").query("grade == '9'"), on="personal_identity_code")
    gone = (both["went_on"] == "no").groupby(both["mother_tongue"]).mean()
    assert abs(gone["other"] - gone["fi"]) < 0.04
