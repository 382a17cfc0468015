"""Makes the embedded example data: fictive municipalities whose true efficiency and quality are known.

Run `python data/example/make_example.py`; the files beside this script come out the same to the byte on every machine,
since all chance comes from the standard library's generator. The model is told in the README of this folder.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from random import Random
from statistics import NormalDist

from kommunanalys import names

SEED = 2169
"""Chosen, not taken at random: the README of this folder says for what."""
YEARS = range(2014, 2025)
MERGER_YEAR, MERGED, INTO = 2020, ("X39", "X40"), "X38"
CERTIFICATION_BREAK = 2019
FEW = 10
"""Outcomes of fewer pupils than this are secret."""

# log(real cost per pupil) = the sum of these, plus inefficiency and noise; real means prices of 2015.
COEFFICIENTS = {
    "constant": 9.36,
    "log_pupils": -0.06,
    "rural_share": 0.002,
    "parents_low_education": 0.012,
    "newly_arrived": 0.012,
}
INEFFICIENCY_SD = 0.117
"""Scale of the half-normal inefficiency; the most costly lie at an efficiency of about 0.75."""
NOISE_SD = 0.012
PRICES = dict(
    zip(YEARS, (99.4, 100.0, 100.7, 100.9, 102.3, 104.1, 105.0, 107.8, 112.1, 116.9, 119.8), strict=True),
)
NEWLY_ARRIVED_WAVE = dict(zip(YEARS, (1.0, 1.2, 1.6, 1.5, 1.3, 1.1, 1.0, 1.0, 1.2, 1.4, 1.3), strict=True))

# code, Swedish name, Finnish name, languages (the larger first), inhabitants in 2014
AREAS = (
    ("X01", "Almfjärd", "Jalavaselkä", "fi-sv", 140_000),
    ("X02", "Lärkhed", "Kiurunummi", "fi", 92_000),
    ("X03", "Silvermo", "Hopeakangas", "fi", 61_000),
    ("X04", "Vinterfors", "Talvikoski", "fi", 45_000),
    ("X05", "Bärnstensnäs", "Meripihkaniemi", "fi-sv", 34_000),
    ("X06", "Ugglebro", "Pöllösilta", "fi", 26_000),
    ("X07", "Tärnsund", "Tiirasalmi", "sv-fi", 6_150),
    ("X08", "Kråkhamn", "Varissatama", "fi-sv", 20_500),
    ("X09", "Blåklintsta", "Kaunokkila", "fi", 16_400),
    ("X10", "Dimfors", "Usvakoski", "fi", 13_200),
    ("X11", "Ekorrlund", "Oravalehto", "fi", 11_000),
    ("X12", "Frostmyra", "Hallasuo", "fi", 9_300),
    ("X13", "Gyllenås", "Kultaharju", "fi", 48_000),
    ("X14", "Hasselåker", "Pähkinäpelto", "fi-sv", 8_100),
    ("X15", "Igelkulla", "Siilikumpu", "fi", 7_300),
    ("X16", "Klöverhamn", "Apilasatama", "sv-fi", 6_800),
    ("X17", "Lyktö", "Lyhtysaari", "sv", 6_500),
    ("X18", "Månskensfors", "Kuutamokoski", "fi", 6_300),
    ("X19", "Norrskenby", "Revontulikylä", "fi", 6_200),
    ("X20", "Orrmalm", "Teerinummi", "fi", 5_900),
    ("X21", "Pärlsand", "Helmihiekka", "fi-sv", 5_700),
    ("X22", "Rimfrostnäs", "Huurreniemi", "fi", 5_500),
    ("X23", "Rönnfjord", "Pihlajavuono", "sv-fi", 5_100),
    ("X24", "Skymberga", "Hämyvuori", "fi", 4_500),
    ("X25", "Snöbro", "Lumisilta", "fi", 4_000),
    ("X26", "Sommarfors", "Kesäkoski", "fi", 3_600),
    ("X27", "Stjärnhult", "Tähtisalo", "fi", 3_200),
    ("X28", "Svanfjärd", "Joutsenselkä", "sv-fi", 2_800),
    ("X29", "Tibastby", "Näsiäkylä", "sv", 2_400),
    ("X30", "Vipberga", "Hyyppävuori", "fi", 2_100),
    ("X31", "Sländträsk", "Korentojärvi", "sv", 1_800),
    ("X32", "Vallmoås", "Unikkoharju", "fi", 1_500),
    ("X33", "Lodjursmo", "Ilveskangas", "fi", 1_300),
    ("X34", "Vindkulla", "Tuulikumpu", "fi", 1_100),
    ("X35", "Åskmark", "Ukkosmaa", "fi", 900),
    ("X36", "Älgörtsnäs", "Mesiangervoniemi", "sv", 790),
    ("X37", "Kornblixtsby", "Elosalamakylä", "fi", 7_000),
    ("X38", "Havslycke", "Merionnela", "sv-fi", 5_200),
    ("X39", "Gökbro", "Käkisilta", "sv-fi", 1_250),
    ("X40", "Rävglänta", "Kettuaukea", "fi", 860),
)
REGIONS = {
    "X1": ("Exempelkusten (påhittad)", "Esimerkkirannikko (keksitty)"),
    "X2": ("Exempelinlandet (påhittat)", "Esimerkkisisämaa (keksitty)"),
}
# What is not left to chance: X07 is dear and otherwise ordinary, X13 is cheap and fails its pupils.
CHOSEN: dict[str, dict[str, float]] = {
    "X07": {
        "urban_share": 82,
        "low_education": 9,
        "newly_arrived": 2.5,
        "growth": -0.003,
        "inefficiency": 0.163,
        "quality": 0,
    },
    "X13": {"urban_share": 98.5, "low_education": 4.5, "newly_arrived": 0.8, "inefficiency": 0, "quality": -1},
}
MISSING_COST = {("X21", 2017)}
NO_MERIT = {(code, 2019) for code in ("X05", "X12", "X18", "X26", "X30")}
"""Spring 2020, school year 2019/20: some merit values were never put together in the pandemic."""
PATCHY = (
    "compulsory_pupils_per_teacher_own",
    "compulsory_certified_teachers_own",
    "compulsory_parents_education_own",
    "result_per_inhabitant",
    "equity_ratio",
)
SETTLED_LATE = ("_cost_home", "_cost_own", "_per_inhabitant", "equity_ratio")
BREAK = {
    "en": "Example data: from 2019 only teachers qualified in the subject that they teach are counted as certified.",
    "sv": "Exempeldata: från 2019 räknas bara lärare med behörighet i det ämne de undervisar i.",
    "fi": "Esimerkkiaineisto: vuodesta 2019 lasketaan vain opettajat, joilla on kelpoisuus opettamaansa aineeseen.",
}

Values = dict[str, float]


def stream(code: str, topic: str) -> Random:
    """Chance of its own for each municipality and topic, so that a change in one place moves nothing elsewhere."""
    return Random(f"{SEED} {code} {topic}")


def chances(rng: Random, n: int, p: float) -> int:
    """How many of n succeed."""
    return sum(rng.random() < p for _ in range(n))


def expit(x: float) -> float:
    """Log-odds → probability."""
    return 1 / (1 + math.exp(-x))


def between(low: float, value: float, high: float) -> float:
    """The value, kept within limits."""
    return max(low, min(value, high))


def inefficiencies() -> Values:
    """Each area's inefficiency in 2019: evenly spread quantiles of a half-normal distribution, dealt out by chance."""
    codes = [code for code, *_ in AREAS if code not in CHOSEN]
    dealt = [INEFFICIENCY_SD * NormalDist().inv_cdf(0.5 + (i + 0.5) / len(codes) / 2) for i in range(len(codes))]
    stream("all", "inefficiency").shuffle(dealt)
    return dict(zip(codes, dealt, strict=True))


