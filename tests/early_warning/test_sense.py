"""Tasks whose parts do not fit together."""

import pytest

from kommunanalys.early_warning.reading import parse
from kommunanalys.early_warning.sense import axis_of, days_of
from kommunanalys.errors import UsageError
from tests.early_warning.real import OULAD_TASK
from tests.early_warning.small import TASK


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('unit = "id"', 'unit = ["id", "year"]', "person is missing"),
        ('per = "school"', 'per = "town"', "per must be the place .'school'."),
        ('name = "change"', 'name = "absence"', "two features are called 'absence'"),
        ('name = "sex"', 'name = "risk"', "no group can be called 'risk'"),
        ('name = "sex"', 'name = "school"', "no group can be called 'school'"),
        ('feature = "absence"', 'feature = "absense"', "'absense' is no feature; do you mean 'absence'"),
        ('feature = "absence"', 'feature = "support"', "value must be given for a category"),
        ('feature = "absence"', 'feature = "absence"\nvalue = "9"', "and only there"),
        ('as_of = "06-30"', 'as_of = "2025-06-30"', "as_of must be a day of the year"),
        ('as_of = "06-30"', "", "as_of must be a day of the year"),
        ('horizon = "15 months"', "horizon = 2", "as_of must be left out"),
        ('take = "change"', 'take = "change"\nwithin = "long"', "within: 'long' is no length"),
        ('kind = "category"', 'kind = "category"\ntake = "mean"', "support: of a category take may be last, first"),
    ],
)  # fmt: skip
def test_each_is_told(old, new, said):
    assert old in TASK
    with pytest.raises(UsageError, match=said):
        parse(TASK.replace(old, new))


def test_all_are_told_at_once():
    with pytest.raises(UsageError, match=r"per must.*\[cohort\] until: 'then'.*'x' is no feature"):
        parse(
            TASK.replace('per = "school"', 'per = "x"')
            .replace("+2 06-15", "then")
            .replace('feature = "absence"', 'feature = "x"')
        )


def test_an_event_cannot_be_known_before_its_window_has_closed():
    with pytest.raises(UsageError, match="how long after it the news has come"):
        parse(OULAD_TASK.replace('horizon = "180 days"', 'horizon = "180 days"\nknown_from = "column:start"'))


def test_numbers_and_days():
    assert (axis_of("2").numbers, axis_of("1 year").numbers) == (True, False)
    assert days_of(parse(OULAD_TASK)) == ["04-02", "11-30"]
