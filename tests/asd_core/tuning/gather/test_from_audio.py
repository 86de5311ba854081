from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asd_core.clips.archive import list_archive
from asd_core.encoders.build import encoder_config
from asd_core.synthesis.validation import unchanged_clip
from asd_core.tuning.gather.encoder_passes import passes_for
from asd_core.tuning.gather.from_audio import CLIPS_A_PART, ClipPart, cut, gather_part
from tests.asd_core.tuning.gather.recordings import write_machines

PASSES = tuple(passes_for([encoder_config({"n_mels": mels, "r": r}) for mels in (8, 16) for r in (0.5, 1.0)]))


def part_of(rows, tmp_path):
    """The first five clips as a part."""
    clips = tuple(unchanged_clip(row, is_anomalous=False) for row in rows.slice(0, 5).to_pylist())
    return ClipPart(str(tmp_path / "data"), "fan", 3, clips, PASSES)


@pytest.fixture
def part(tmp_path):
    return part_of(write_machines(tmp_path / "archive", {"fan": ["00"]}), tmp_path)


def test_parts_hold_every_clip_once():
    assert cut(0) == [] and cut(1) == [(0, 1)]
    parts = cut(2 * CLIPS_A_PART + 5)
    assert [place for start, stop in parts for place in range(start, stop)] == list(range(2 * CLIPS_A_PART + 5))


def test_a_part_is_decoded_once_and_kept_as_an_array_for_each_pass(part, tmp_path):
    outcomes, effort = gather_part(part)
    assert effort.decoded == 5 and all(one.reason is None and one.level_db < 0 for one in outcomes)
    arrays = [np.load(tmp_path / "data" / part.path(one)) for one in PASSES]
    assert sorted(array.shape for array in arrays) == [(2, 5, 8), (2, 5, 16)]
    again, effort = gather_part(part)
    assert again == outcomes and effort.decoded == 0


def test_a_clip_that_is_gone_for_now_is_tried_again(part):
    gone = replace(part.clips[0], uri=part.clips[0].uri.replace(".wav", "_gone.wav"))
    part = replace(part, clips=(gone, *part.clips[1:]))
    first, _ = gather_part(part)
    assert (first[0].reason, first[0].transient) == ("vanished", True)
    assert gather_part(part)[1].decoded == 5


def test_a_broken_clip_is_not_tried_again_and_is_not_a_number(tmp_path):
    rows = write_machines(tmp_path / "archive", {"fan": ["00"]})
    Path(rows["uri"][0].as_py().removeprefix("file://")).write_bytes(b"")
    part = part_of(list_archive(str(tmp_path / "archive")).clips, tmp_path)
    assert gather_part(part)[0][0].reason == "empty"
    assert gather_part(part)[1].decoded == 0
    array = np.load(tmp_path / "data" / part.path(PASSES[0]))
    assert np.isnan(array[:, 0]).all() and np.isfinite(array[:, 1:]).all()