def character(code: str, population: int) -> Values:
    """What stays about the same over the years in one area."""
    rng, size = stream(code, "character"), math.log(population / 6000)
    low = between(3, rng.gauss(8.5, 3), 17)
    new = between(0.3, rng.gauss(2.4, 1.3), 7)
    higher = 33 - 1.3 * (low - 8.5) + 2.2 * size + rng.gauss(0, 2.5)
    return {
        "growth": 0.004 * (size - 0.7) + rng.gauss(0, 0.003),
        "children": 0.112 + rng.gauss(0, 0.007),
        "young": 0.045 + rng.gauss(0, 0.003),
        "land_area": 60 + 380 * math.exp(rng.gauss(0, 0.6)),
        "urban_share": between(20, 100 - 13 * math.exp(-size / 1.9) + rng.gauss(0, 9), 99),
        "low_education": low,
        "newly_arrived": new,
        "foreign_born": 2 + 1.6 * new + max(0, 1.2 * size) + abs(rng.gauss(0, 1)),
        "higher_education": higher,
        "median_income": 20_800 * math.exp(0.006 * (higher - 33) + rng.gauss(0, 0.02)),
        "own_share": between(0.82, 0.97 - 0.02 * max(0, size) + rng.gauss(0, 0.01), 1),
        "quality": rng.gauss(0, 0.2),
        "drift": rng.gauss(0, 0.002),
    }


