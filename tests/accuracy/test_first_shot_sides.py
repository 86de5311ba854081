import pytest
import soundfile

from asd_core.clips.archive import list_archive
from tests.accuracy.first_shot_archive import Part, write_clips
from tests.accuracy.first_shot_sides import WANTED, Choice, Trial, choice_of, table

QUICK = Trial(
    train=(("source", 30), ("target", 6)),
    judged=(("source", 6), ("target", 6)),
    seconds=3.0,
    space='"encoder.r" = { grid = [0.5, 0.9, 1.0, 1.05, 1.1] }\n',
)

SMALLER = Trial(train=(("source", 60), ("target", 10)), judged=(("source", 12), ("target", 12)), seconds=5.0)


@pytest.mark.parametrize("kind", ["stall", "knocks"])
def test_generated_stalls_choose_r_above_1_and_knocks_below(kind, tmp_path):
    found = choice_of(tmp_path, kind, 0, QUICK)
    assert found.side == WANTED[kind]
    best, other = (found.above, found.below) if kind == "stall" else (found.below, found.above)
    assert best > other + 0.1


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["stall", "knocks"])
def test_the_right_side_of_1_is_chosen_in_nine_of_ten_seeds(kind, tmp_path):
    sides = [choice_of(tmp_path / str(seed), kind, seed, SMALLER).side for seed in range(10)]
    assert sides.count(WANTED[kind]) >= 9, sides


def test_the_clips_are_an_archive_whose_generated_part_has_its_own_level(tmp_path):
    part = Part("test", {"source": 2, "target": 1}, {"source": 1}, ("knocks",), seconds=0.5, peak=0.5)
    assert write_clips(tmp_path, "fan", part) == 4
    clips = list_archive(str(tmp_path)).clips
    found = zip(clips["domain"].to_pylist(), clips["condition"].to_pylist(), strict=True)
    assert sorted(found) == [("source", "anomalous"), *[("source", "normal")] * 2, ("target", "normal")]
    assert {round(float(abs(soundfile.read(path)[0]).max()), 2) for path in tmp_path.rglob("*.wav")} == {0.5}
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*.wav")}
    write_clips(tmp_path, "fan", part)
    assert before == {path.name: path.read_bytes() for path in tmp_path.rglob("*.wav")}


def test_the_table_counts_sides():
    lines = table(
        {"stall": [Choice(1.02, 3.0, 2.0, 3.0), Choice(1.0, 3.0, 2.5, 2.5)], "": [Choice(0.5, 2.0, 2.0, 1.0)]}
    )
    assert lines[2] == "| stalls | 1 | 1 | 0 | 1.02, 1.00 | 2.250 | 2.750 |" and lines[3].startswith(
        "| no fault | 0 | 0 | 1 |"
    )
