"""Domains and who answers for them."""

import tomllib
from datetime import date

import pytest

from kommunanalys.errors import UsageError
from kommunanalys.language import LANGUAGES, Speaker
from kommunanalys.secrecy.domains import FACTS, called, domain, domains

OWN = """
[leisure]
name = { en = "Leisure", sv = "Fritid", fi = "Vapaa-aika" }
sensitive = false
[school]
name = { en = "Our school", sv = "Vår skola", fi = "Koulumme" }
[school.controllers.FI]
en = "us"
sv = "vi"
fi = "me"
law = "-"
checked = 2026-11-22
"""


def test_every_statement_of_law_has_its_date_or_says_that_nobody_has_looked_it_up():
    for name, entry in tomllib.loads(FACTS.read_text(encoding="utf-8")).items():
        for place, about in entry["controllers"].items():
            told = domain(name).summary("en", {"FI-091": "Helsinki", "FI-AX": "Mariehamn"}.get(place, place))
            if "checked" in about:
                assert isinstance(about["checked"], date)
                assert f"looked up {about['checked']}" in told
            else:
                assert "not looked up yet" in told
            assert about["law"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_in_three_languages(language):
    names = [one.name[language] for one in domains().values()]
    assert len(set(names)) == len(names)
    assert called("school", Speaker(language)) == domain("school").name[language]


def test_helsinki_and_aland_differ():
    welfare = domain("pupil_welfare")
    assert welfare.controller("Jakobstad") == welfare.controller("FI") != welfare.controller("SE")
    assert welfare.controller("FI").since == "2023-01-01"
    assert "Helsinki" in welfare.controller("091").name["fi"] or "Helsing" in welfare.controller("091").name["fi"]
    assert "ÅHS" in welfare.controller("Mariehamn").name["sv"]
    assert welfare.controller("Stockholm") == welfare.controller("SE")
    assert domain("employment").controller("SE") is None


def test_osl_chapters():
    assert "23 kap." in domain("school").controller("SE").law
    assert "26 kap." in domain("social_services").controller("SE").law
    assert "25 kap." in domain("health_care").controller("SE").law


def test_small_numbers_of_health_and_social_services_are_sensitive():
    assert [name for name, one in domains().items() if not one.sensitive] == ["school", "early_childhood"]


def test_own_domains_are_added_and_replace_ours(tmp_path, monkeypatch):
    file = tmp_path / "own.toml"
    file.write_text(OWN, encoding="utf-8")
    monkeypatch.setenv("KOMMUNANALYS_DOMAINS", str(file))
    assert domain("leisure").name["sv"] == "Fritid"
    assert domain("school").name["en"] == "Our school"
    assert domain("school").sensitive  # strict where nothing is said
    assert domain("school").summary("en", "FI").endswith("Orientation, not advice.")
    assert domain("leisure").summary("fi", "FI") == "Vapaa-aika"
    file.write_text(OWN.replace('sv = "vi"', "").replace(', fi = "Vapaa-aika"', ""), encoding="utf-8")
    with pytest.raises(UsageError, match=r"leisure: name.fi; school: FI.sv"):
        domains()
    for controllers in ("controllers = 5", "controllers.FI = 'x'", "controllers.FI = { law = 5 }"):
        file.write_text(OWN.partition("[school]")[0] + controllers, encoding="utf-8")
        with pytest.raises(UsageError, match="leisure: "):
            domains()
    file.write_text("[", encoding="utf-8")
    with pytest.raises(UsageError, match="no TOML"):
        domains()
    file.unlink()
    with pytest.raises(UsageError, match="cannot be opened"):
        domains()


def test_unknown_domain():
    with pytest.raises(UsageError, match=r"Unknown secrecy domain 'scool'.*social_services"):
        domain("scool")
    assert called("scool") == "scool"
