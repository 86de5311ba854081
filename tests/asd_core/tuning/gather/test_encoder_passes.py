import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.encoders.build import encoder_config, new_encoder
from asd_core.encoders.twfr import TwfrEncoder, twfr
from asd_core.errors import ClipError
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.encoding import encode_shard
from asd_core.tuning.gather.encoder_passes import embed_decoded, pass_name, passes_for, twfr_at_all

R = (0.0, 0.5, 0.98, 1.0, 1.1)


def clips(seconds=(1.0, 0.7, 1.0), windows=1):
    rng = np.random.default_rng(0)
    return [DecodedClip(rng.normal(0, 0.1, (windows, round(16_000 * s))).astype(np.float32), s) for s in seconds]


def test_all_r_at_once_are_each_r_alone():
    spectrogram = np.random.default_rng(0).normal(-40, 10, (16, 313)).astype(np.float32)
    for r, row in zip(R, twfr_at_all(spectrogram, R), strict=True):
        assert_allclose(row, twfr(spectrogram, r), rtol=1e-6)
    assert_allclose(twfr_at_all(spectrogram, (0.0,))[0], spectrogram.max(axis=1))


@pytest.mark.parametrize("windows", [1, 3])
def test_a_pass_gives_what_each_of_its_encoders_gives(windows):
    tables = [{"r": r, "n_mels": mels, "n_fft": n} for r in R for mels, n in ((16, 1024), (24, 1024), (16, 512))]
    encoders = [encoder_config(table) for table in tables]
    passes = passes_for(encoders)
    assert [(len(one.r), one.planes) for one in passes] == [(5, 5)] * 3
    decoded = clips(windows=windows)
    arrays, told = embed_decoded(iter(decoded), passes)
    for config in encoders:
        place = [one.name for one in passes].index(pass_name(config))
        plane = passes[place].r.index(json.loads(config.options)["r"])
        expected = encode_shard(decoded, new_encoder(config), 32)
        assert_allclose(arrays[place][plane], expected, rtol=1e-6)
    assert all(clip.waveforms is None and clip.error is None for clip in told)


def test_encoders_that_are_the_same_share_a_pass_however_they_are_written():
    same = [{}, {"r": 0.5}, {"n_mels": 128, "kind": "twfr"}, {"batch_size": 4, "clip_seconds": 10.0}]
    assert len({pass_name(encoder_config(table)) for table in same}) == 1
    others = [{"n_mels": 64}, {"clip_seconds": 5.0}, {"clip_rule": "tile"}, {"channel": 0}]
    assert len({pass_name(encoder_config(table)) for table in [*others, {}]}) == 5
    (one,) = passes_for(encoder_config(table) for table in same)
    assert one.r == (0.5, 1.0)
    assert one.fingerprint != passes_for([encoder_config({})])[0].fingerprint


class Loudness:
    """An encoder of one's own."""

    sample_rate, embedding_dim, fingerprint = 16_000, 2, "loudness"

    def embed(self, waveforms):
        return np.stack([waveforms.std(axis=1), np.abs(waveforms).max(axis=1)], axis=1)


def test_encoders_of_other_kinds_go_beside_twfr():
    own = {"kind": f"{__name__}:Loudness"}
    passes = passes_for([encoder_config(own), encoder_config({"n_mels": 16})])
    decoded = clips()
    arrays, _ = embed_decoded(decoded, passes)
    by_kind = {one.encoder.kind: array for one, array in zip(passes, arrays, strict=True)}
    expected = [Loudness().embed(clip.waveforms)[0] for clip in decoded]
    assert_allclose(by_kind[own["kind"]][0], expected, rtol=1e-6)
    assert by_kind["twfr"].shape == (1, 3, 16)


def test_a_clip_that_cannot_be_embedded_says_why_and_is_not_a_number():
    passes = passes_for([encoder_config({"n_mels": 16}), encoder_config({"n_mels": 16, "n_fft": 4096})])
    good, short = clips((1.0, 0.1))
    broken = DecodedClip(None, error=ClipError("empty", "0 bytes"))
    arrays, told = embed_decoded([good, short, broken], passes)
    assert [clip.error and clip.error.reason for clip in told] == [None, "too_short", "empty"]
    for array in arrays:
        assert np.isfinite(array[:, 0]).all() and np.isnan(array[:, 2]).all()


def test_r_has_the_encoders_default_where_a_recipe_does_not_say():
    assert passes_for([encoder_config({})])[0].r == (TwfrEncoder().r,)


def test_several_r_with_a_level_are_a_pass_of_their_own_beside_each_single_r():
    several = encoder_config({"n_mels": 16, "r": [0.0, 0.9], "level": True})
    passes = passes_for([encoder_config({"n_mels": 16, "r": 0.9}), several])
    assert sorted(one.planes for one in passes) == [1, 1]
    arrays, _ = embed_decoded(clips(), passes)
    place = [one.name for one in passes].index(pass_name(several))
    assert_allclose(arrays[place][0], encode_shard(clips(), new_encoder(several), 32), rtol=1e-6)
    assert_allclose(arrays[1 - place][0], arrays[place][0][:, 16:32], rtol=1e-6)
