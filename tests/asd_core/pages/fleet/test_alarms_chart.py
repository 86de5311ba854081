import re

from asd_core.pages.fleet.alarms_chart import draw_alarms
from tests.asd_core.pages.fleet.histories import DATES, night_of


def ends(drawing, name):
    path = re.search(f'class="{name}" d="([^"]*)"', str(drawing))[1]
    return [float(pair.split()[1]) for pair in re.findall(r"[ML]([\d.]+ [\d.]+)", path)]


def test_lines_go_up_with_the_alarms_and_the_band_holds_what_is_expected():
    drawing = draw_alarms([night_of(date, "N·" if place == 1 else "··") for place, date in enumerate(DATES[:5])])
    observed, expected, band = ends(drawing, "line"), ends(drawing, "median"), ends(drawing, "band")
    assert observed[0] > observed[1] == observed[-1]  # higher values lie higher up, at smaller y
    assert expected == sorted(expected, reverse=True) and len(set(expected)) == 5
    assert all(top <= middle <= low for top, middle, low in zip(band[:5], expected, reversed(band[5:]), strict=True))


def test_a_lone_night_and_one_that_was_not_judged_are_drawn():
    assert "0 new alarms up to 2026-11-01" in str(draw_alarms([night_of(DATES[0], "-?")]))