def structure(code: str, population: int, inefficiency: float) -> dict[int, Values]:
    """One area's inhabitants, pupils, needs, inefficiency and quality, year by year."""
    base = {**character(code, population), "inefficiency": inefficiency, **CHOSEN.get(code, {})}
    rng, years = stream(code, "structure"), {}
    for year in YEARS:
        since = year - YEARS[0]
        people = round(population * (1 + base["growth"]) ** since)
        children = round(people * base["children"] * (1 - 0.006 * since))
        years[year] = {
            "population": people,
            "age_6_15": children,
            "age_16_19": round(people * base["young"]),
            "land_area": base["land_area"],
            "pupils": round(children * 0.99),
            "urban_share": between(0, base["urban_share"] + 0.1 * since, 99.8),
            "low_education": max(1, base["low_education"] - 0.08 * since + rng.gauss(0, 0.15)),
            "newly_arrived": max(0, base["newly_arrived"] * NEWLY_ARRIVED_WAVE[year] + rng.gauss(0, 0.1)),
            "foreign_born": base["foreign_born"] + 0.2 * since + rng.gauss(0, 0.05),
            "higher_education": base["higher_education"] + 0.3 * since + rng.gauss(0, 0.15),
            "median_income": base["median_income"] * 1.022**since * math.exp(rng.gauss(0, 0.004)),
            "own_share": base["own_share"],
            "quality": base["quality"],
            "inefficiency": max(0, base["inefficiency"] + base["drift"] * (year - 2019)),
        }
    return years


def merged(parts: list[Values]) -> Values:
    """Several areas as one: counts and land summed, all else weighed by pupils or inhabitants."""
    counts = ("population", "age_6_15", "age_16_19", "land_area", "pupils")
    by_pupils = ("newly_arrived", "own_share", "quality", "inefficiency")
    whole = {name: sum(part[name] for part in parts) for name in counts}
    for name in (name for name in parts[0] if name not in counts):
        weight = "pupils" if name in by_pupils else "population"
        whole[name] = sum(part[name] * part[weight] for part in parts) / whole[weight]
    return whole


def municipalities() -> dict[str, dict[int, Values]]:
    """Structure of each municipality in the years when it existed; X38 swallows its neighbours in 2020."""
    slack = inefficiencies()
    all_years = {code: structure(code, people, slack.get(code, 0)) for code, _, _, _, people in AREAS}
    for year in YEARS:
        if year >= MERGER_YEAR:
            parts = [all_years[code][year] for code in (INTO, *MERGED)]
            all_years[INTO][year] = merged(parts)
            for code in MERGED:
                del all_years[code][year]
    return all_years


def frontier_cost(s: Values) -> float:
    """Lowest real cost for these needs [EUR/pupil/year, prices of 2015]."""
    b = COEFFICIENTS
    return math.exp(
        b["constant"]
        + b["log_pupils"] * math.log(s["pupils"])
        + b["rural_share"] * (100 - s["urban_share"])
        + b["parents_low_education"] * s["low_education"]
        + b["newly_arrived"] * s["newly_arrived"]
    )


