"""Words of a page as they are heard, and the rules' borders: what is just enough."""

import pytest

from kommunanalys.reporting.page_rules import RULES, name, parse, words


def found(rule, text):
    return [flaw.message for flaw in RULES[rule](parse(text))]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("alternative-text", "<img alt='' role='presentation'>"),
        ("alternative-text", "<img alt='Costs rise by 5 %'>"),
        ("alternative-text", "<img alt='Figure 3 shows how the costs of schools rise.'>"),
        ("heading-levels", "<h1>a</h1><h2>b</h2><h3>c</h3><h2>d</h2>"),
        ("table-headers", "<table><tr><td></td><th scope='col'>a</th></tr></table>"),
        ("link-text", "<a href='#'><img alt='To the reports'></a><a href='#' aria-label='Up'></a>"),
        ("link-text", "<b id='n'>Name</b><a href='x' aria-labelledby='n'></a>"),
        ("link-target", "<a href='#a'>a</a><p id='a'></p><a href='report.html'>b</a><a href='#top'>c</a>"),
        ("control-label", "<label>Year <select></select></label><label for='t'>Text</label><input id='t'>"),
        ("control-label", "<input type='hidden'><button>Show</button>"),
        ("zoom", "<meta name='viewport' content='width=device-width, initial-scale=1, maximum-scale=5'>"),
        ("keyboard-order", "<p tabindex='0'></p><p tabindex='-1'></p>"),
        ("language", "<html lang='sv-FI'>"),
    ],
)
def test_well(rule, text):
    assert found(rule, text) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("alternative-text", "<img alt='  '>"),
        ("alternative-text", "<img alt='Figure 3.'>"),
        ("alternative-text", "<img alt='' >"),
        ("alternative-text", "<img alt='chart_of_all_costs.PNG'>"),
        ("heading-levels", "<h2>a</h2>"),
        ("table-caption", "<table><caption> </caption></table>"),
        ("table-headers", "<table><tr><th scope='column'>a</th></tr></table>"),
        ("link-target", "<a href=''>a</a>"),
        ("control-label", "<label></label><input placeholder='Text'>"),
        ("control-label", "<button></button>"),
        ("zoom", "<meta name='viewport' content='maximum-scale=1'>"),
        ("title", "<title></title>"),
        ("language", "<html lang=''>"),
    ],
)
def test_faulty(rule, text):
    assert found(rule, text)


def test_words_and_names():
    page = parse("<a aria-label='Up'>x</a><p>a<!-- b --> <b>c</b>\n d</p>")
    assert name(page.a) == "Up"
    assert words(page.p) == "a c d"
