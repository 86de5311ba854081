import numpy as np
import pyarrow as pa
import pytest

from asd_core.encoders.build import encoder_config
from asd_core.errors import ClipError
from asd_core.training.loop import Asked
from asd_core.training.waveforms import DecodedWaveforms, decoded_windows, one_window, smallest
from tests.fleet import clip_path, listed, write_wav


@pytest.fixture
def clips(tmp_path):
    for number, seconds in enumerate((1.0, 0.4, 1.0)):
        write_wav(clip_path(tmp_path, "00", "2026-11-01", number), seed=number, seconds=seconds)
    return listed(tmp_path)


def source(clips, budget=1 << 20, **more):
    return DecodedWaveforms(clips, encoder_config({"clip_seconds": 1.0, **more}), 16_000, 0, budget)


def asked(*positions, epoch=1):
    return Asked(epoch, np.array(positions, np.int64))


def test_batches_come_in_their_order_and_a_short_clip_is_repeated(clips):
    found = list(source(clips)([asked(2, 0), asked(1), asked(0, 2)]))
    assert [positions.tolist() for positions, _ in found] == [[2, 0], [1], [0, 2]]
    assert np.array_equal(found[0][1], found[2][1][::-1]) and found[0][1].shape == (2, 16_000)
    short = found[1][1][0]
    assert np.array_equal(short[:6_400], short[6_400:12_800])


def test_the_cache_changes_no_sample(clips):
    kept, fresh = source(clips), source(clips, budget=0)
    for epoch in (1, 2):
        rows = [one.batch(asked(0, 1, 2, epoch=epoch))[1] for one in (kept, fresh)]
        assert np.array_equal(*rows)


def test_a_clip_that_vanished_is_left_out_and_named(clips, tmp_path):
    clip_path(tmp_path, "00", "2026-11-01", 1).unlink()
    decoder = source(clips)
    positions, rows = decoder.batch(asked(0, 1))
    assert positions.tolist() == [0] and len(rows) == 1
    assert list(decoder.lost) == [clips["clip_id"][1].as_py()]
    assert decoder.batch(asked(1))[1].shape == (0, 16_000)


@pytest.mark.parametrize("rule", ["windows", "segments"])
def test_a_long_clip_gives_another_part_in_another_epoch(clips, rule):
    decoder = source(clips, clip_seconds=0.25, clip_rule=rule)
    parts = {decoder.batch(asked(0, epoch=epoch))[1].tobytes() for epoch in range(20)}
    assert len(parts) == 4


def test_the_drawn_window_depends_on_seed_epoch_and_clip_alone():
    windows = np.arange(8, dtype=np.float32)[:, None]
    drawn = [one_window(windows, 3, seed, epoch, 0)[0] for seed in (0, 1) for epoch in range(8)]
    assert len(set(drawn)) > 3 and one_window(windows, 3, 0, 1, 0).tolist() == [drawn[1]] * 3


def test_sixteen_bits_are_kept_where_they_are_exact():
    exact = np.array([[-1.0, 0.5, 1 / 32_768]], np.float32)
    assert smallest(exact).dtype == np.int16 and smallest(exact + 1e-6).dtype == np.float32
    assert np.array_equal(one_window(smallest(exact), 3, 0, 0, 0), exact[0])


def test_a_clip_that_cannot_be_decoded_is_its_reason(clips, tmp_path):
    clip_path(tmp_path, "00", "2026-11-01", 3).write_bytes(b"")
    every = listed(tmp_path)
    outcomes = list(decoded_windows(every, encoder_config({"clip_seconds": 1.0}), 16_000))
    assert [isinstance(one, ClipError) for one in outcomes] == [False, False, False, True]
    assert isinstance(every, pa.Table) and outcomes[3].reason == "empty"