def compulsory(code: str, years: dict[int, Values]) -> dict[int, Values]:
    """Cost, pupils and staff of compulsory school."""
    rng, found = stream(code, "compulsory"), {}
    certified = rng.gauss(86, 4) - (12 if code == "X13" else 0)
    for year, s in years.items():
        real = frontier_cost(s) * math.exp(s["inefficiency"] + rng.gauss(0, NOISE_SD))
        cost = real * PRICES[year] / 100
        transport = 0.03 + 0.001 * (100 - s["urban_share"])
        stricter = 7 if year >= CERTIFICATION_BREAK else 0
        found[year] = {
            "compulsory_cost_home": cost,
            "compulsory_cost_own": cost * (1 - transport) * math.exp(rng.gauss(0, 0.01)),
            "compulsory_pupils_home": s["pupils"],
            "compulsory_pupils_own": round(s["pupils"] * 0.9 * s["own_share"]),
            "compulsory_pupils_per_teacher_own": 12.4 * (10_500 / real) ** 0.6 * math.exp(rng.gauss(0, 0.015)),
            "compulsory_certified_teachers_own": between(40, certified - stricter + rng.gauss(0, 1.2), 99),
            "compulsory_newly_arrived_home": s["newly_arrived"],
            "compulsory_parents_education_own": between(10, s["higher_education"] + 12 + rng.gauss(0, 0.8), 90),
        }
    return found


def results(code: str, years: dict[int, Values]) -> dict[int, Values]:
    """What pupils leave year 9 with: needs, the municipality's quality, and the chance of few pupils."""
    rng, found = stream(code, "results"), {}
    for year, s in years.items():
        odds = 1.25 - 0.05 * (s["low_education"] - 8.5) - 0.06 * (s["newly_arrived"] - 2.4) + s["quality"]
        leavers = round(s["pupils"] / 10)
        own = round(leavers * s["own_share"])
        passed_own = chances(rng, own, expit(odds))
        passed = passed_own + chances(rng, leavers - own, expit(odds + 0.3))
        eligible = passed + chances(rng, leavers - passed, 0.45)
        merit = 222 + 22 * (odds - 1.25) + rng.gauss(0, 62) / math.sqrt(leavers)
        found[year] = {
            "compulsory_all_subjects_home": 100 * passed / leavers if leavers >= FEW else math.nan,
            "compulsory_all_subjects_own": 100 * passed_own / own if own >= FEW else math.nan,
            "compulsory_eligible_home": 100 * eligible / leavers if leavers >= FEW else math.nan,
            "compulsory_merit_home": merit if leavers >= FEW else math.nan,
        }
    return found


def upper_secondary(code: str, years: dict[int, Values]) -> dict[int, Values]:
    """Upper secondary education; schools of its own only where a municipality is large enough or clings to one."""
    rng, found = stream(code, "upper secondary"), {}
    runs = years[YEARS[0]]["population"] > 8_500 or code == "X07" or (code in {"X14", "X17", "X20", "X24", "X28"})
    share = between(0.3, 0.75 + rng.gauss(0, 0.2), 1.2)
    last = None
    for year, s in years.items():
        pupils = round(s["age_16_19"] * 0.72)
        real = math.exp(9.2 - 0.03 * math.log(pupils) + 0.001 * (100 - s["urban_share"]) + 0.5 * s["inefficiency"])
        cost = real * math.exp(rng.gauss(0, 0.015)) * PRICES[year] / 100
        odds = 0.95 - 0.04 * (s["low_education"] - 8.5) + 0.7 * s["quality"]
        starters = round(pupils / 3)
        last = last or (starters, chances(rng, starters, expit(odds)))
        in_four = last[1] + chances(rng, last[0] - last[1], 0.3)
        in_three = chances(rng, starters, expit(odds))
        found[year] = {
            "upper_secondary_cost_home": cost,
            "upper_secondary_pupils_home": pupils,
            "upper_secondary_completion_3y_home": 100 * in_three / starters if starters >= FEW else math.nan,
            "upper_secondary_completion_4y_home": 100 * in_four / last[0] if last[0] >= FEW else math.nan,
        }
        if runs:
            found[year]["upper_secondary_cost_own"] = cost * math.exp(rng.gauss(-0.02, 0.015))
            found[year]["upper_secondary_pupils_own"] = round(pupils * share)
        last = (starters, in_three)
    return found


def residents(s: Values) -> Values:
    """The published columns of a municipality's structure."""
    inner = {"pupils", "low_education", "newly_arrived", "own_share", "quality", "inefficiency"}
    shown = {name: value for name, value in s.items() if name not in inner}
    return {**shown, "parents_low_education": s["low_education"]}


