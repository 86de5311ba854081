from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import UsageError
from asd_core.pipeline.decoding import decode_shard
from asd_core.synthesis.decoding import decode_validation
from asd_core.synthesis.generated_clips import level_db, median_level_db
from asd_core.synthesis.severities import KINDS, generator, simulate_anomaly
from asd_core.synthesis.signals import Samples
from asd_core.synthesis.validation import SimulatedConfig, ValidationClip, generated_validation, simulated_validation

RATE = 16000
HEARD = EncoderConfig(clip_seconds=2.0)


def noise(seconds: float, level: float = 0.03, seed: int = 0) -> Samples:
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def write(path: Path, samples: Samples) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, subtype="FLOAT")


@pytest.fixture(scope="module")
def normals(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = tmp_path_factory.mktemp("archive")
    for index in range(9):
        write(folder / f"fan/train/normal_id_00_{index:08}.wav", noise(2.5, seed=index))
    return list_archive(str(folder)).clips


def test_a_simulated_anomaly_is_what_its_row_says_made_of_what_the_encoder_hears(normals: pa.Table) -> None:
    clips = simulated_validation(normals, SimulatedConfig()).clips
    for clip, decoded in zip(clips, decode_validation(clips, HEARD, RATE), strict=True):
        recording = normals.filter(pc.equal(normals["clip_id"], clip.recording_id))
        assert decoded.waveforms is not None
        expected = next(decode_shard(recording, HEARD, RATE)).waveforms[0]
        if clip.is_anomalous:
            expected = simulate_anomaly(expected, clip.kind, clip.severity, RATE, generator(clip.seed)).waveform
        np.testing.assert_array_equal(decoded.waveforms, expected[None])
        assert decoded.level_db == pytest.approx(level_db(expected))


def test_a_clip_sounds_the_same_alone_and_in_any_order(normals: pa.Table) -> None:
    clips = simulated_validation(normals, SimulatedConfig()).clips[-4:]
    forward = [decoded.waveforms for decoded in decode_validation(clips, HEARD, RATE)]
    alone = [next(decode_validation([clip], HEARD, RATE)).waveforms for clip in reversed(clips)]
    np.testing.assert_array_equal(forward, alone[::-1])


@pytest.mark.parametrize(("rule", "shape"), [("crop", (1, 48000)), ("tile", (1, 48000)), ("windows", (1, 48000))])
def test_every_rule_of_length_gives_the_shape_that_encoders_get(normals: pa.Table, rule: str, shape: tuple) -> None:
    clip = simulated_validation(normals, SimulatedConfig(kinds=("speed_change",))).clips[-1]
    config = EncoderConfig(clip_seconds=3.0, clip_rule=rule)
    waveforms = next(decode_validation([clip], config, RATE)).waveforms
    assert waveforms is not None
    assert waveforms.shape == ((1, 40000) if rule == "crop" else shape)


def test_a_clip_of_one_segment_is_heard_as_it_is_cropped_and_of_several_is_refused(normals: pa.Table) -> None:
    clip = simulated_validation(normals, SimulatedConfig()).clips[-1]
    rules = [EncoderConfig(clip_seconds=2.5, clip_rule=rule) for rule in ("crop", "segments")]
    cropped, whole = (next(decode_validation([clip], config, RATE)).waveforms for config in rules)
    np.testing.assert_array_equal(cropped, whole)
    with pytest.raises(UsageError, match="longer than encoder.clip_seconds, so that it has several segments"):
        next(decode_validation([clip], EncoderConfig(clip_seconds=2.0, clip_rule="segments"), RATE))


def test_a_clip_that_vanished_is_an_outcome_and_stops_no_other(normals: pa.Table) -> None:
    good = simulated_validation(normals, SimulatedConfig()).clips[0]
    gone, after = decode_validation([replace(good, uri="file:///nowhere/at/all.wav"), good], HEARD, RATE)
    assert gone.waveforms is None and gone.error is not None and gone.error.reason == "vanished"
    assert after.waveforms is not None


def test_what_does_not_fit_into_full_scale_is_told(normals: pa.Table) -> None:
    data = io.BytesIO()
    soundfile.write(data, np.clip(noise(2.5, 0.4), -1, 1), RATE, subtype="FLOAT", format="WAV")
    clip = ValidationClip("a:knocks", "a", "file:///a.wav", True, "", "knocks", severity=1.0)
    decoded = next(decode_validation([clip], HEARD, RATE, read=lambda uri, clip_id: data.getvalue()))
    assert decoded.warning is not None and "of the knocks fits into full scale" in decoded.warning
    assert decoded.waveforms is not None and np.abs(decoded.waveforms).max() <= 1


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = tmp_path_factory.mktemp("generated")
    gap = np.zeros(RATE, np.float32)
    write(folder / "fan/test/normal_id_00_00000000.wav", np.concatenate([gap, noise(1.5, 0.2), gap, noise(1.5, 0.2)]))
    write(folder / "fan/test/anomaly_id_00_00000000.wav", noise(4.0, 0.001))
    write(folder / "fan/test/anomaly_id_00_00000001.wav", gap)
    write(folder / "fan/test/anomaly_id_00_00000002.wav", np.concatenate([gap, noise(0.2, 0.1)]))
    (folder / "fan/test/anomaly_id_00_00000003.wav").write_bytes(b"no sound at all")
    return list_archive(str(folder)).clips


def test_generated_clips_lose_their_silence_and_come_to_the_level_of_the_normals(
    normals: pa.Table, generated: pa.Table
) -> None:
    target = median_level_db(decoded.level_db for decoded in decode_shard(normals, HEARD, RATE))
    clips = [clip for clip in generated_validation(normals, generated).clips if "00000000.wav" in clip.uri]
    for decoded in decode_validation(clips, HEARD, RATE, normal_level_db=target):
        assert decoded.waveforms is not None and decoded.waveforms.shape == (1, 2 * RATE)
        assert decoded.level_db == pytest.approx(target, abs=1e-3)
        assert np.count_nonzero(decoded.waveforms == 0) < 10


def test_every_bad_generated_clip_ends_as_an_outcome_with_its_reason(normals: pa.Table, generated: pa.Table) -> None:
    clips = generated_validation(normals, generated).clips
    outcomes = {
        clip.uri[-12:-4]: (decoded.error.reason if decoded.error else None)
        for clip, decoded in zip(clips, decode_validation(clips, HEARD, RATE, normal_level_db=-30.0), strict=True)
        if clip.is_anomalous
    }
    assert outcomes == {"00000000": None, "00000001": "silent", "00000002": "too_short", "00000003": "not_audio"}


def test_generated_clips_need_the_level_of_the_normals(normals: pa.Table, generated: pa.Table) -> None:
    with pytest.raises(UsageError, match="normal_level_db"):
        next(decode_validation(generated_validation(normals, generated).clips, HEARD, RATE))


@pytest.mark.parametrize("kind", KINDS)
def test_real_recordings_stay_within_full_scale_and_differ(real_data: Path, kind: str) -> None:
    folder = real_data / "dcase2020_task2_dev_subset" / "valve"  # the loudest peaks against their level
    recordings = list_archive(str(folder), layout="dcase").clips.slice(0, 2).to_pylist()
    for row in recordings:
        clip = ValidationClip(f"{row['clip_id']}:{kind}", row["clip_id"], row["uri"], True, "", kind, 1.0)
        decoded = next(decode_validation([clip], EncoderConfig(clip_seconds=3.0), RATE))
        untouched = next(decode_validation([replace(clip, kind="recorded")], EncoderConfig(clip_seconds=3.0), RATE))
        assert decoded.waveforms is not None and untouched.waveforms is not None
        assert np.abs(decoded.waveforms).max() <= 1 and (decoded.waveforms != untouched.waveforms).any()


def test_silence_stays_where_it_is_to_be_kept_and_the_level_is_matched_all_the_same(
    normals: pa.Table, generated: pa.Table
) -> None:
    clips = [c for c in generated_validation(normals, generated, keeps_silence=True).clips if "00000000.wav" in c.uri]
    decoded = decode_validation(clips, HEARD, RATE, normal_level_db=-30.0)
    heard = {clip.is_anomalous: one for clip, one in zip(clips, decoded, strict=True)}
    assert heard[False].waveforms is not None and not heard[False].waveforms[0, :RATE].any()
    assert [one.level_db for one in heard.values()] == pytest.approx([-30.0, -30.0], abs=1e-3)
