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
        ('horizon = "15 months"', 'horizon = "0 days"', "'0 days' is no time at all"),
        ('"+1 06-10"\n\n[[feature]]\nname', '"unknown"\n\n[[feature]]\nname', "can be no sign on the day of a list"),
    ],
)  # fmt: skip
def test_each_is_told(old, new, said):
    assert old in TASK
    with pytest.raises(UsageError, match=said):
        parse(TASK.replace(old, new))


OWN = """
[[feature]]
name = "earlier"
column = "{column}"
table = "{table}"
kind = "category"
known_from = "{known_from}"

[[group]]"""


def with_own(text, **feature):
    return text.replace("[[group]]", OWN.format(**feature), 1)


def test_the_outcome_itself_cannot_be_known_early():
    about = {"column": "went_on", "table": "leaving"}
    for early in ("+1 06-10", "row"):
        with pytest.raises(UsageError, match="earlier tells the outcome itself"):
            parse(with_own(TASK, **about, known_from=early))
    for timely in ("+1 09-20", "+1 10-01", "unknown", "column:told"):
        assert parse(with_own(TASK, **about, known_from=timely))
    left = TASK.replace("where = { grade = 8 }", 'left = "ended"')
    gone = {"column": "ended", "table": "school"}
    assert parse(with_own(left, **gone, known_from="column:ended"))
    with pytest.raises(UsageError, match="or the day of leaving"):
        parse(with_own(left, **gone, known_from="+1 06-10"))


def test_an_event_of_another_table_is_known_when_it_has_come():
    event = TASK.replace('column = "went_on"\nkind = "status"\nevent = "no"', 'kind = "event"')
    event = event.replace('known_from = "+1 09-20"', "").replace('date = "year"\n\nhorizon', 'date = "day"\nhorizon')
    about = {"column": "day", "table": "leaving"}
    for timely in ("row", "+30 days", "column:day", "column:day +2 weeks"):
        assert parse(with_own(event, **about, known_from=timely))
    for early in ("-30 days", "06-15", "column:day -1 day"):
        with pytest.raises(UsageError, match="earlier tells the outcome itself"):
            parse(with_own(event, **about, known_from=early))


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