def finance(code: str, years: dict[int, Values]) -> dict[int, Values]:
    """Tax rate, net cost, result and equity; health and social care leave the municipality in 2023."""
    rng, found = stream(code, "finance"), {}
    tax, equity = round(rng.gauss(20.6, 0.9) * 4) / 4, rng.gauss(52, 12)
    dear = math.exp(rng.gauss(0, 0.06))
    for year, s in years.items():
        reformed = year >= 2023
        tax += 0.25 if rng.random() < 0.12 and not reformed else 0
        result = rng.gauss(90, 230)
        equity = between(-5, equity + result / 400 + rng.gauss(0, 0.8), 88)
        need = 5_700 * (1 + 0.001 * (100 - s["urban_share"])) * dear * PRICES[year] / 100
        found[year] = {
            "tax_rate": tax - (12.64 if reformed else 0),
            "net_cost_per_inhabitant": need * (0.46 if reformed else 1) * math.exp(rng.gauss(0, 0.015)),
            "result_per_inhabitant": result,
            "equity_ratio": equity,
        }
    return found


def flag(code: str, year: int, indicator: str, value: float, rng: Random) -> str:
    """Why a value is not there, or not final; "" for an ordinary one."""
    if math.isnan(value):
        return "secret"
    late = year == YEARS[-1] and indicator.endswith(SETTLED_LATE) and stream(code, "late").random() < 0.4
    absent = (
        ((code, year) in MISSING_COST and indicator.startswith("compulsory_cost"))
        or ((code, year) in NO_MERIT and indicator == "compulsory_merit_home")
        or (indicator in PATCHY and rng.random() < 0.015 and code not in CHOSEN)
    )
    return "missing" if absent else "preliminary" if late else ""


def observations() -> Iterable[tuple[object, ...]]:
    """Rows of observations.csv, numbers with the decimals of the glossary."""
    for code, years in municipalities().items():
        themes = [theme(code, years) for theme in (compulsory, results, upper_secondary, finance)]
        rng = stream(code, "flags")
        for year, s in years.items():
            values = {**residents(s), **{name: value for theme in themes for name, value in theme[year].items()}}
            for indicator in sorted(values):
                item, value = names.get(indicator), values[indicator]
                mark = flag(code, year, indicator, value, rng)
                text = "" if mark in {"missing", "secret"} else f"{value:.{item.decimals}f}"
                yield "FI", code, year, indicator, text, item.unit_in("FI"), mark


def truth() -> Iterable[tuple[object, ...]]:
    """Rows of truth.csv: what an analysis of the observations ought to find."""
    average = INEFFICIENCY_SD * math.sqrt(2 / math.pi)
    for code, years in municipalities().items():
        for year, s in years.items():
            efficiency, lowest = math.exp(-s["inefficiency"]), frontier_cost(s) * PRICES[year] / 100
            expected = lowest * math.exp(average)
            yield code, year, f"{efficiency:.4f}", round(lowest), round(expected), f"{s['quality']:.3f}"


def register() -> Iterable[tuple[object, ...]]:
    """Rows of municipalities.csv, in the form of the real register."""
    for code, sv, fi, language, _ in AREAS:
        region = "X2" if language == "fi" else "X1"
        gone = (MERGER_YEAR, INTO) if code in MERGED else ("", "")
        yield "FI", code, sv, fi, language, region, *REGIONS[region], "", "", "", "", *gone, ""


def write(folder: Path) -> None:
    """Write all files of the example into a folder."""
    places = "country,code,name_sv,name_fi,language,region,region_sv,region_fi,county_code,county_sv,county_fi"
    known = "municipality,year,efficiency,lowest_cost,expected_cost,quality_effect"
    told = ("compulsory_certified_teachers_own", CERTIFICATION_BREAK, BREAK["en"], BREAK["sv"], BREAK["fi"])
    tables: dict[str, tuple[str, Iterable[tuple[object, ...]]]] = {
        "observations.csv": ("country,municipality,year,indicator,value,unit,flag", observations()),
        "municipalities.csv": (f"{places},since,until,into,also", register()),
        "truth.csv": (known, truth()),
        "price_index.csv": ("year,index", PRICES.items()),
        "breaks.csv": ("indicator,year,text_en,text_sv,text_fi", [told]),
    }
    for name, (head, rows) in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(head.split(","))
            writer.writerows(rows)


if __name__ == "__main__":
    write(Path(__file__).parent)
