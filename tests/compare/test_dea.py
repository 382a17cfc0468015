"""DEA: a case by hand, published cases, invariances, what it refuses and what it says."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA
from kommunanalys.errors import MixedPopulations, TableError, UsageError
from kommunanalys.figures import description
from kommunanalys.language import Speaker

SCORE = 1e-6
"""Bar of the collected cases; two solvers differ by 5e-11 there."""
SLACKS = 1e-4
"""Bar of the collected cases for the sum; single slacks are not unique."""
SAME = 1e-8
"""What a change of units or order may do to a score."""
TECHNOLOGIES = [(returns, kind) for returns in ("crs", "vrs", "drs", "irs") for kind in ("in", "out")]
CASES = {
    "follow_through_1981": (
        ["education", "occupation", "parental", "counseling", "teachers"],
        ["reading", "math", "coopersmith"],
    ),
    "milk_108": (["energy", "vet", "cows"], ["milk"]),
    "electric_plants_1978": (["Labor", "Fuel", "Capital"], ["Output"]),
    "tokyo_libraries_1986": (["AREA", "BOOKS", "STAFF", "POPULATION"], ["REGISTERED", "BORROWED"]),
    "coll_blasco_2006": (["Employees", "Capital"], ["Vehicles", "Orders"]),
    "fortune500_1995": (["Assets", "Equity", "Employees"], ["Revenue", "Profit"]),
}


def case(shared, name):
    folder = shared / "data" / "efficiency-cases"
    table, expected = pd.read_csv(folder / f"{name}.csv"), pd.read_csv(folder / f"{name}.expected.csv")
    inputs, outputs = CASES[name]
    return table[inputs].astype(float), table[outputs].astype(float), expected


def by_hand():
    """One input, one output: A (2, 1), B (4, 3), C (6, 4) span the frontier under variable returns; D (6, 2) is inside.

    The target of D has output 2, half way from A to B, so that it needs 3 of 6: score .5, peers A and B with half each.
    """
    index = pd.Index(["A", "B", "C", "D"])
    return (
        pd.DataFrame({"cost": [2.0, 4.0, 6.0, 6.0]}, index),
        pd.DataFrame({"pupils": [1.0, 3.0, 4.0, 2.0]}, index),
    )


def test_by_hand():
    dea = DEA(returns="vrs", orientation="input").fit(*by_hand())
    assert dea.efficiency_.to_dict() == pytest.approx({"A": 1.0, "B": 1.0, "C": 1.0, "D": 0.5})
    own = dea.peers_[dea.peers_["unit"] == "D"].set_index("peer")["weight"]
    assert own.to_dict() == pytest.approx({"A": 0.5, "B": 0.5})
    assert dea.targets_.loc["D"].to_dict() == pytest.approx({"cost": 3.0, "pupils": 2.0})
    # Constant returns: B makes .75 of one, the most; A .5, C 2/3, D 1/3.
    constant = DEA(returns="crs").fit(*by_hand()).efficiency_
    assert constant.to_numpy() == pytest.approx([0.5 / 0.75, 1.0, (4 / 6) / 0.75, (2 / 6) / 0.75])
    # Output-oriented under variable returns: with 6 C makes 4, D makes 2.
    assert DEA(orientation="output").fit(*by_hand()).efficiency_["D"] == pytest.approx(2.0)


def test_requirements_by_hand():
    frame = DEA().fit(*by_hand()).requirements("D").set_index("column")
    assert frame.loc["cost", ["value", "target", "difference", "difference_percent"]].tolist() == pytest.approx(
        [6.0, 3.0, -3.0, -50.0]
    )
    # Without A the reference must make at least 2, which B does with 4 (difference 2); without B the line from A to C
    # reaches 2 at 2 + 4/3 (difference 8/3). So the least is 2.
    assert frame.loc["cost", ["low", "high"]].tolist() == pytest.approx([-2.0, -3.0])
    assert not frame["includes_none"].any()
    assert frame.loc["pupils", ["low", "high"]].isna().all()


def test_requirements_where_one_peer_makes_the_whole_distance():
    inputs = pd.DataFrame({"cost": [1.0, 2.0]}, ["A", "B"])
    frame = DEA().fit(inputs, pd.DataFrame({"pupils": [1.0, 1.0]}, ["A", "B"])).requirements("B").set_index("column")
    assert frame.loc["cost", "low"] == 0.0
    assert frame.loc["cost", "high"] == -1.0
    assert frame["includes_none"].all()


def test_requirements_in_the_output_orientation_range_over_the_outputs():
    frame = DEA(orientation="output").fit(*by_hand()).requirements("D").set_index("column")
    # C makes 4 with 6; without C, B makes 3 with 4.
    assert frame.loc["pupils", ["low", "high"]].tolist() == pytest.approx([1.0, 2.0])
    assert frame.loc["cost", ["low", "high"]].isna().all()


@pytest.mark.shared
@pytest.mark.parametrize("name", CASES)
def test_published_cases(shared, name):
    inputs, outputs, expected = case(shared, name)
    compared = 0
    for returns, kind in TECHNOLOGIES:
        column = f"{returns}_{kind}"
        if column in expected:
            scores = DEA(returns=returns, orientation=f"{kind}put").fit(inputs, outputs).efficiency_
            assert scores.to_numpy() == pytest.approx(expected[column].to_numpy(), abs=SCORE), column
            compared += 1
    assert compared >= 2


@pytest.mark.shared
@pytest.mark.parametrize("name", ["follow_through_1981", "milk_108"])
def test_published_slacks(shared, name):
    inputs, outputs, expected = case(shared, name)
    slacks = DEA().fit(inputs, outputs).slacks_.sum(axis=1).to_numpy()
    total = expected.filter(regex="slack").sum(axis=1).to_numpy()
    assert slacks == pytest.approx(total, abs=SLACKS)
    assert total.max() > 1, "the case must have slack"


@pytest.mark.shared
def test_follow_through_within_the_programme(shared):
    inputs, outputs, expected = case(shared, "follow_through_1981")
    inside = np.arange(70) < 49
    for rows in (inside, ~inside):
        scores = DEA(returns="crs").fit(inputs[rows], outputs[rows]).efficiency_
        assert scores.to_numpy() == pytest.approx(expected["ccr_within_program"][rows].to_numpy(), abs=SCORE)


@pytest.mark.shared
@pytest.mark.parametrize(("returns", "kind"), TECHNOLOGIES)
def test_units_order_and_copies_change_nothing(shared, returns, kind):
    inputs, outputs, _ = case(shared, "follow_through_1981")
    dea = DEA(returns=returns, orientation=f"{kind}put")
    scores, slacks = dea.fit(inputs, outputs).efficiency_, dea.slacks_
    larger = dea.fit(inputs * 1e6, outputs).efficiency_
    assert larger.to_numpy() == pytest.approx(scores.to_numpy(), abs=SAME)
    one = DEA(returns=returns, orientation=f"{kind}put").fit(inputs.assign(teachers=inputs["teachers"] * 1e6), outputs)
    assert one.efficiency_.to_numpy() == pytest.approx(scores.to_numpy(), abs=SAME)
    assert one.slacks_["education"].to_numpy() == pytest.approx(slacks["education"].to_numpy(), abs=SLACKS)
    order = np.random.default_rng(1).permutation(len(inputs))
    shuffled = dea.fit(inputs.iloc[order], outputs.iloc[order]).efficiency_
    assert shuffled[inputs.index].to_numpy() == pytest.approx(scores.to_numpy(), abs=SAME)
    twice = dea.fit(pd.concat([inputs, inputs]), pd.concat([outputs, outputs])).efficiency_
    assert twice.to_numpy() == pytest.approx(np.tile(scores, 2), abs=SAME)


def test_arrays_and_zeros():
    dea = DEA(returns="crs").fit(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([[1.0], [1.0], [0.0]]))
    assert dea.efficiency_.tolist() == [1.0, 1.0, 0.0]
    assert dea.inputs_.columns.tolist() == ["input_1", "input_2"]


def test_weights_of_variable_returns_sum_to_one():
    rng = np.random.default_rng(2)
    dea = DEA().fit(rng.uniform(1, 9, (40, 2)), rng.uniform(1, 9, (40, 2)))
    assert dea.peers_.groupby("unit")["weight"].sum().to_numpy() == pytest.approx(np.ones(40))
    assert (dea.peers_["weight"] > 1e-9).all()
    table = pd.concat([dea.inputs_, dea.outputs_], axis=1)
    for unit, rows in dea.peers_.groupby("unit"):
        assert rows["weight"].to_numpy() @ table.loc[rows["peer"]].to_numpy() == pytest.approx(dea.targets_.loc[unit])


def test_no_output_at_all_is_unbounded_in_the_output_orientation():
    with pytest.warns(RuntimeWarning, match="unbounded"):
        dea = DEA(orientation="output").fit([[1.0], [1.0]], [[1.0], [0.0]])
    assert dea.efficiency_.tolist() == [1.0, np.inf]
    assert dea.requirements(1)["low"].isna().all()


@pytest.mark.parametrize(("value", "named"), [(-1.0, "is -1.0"), (float("nan"), "is nan"), (float("inf"), "is inf")])
def test_impossible_values_are_refused_by_name(value, named):
    inputs, outputs = by_hand()
    outputs.loc["C", "pupils"] = value
    with pytest.raises(TableError, match=f"pupils of C {named}"):
        DEA().fit(inputs, outputs)


def test_a_unit_without_input_is_refused_by_name():
    inputs, outputs = by_hand()
    inputs.loc["B"] = 0.0
    with pytest.raises(TableError, match="Without any input, all of them 0: B"):
        DEA().fit(inputs, outputs)


def test_what_cannot_be_compared_is_refused():
    inputs, outputs = by_hand()
    with pytest.raises(UsageError, match="different units"):
        DEA().fit(inputs, outputs.iloc[::-1])
    with pytest.raises(UsageError, match="name of its own"):
        DEA().fit(inputs, inputs)
    with pytest.raises(UsageError, match=r"Unknown returns 'ccr'\. Choose one of crs, vrs, drs, irs"):
        DEA(returns="ccr").fit(inputs, outputs)
    with pytest.raises(UsageError, match="input, output"):
        DEA(orientation="in").fit(inputs, outputs)
    with pytest.raises(UsageError, match="call fit"):
        DEA().summary()
    with pytest.raises(UsageError, match="Unknown unit 'E'"):
        DEA().fit(inputs, outputs).requirements("E")
    with pytest.raises(MixedPopulations, match="_home, _located, _own"):
        DEA().fit(
            inputs.set_axis(["compulsory_cost_home"], axis=1), outputs.set_axis(["compulsory_pupils_own"], axis=1)
        )


def test_parameters_are_left_untouched():
    dea = DEA(returns="crs", orientation="output")
    asked = {"returns": "crs", "orientation": "output", "fixed": (), "noncontrollable": (), "random_state": None}
    assert vars(dea) == asked
    assert dea.fit(*by_hand()) is dea


def test_frame_and_summary_agree():
    dea = DEA().fit(*by_hand())
    frame = dea.to_frame()
    assert frame["peer_for"].tolist() == [1, 1, 0, 0]
    assert frame["efficient"].tolist() == [True, True, True, False]
    assert dea.summary() == "On the frontier: 3 of 4. Half of the scores are 1.00 or lower."
    assert dea.summary(unit="D").startswith(
        "D has the score 0.50, where 1 is on the frontier, and is compared with A and B."
    )
    assert "not waste" in dea.summary(unit="D")
    assert "no proof" in dea.summary(unit="A")


def test_a_score_of_one_with_slack_is_not_called_the_best():
    # B uses as much as A of one input and more of the other: nothing to contract in both, and still not the best.
    dea = DEA().fit([[1.0, 1.0], [1.0, 2.0]], [[1.0], [1.0]])
    assert dea.efficiency_.tolist() == [1.0, 1.0]
    assert dea.to_frame()["efficient"].tolist() == [True, False]
    assert dea.slacks_.loc[1].tolist() == pytest.approx([0.0, 1.0, 0.0])
    assert "no mix of the others" not in dea.summary(unit=1)
    frame = dea.requirements(1)
    assert frame["includes_none"].all()
    assert frame["low"].tolist()[:2] == [0.0, 0.0]


def test_cautions_name_the_dominant_peers_and_the_few_units():
    inputs, outputs = by_hand()
    said = [caution.say(Speaker("en")) for caution in DEA().fit(inputs, outputs).cautions]
    assert len(said) == 1
    assert said[0].startswith("Only 4 units are compared on 2 figures. With fewer than 6 units")
    glossary = outputs.set_axis(["compulsory_pupils_home"], axis=1)
    assert any("No result of the activity" in item.text for item in DEA().fit(inputs, glossary).cautions)


def test_plot_is_described_and_marks_the_unit():
    dea = DEA().fit(*by_hand())
    ax = dea.plot("D")
    assert description(ax).alternative == dea.summary(unit="D")
    assert description(ax).data["Efficiency score"].tolist() == pytest.approx([0.5, 1.0, 1.0, 1.0])
    assert [text.get_text() for text in ax.texts] == ["D"]
    assert description(dea.plot()).alternative == dea.summary()
