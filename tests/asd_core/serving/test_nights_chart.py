"""Bars of nights."""

import re
from itertools import pairwise

import numpy as np
import pytest

from asd_core.pages.fleet.contents import LETTERS, NO_EVIDENCE, evidence_codes
from asd_core.serving.nights_chart import draw_nights

P_VALUES = {"N": 0.001, "A": 0.1, "·": 1.0, "W": 0.01}


def bars(letters):
    """Class → heights of its bars."""
    cells = np.array([LETTERS.index(letter) for letter in letters], np.uint8)
    evidence = evidence_codes(np.array([P_VALUES.get(letter, np.nan) for letter in letters]))
    chart = draw_nights("fan <1>", [f"2026-11-{day + 1:02d}" for day in range(len(letters))], cells, evidence)
    paths = re.findall(r'class="bar (\w+)" d="(.*?)"', chart)
    return {look: [float(height) for height in re.findall(r"v-([\d.]+)h", drawn)] for look, drawn in paths}, chart


def test_the_more_unusual_a_night_the_higher_its_bar():
    found, _ = bars("·AWN")
    assert found["well"][0] < found["act"][0] < found["watch"][0] < found["new"][0]


def test_ten_times_as_unusual_is_as_much_higher_each_time():
    found, _ = bars("AWN")
    assert found["watch"][0] - found["act"][0] == pytest.approx(found["new"][0] - found["watch"][0], abs=0.2)


def test_a_night_without_evidence_is_a_stub_and_one_that_was_not_heard_is_none():
    found, chart = bars("?-E")
    assert found == {"open": [3.0, 3.0]} and "2 of 3 nights heard, 0 in alarm" in chart


def test_a_year_fits_and_names_are_text():
    count = 366
    evidence = np.full(count, NO_EVIDENCE, np.uint16)
    chart = draw_nights("<b>", [f"d{number}" for number in range(count)], np.ones(count, np.uint8), evidence)
    places = sorted(float(x) for x in re.findall(r'<text class="label" x="([\d.]+)" y="158"', chart))
    assert len(places) > 2 and all(after - before >= 84 for before, after in pairwise(places))
    assert len(chart) < 20_000 and "&lt;b&gt;" in chart and chart.count("<text") < 20
