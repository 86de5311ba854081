import os
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soxr

from asd_core.audio.listening import ALL, to_hear
from asd_core.captions.tag_tasks import TAGS, Tagger, TagTask, clip_logits, tag_clips
from asd_core.encoders.efficientat.encoder import EfficientAtEncoder
from asd_core.errors import ClipError
from tests.fleet import NIGHTS, listed, write_fleet

TAGGER = Tagger("mn01_as", "random")


def probabilities(samples):
    return EfficientAtEncoder("mn01_as", "random").probabilities(samples[None])[0]


def noise(samples):
    return 0.1 * np.random.default_rng(0).standard_normal(samples).astype(np.float32)


@pytest.fixture
def clips(tmp_path):
    return listed(write_fleet(tmp_path, machines=["00"], dates=NIGHTS[:1], clips=2))


def test_a_row_holds_the_log_odds_of_the_clip_as_it_was_heard(clips):
    rows, problems = tag_clips(TagTask(TAGGER, ALL, clips))
    assert rows.schema == TAGS and problems == {} and rows["clip_id"].to_pylist() == clips["clip_id"].to_pylist()
    path = unquote(clips["uri"][0].as_py().removeprefix("file://"))
    samples, rate = to_hear(clips["uri"][0].as_py(), lambda uri: Path(path).read_bytes())
    np.testing.assert_array_equal(rows["logits"][0].as_py(), clip_logits(TAGGER, samples, rate))


def test_samples_of_another_rate_are_resampled():
    samples = noise(8_000)
    expected = probabilities(soxr.resample(samples, 16_000, 32_000, quality="HQ"))
    np.testing.assert_allclose(1 / (1 + np.exp(-clip_logits(TAGGER, samples, 16_000))), expected, atol=1e-6)


def test_a_long_clip_is_told_by_the_mean_of_windows_that_cover_it():
    samples = noise(480_000)  # 15 s: two windows, which share 5 s
    expected = np.mean([probabilities(samples[:320_000]), probabilities(samples[160_000:])], axis=0)
    np.testing.assert_allclose(1 / (1 + np.exp(-clip_logits(TAGGER, samples, 32_000))), expected, atol=1e-6)


def test_less_than_a_tenth_of_a_second_is_refused():
    with pytest.raises(ClipError, match="hears 0.1 s or more"):
        clip_logits(TAGGER, noise(1_000), 32_000)


def test_a_clip_that_was_replaced_stops_no_other(clips):
    os.utime(unquote(clips["uri"][1].as_py().removeprefix("file://")), ns=(1, 1))
    rows, problems = tag_clips(TagTask(TAGGER, ALL, clips))
    assert rows["uri"].to_pylist() == [clips["uri"][0].as_py()]
    assert "replaced since" in problems[clips["clip_id"][1].as_py()]


def test_a_tagger_is_known_by_its_tensors_and_random_ones_are_noted():
    assert TAGGER.fingerprint != Tagger("mn01_as", "random:1").fingerprint
    assert "random weights (seed 1)" in Tagger("mn01_as", "random:1").note
