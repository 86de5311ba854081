"""Ten normals, eight, one and none: what the commands say of each, on the console, in JSON and on the page."""

import pytest

from tests.command import asd
from tests.fleet import clip_path, write_wav

LEARNT, TONIGHT = "2026-11-01", "2026-11-02"
NORMALS = {"ten": 10, "eight": 8, "one": 1, "none": 0}


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """The store and the fit, the night and its alarms as the commands print them."""
    root = tmp_path_factory.mktemp("few")
    for machine, count in NORMALS.items():
        for number in range(count):
            write_wav(clip_path(root / "archive", machine, LEARNT, number), seed=number + 100 * len(machine))
        write_wav(clip_path(root / "archive", machine, TONIGHT, 0), seed=7 + len(machine))
    common = ["--recipe", "twfr-knn", "--store", root / "store"]
    work = [root / "archive", *common, "--local"]
    fitted = asd("fit", *work, "--until", LEARNT)
    scored = asd("nightly", *work, "--date", TONIGHT, "--no-captions")
    as_json = asd("nightly", *work, "--date", TONIGHT, "--no-captions", "--json").json
    rows = asd("alarms", *common, "--csv").out.splitlines()
    (page,) = (root / "store/reports").rglob(f"date={TONIGHT}/index.html")
    return fitted, scored, as_json, {row.split(",")[1]: row for row in rows[1:]}, page.read_text()


EIGHT = "Too few normals to decide on a clip: 8 normals allow no p below 1/9, and 0.1 needs 9."


def test_ten_are_enough_for_a_clip_and_eight_are_too_few_on_the_console_in_json_and_on_the_page(night):
    _, scored, as_json, _, page = night
    assert f"fan eight: {EIGHT}" in scored.out and "fan ten:" not in scored.out
    assert as_json["too_few_normals"] == {"fan eight": EIGHT}
    assert EIGHT in page


def test_one_normal_and_none_give_no_scorer_and_say_what_to_do(night):
    fitted, scored, as_json, _, page = night
    assert "fan one: no scorer: 1 normal clip of fan one: at least 2 are needed; record more" in fitted.out + fitted.err
    note = "2 of 4 machines have no scorer, so nothing of them is scored: fan none, fan one"
    assert note in scored.out and note in as_json["notes"] and as_json["errors_by_reason"] == {"no_scorer": 2}
    assert "no scorer for fan one: fit one from its normal clips with asd fit" in page


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ("ten", "Not decided: 1 normal night was learnt, 5 are needed."),
        ("eight", "Not decided: 1 normal night was learnt, 5 are needed."),
        ("one", "Not decided: no scorer knows this machine, and its type has none to lend"),
        ("none", "Not decided: no scorer knows this machine, and its type has none to lend"),
    ],
)
def test_no_night_of_them_is_decided_and_each_says_why(night, machine, expected):
    row = night[3][machine]
    assert ",not_decided," in row and expected in row
