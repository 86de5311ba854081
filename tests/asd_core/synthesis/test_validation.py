from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import pyarrow as pa
import pytest

from asd_core.clips.clip import Placement, clips_table
from asd_core.errors import AsdError, UsageError
from asd_core.synthesis.severities import KINDS
from asd_core.synthesis.validation import (
    RECORDED,
    SimulatedConfig,
    ValidationClip,
    clips_of_no_machine,
    generated_validation,
    simulated_validation,
)
from tests.asd_core.synthesis.clips_of import clips_of


def test_no_recording_is_on_two_sides() -> None:
    validation = simulated_validation(clips_of([""] * 75), SimulatedConfig())
    fitted = set(validation.normals["clip_id"].to_pylist())
    normal = {clip.recording_id for clip in validation.clips if not clip.is_anomalous}
    faulty = {clip.recording_id for clip in validation.clips if clip.is_anomalous}
    assert not fitted & normal and not fitted & faulty and not normal & faulty
    assert len(fitted) + len(normal) + len(faulty) == 75


def test_normals_are_as_recorded_and_every_anomaly_has_a_kind_and_an_id_of_its_own() -> None:
    clips = simulated_validation(clips_of([""] * 75), SimulatedConfig()).clips
    assert {clip.kind for clip in clips if not clip.is_anomalous} == {RECORDED}
    assert Counter(clip.kind for clip in clips if clip.is_anomalous) == dict.fromkeys(KINDS, 13)
    assert len({clip.clip_id for clip in clips}) == len(clips)


def test_there_are_no_more_of_a_kind_and_domain_than_asked_for() -> None:
    normals = clips_of(["source"] * 300 + ["target"] * 9)
    clips = simulated_validation(normals, SimulatedConfig(per_kind=25, kinds=("hum", "stall"))).clips
    counts = Counter((clip.kind, clip.domain) for clip in clips if clip.is_anomalous)
    assert counts == {("hum", "source"): 25, ("stall", "source"): 25, ("hum", "target"): 2, ("stall", "target"): 2}


def test_severities_are_drawn_between_the_bounds_and_may_be_one() -> None:
    def drawn(low: float, high: float) -> list[float]:
        config = SimulatedConfig(severity=(low, high))
        return [c.severity for c in simulated_validation(clips_of([""] * 75), config).clips if c.is_anomalous]

    assert 0.2 <= min(drawn(0.2, 0.6)) < 0.25 and 0.55 < max(drawn(0.2, 0.6)) <= 0.6
    assert set(drawn(0.5, 0.5)) == {0.5}


def test_the_same_seed_plans_the_same_and_another_something_else() -> None:
    normals = clips_of([""] * 40)
    plans = [simulated_validation(normals, SimulatedConfig(seed=seed)).clips for seed in (0, 0, 1)]
    assert plans[0] == plans[1] != plans[2]


def test_a_clip_is_as_small_as_a_row_and_made_of_plain_values() -> None:
    clip = next(clip for clip in simulated_validation(clips_of([""] * 9), SimulatedConfig()).clips if clip.is_anomalous)
    assert {type(value) for value in asdict(clip).values()} == {str, bool, float, int}
    assert ValidationClip(**asdict(clip)) == clip


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kinds": ("knock",)}, "knocks"),
        ({"kinds": ()}, "each once"),
        ({"kinds": ("hum", "hum")}, "each once"),
        ({"held_out": 1.0}, "held out"),
        ({"per_kind": 0}, "at least 1"),
        ({"severity": (0.0, 1.0)}, "severities"),
        ({"severity": (0.8, 0.2)}, "severities"),
    ],
)
def test_settings_that_cannot_be_are_refused(changed: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SimulatedConfig(**changed)


def generated() -> pa.Table:
    parts = [
        clips_of(["source", "target"], condition="normal", name="synthetic_normal"),
        clips_of(["source", "target", "source"], condition="anomalous", name="synthetic_anomalous"),
        clips_of([""], condition="", name="nameless"),
        clips_of(["source"], machine_id="02", condition="normal", name="other"),
    ]
    return pa.concat_tables(parts)


def test_generated_clips_keep_the_condition_and_domain_of_their_label() -> None:
    validation = generated_validation(clips_of(["source"] * 5), generated())
    found = Counter((clip.is_anomalous, clip.domain) for clip in validation.clips)
    assert found == {(False, "source"): 1, (False, "target"): 1, (True, "source"): 2, (True, "target"): 1}
    assert len(validation.normals) == 5  # all real normals are fitted to: no synthetic clip is


def test_a_generated_clip_without_a_condition_is_a_row_with_its_reason() -> None:
    rejected = generated_validation(clips_of(["source"] * 5), generated()).rejected
    assert [clip.reason for clip in rejected] == ["no_condition"] and "nameless" in rejected[0].uri


def test_generated_clips_of_no_machine_that_is_searched_for_are_rows_too() -> None:
    strays = clips_of_no_machine(generated(), [("fan", "00")])
    assert [(clip.reason, "other_02" in clip.uri) for clip in strays] == [("no_machine", True)]
    everything = generated_validation(clips_of([""] * 5), generated())
    assert len(everything.clips) + len(everything.rejected) + len(strays) == len(generated())


def test_a_machine_without_both_conditions_is_told_what_is_missing() -> None:
    with pytest.raises(AsdError, match="1 normal and 0 anomalous generated clips of fan 02 among 7"):
        generated_validation(clips_of([""] * 5, machine_id="02"), generated())


def test_generated_clips_are_never_fitted_to() -> None:
    with pytest.raises(AsdError, match="no normal clips to fit to"):
        generated_validation(clips_of([]), generated())


def test_a_copy_of_an_archive_in_another_place_is_planned_alike() -> None:
    def planned(folder: str) -> list[tuple[object, ...]]:
        uris = [f"{folder}/fan/train/{index % 3}/{index:04}.wav" for index in range(40)]
        place = Placement("fan", "00", "train", "", "", "normal")
        normals = clips_table(uris, [1000] * 40, [f"written to {folder}"] * 40, [place] * 40)
        clips = simulated_validation(normals, SimulatedConfig()).clips
        return [(clip.uri.removeprefix(folder), clip.kind, clip.severity, clip.seed) for clip in clips]

    assert planned("file:///here") == planned("s3://fleet/of/2026")


def test_generated_clips_that_keep_their_silence_are_of_another_kind() -> None:
    clips = generated_validation(clips_of(["source"] * 5), generated(), keeps_silence=True).clips
    assert {clip.kind for clip in clips} == {"generated_whole"} and all(clip.is_generated for clip in clips)
