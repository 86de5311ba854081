import io
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import soxr
import torch
import torchaudio

from asd_core.encoders.build import embeddings_fingerprint, encoder_config, encoder_note, new_encoder
from asd_core.encoders.clap.encoder import ClapEncoder
from asd_core.errors import AsdError, ClipError, UsageError
from asd_core.pipeline.decoding import decode_shard
from asd_core.pipeline.embedding import ShardEmbedder
from asd_core.pipeline.encoding import encode_shard
from asd_core.pipeline.shards import Shard
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from tests.asd_core.encoders.clap.random_towers import encoder, smallest_distance, sounds, wrapper
from tests.asd_core.pipeline.clips import clips, read_from

RANDOM = {"kind": "clap", "weights": "random"}


def recording(samples, rate=16_000, subtype="PCM_16"):
    sink = io.BytesIO()
    soundfile.write(sink, samples, rate, format="WAV", subtype=subtype)
    return sink.getvalue()


def embedded(**files):
    """Embeddings (N, 1024) of recordings, through the functions that a shard goes through."""
    config = encoder_config(RANDOM)
    decoded = list(
        decode_shard(clips(list(files)), config, 44_100, read_from(files), native_rates=ClapEncoder.native_rates)
    )
    return np.stack(encode_shard(decoded, encoder(), config.batch_size))


def test_it_embeds_as_msclap_does_resampling_included():
    recordings = {str(i): (samples, 16_000) for i, samples in enumerate(sounds())}
    original = wrapper(encoder()._tower.module, recordings)
    theirs = original.get_audio_embeddings(list(recordings)).numpy()
    ours = encoder().embed_at(sounds(), 16_000)
    assert np.linalg.norm(ours - theirs, axis=1).max() <= 0.01 * smallest_distance(theirs)


def test_a_clip_gives_the_same_embedding_in_any_batch_and_order_and_with_any_number_of_threads():
    some = sounds()[:4]
    alone = np.concatenate([encoder().embed_at(clip[None], 16_000) for clip in some])
    np.testing.assert_array_equal(encoder().embed_at(some[::-1], 16_000)[::-1], alone)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    many = encoder().embed_at(some[:1], 16_000)
    torch.set_num_threads(before)
    assert np.abs(many - alone[:1]).max() <= 1e-5 * np.linalg.norm(alone[0])


def test_larger_batches_as_a_gpu_takes_them_change_nothing_beyond_the_tolerance():
    some = torch.from_numpy(sounds()[:3])
    tower = encoder()._tower
    with torch.inference_mode():
        waveforms = torchaudio.transforms.Resample(16_000, encoder().sample_rate)(some)
        together = tower.embed(tower.log_mel(waveforms)).numpy()
    alone = encoder().embed_at(sounds()[:3], 16_000)
    assert np.linalg.norm(together - alone, axis=1).max() <= 1e-5 * np.linalg.norm(alone[0])


OTHER_PROCESS = """
import sys, warnings
import numpy as np
from asd_core.encoders.clap.encoder import ClapEncoder
encoder = ClapEncoder("random")
encoder.load()
assert ("ignore", None, Warning, None, 0) not in warnings.filters, "msclap turned warnings off"
np.save(sys.argv[2], encoder.embed_at(np.load(sys.argv[1]), 16_000))
"""


@pytest.mark.slow
def test_another_process_gives_the_same_embedding_and_keeps_its_warnings(tmp_path):
    np.save(tmp_path / "in.npy", sounds()[:1])
    paths = [str(tmp_path / "in.npy"), str(tmp_path / "out.npy")]
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", OTHER_PROCESS, *paths], check=True)
    here = encoder().embed_at(sounds()[:1], 16_000)
    assert np.abs(np.load(tmp_path / "out.npy") - here).max() <= 1e-5 * np.linalg.norm(here)


def test_a_longer_clip_is_the_mean_of_windows_that_cover_it_and_the_same_every_time():
    samples = np.round(sounds(2, 10.0)[0] * 2**15) / 2**15
    first, second = (embedded(a=recording(samples))[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    rows = [encoder().embed_at(samples[None, start : start + 112_000], 16_000)[0] for start in (0, 48_000)]
    np.testing.assert_allclose(first, np.mean(rows, axis=0), atol=1e-5)


def test_a_short_clip_is_repeated_and_channels_are_mixed():
    samples = np.round(sounds()[0][:40_000] * 2**15) / 2**15
    mono, stereo = embedded(
        a=recording(samples), b=recording(np.stack([samples * 2, 0 * samples], axis=1), subtype="FLOAT")
    )
    repeated = np.resize(samples, (1, 112_000)).astype(np.float32)
    np.testing.assert_array_equal(mono, encoder().embed_at(repeated, 16_000)[0])
    np.testing.assert_allclose(stereo, mono, atol=1e-4)


def test_a_recording_of_a_rate_that_it_does_not_take_is_brought_to_its_own():
    odd = np.round(sounds()[0] * 2**15) / 2**15
    (found,) = embedded(a=recording(odd, 16_001))
    resampled = soxr.resample(odd.astype(np.float32), 16_001, 44_100, quality="HQ")
    np.testing.assert_array_equal(found, encoder().embed(np.resize(resampled, (1, 308_700)))[0])


def test_silence_is_embedded_and_too_short_or_long_is_refused():
    assert np.isfinite(encoder().embed(np.zeros((1, 308_700), np.float32))).all()
    for length in (180, 8 * 16_000):
        with pytest.raises(ClipError, match=r"MS-CLAP hears 0.02 to 7.4 s at once, not"):
            encoder().embed_at(np.ones((1, length), np.float32), 16_000)


def test_bf16_is_near_and_has_a_fingerprint_of_its_own():
    rough = ClapEncoder("random", precision="bf16")
    exact = encoder().embed_at(sounds()[:3], 16_000)
    near = rough.embed_at(sounds()[:3], 16_000)
    assert near.dtype == np.float32
    assert 0 < (np.linalg.norm(near - exact, axis=1) / np.linalg.norm(exact, axis=1)).max() < 0.03
    assert rough.fingerprint != encoder().fingerprint


def test_the_fingerprint_follows_the_tower_and_not_its_file_or_device():
    names = [
        ClapEncoder("random", checkpoint="clapcap").fingerprint,
        ClapEncoder("random:0", device="cuda").fingerprint,
        ClapEncoder("random:1").fingerprint,
    ]
    assert [name == encoder().fingerprint for name in names] == [True, True, False]
    assert encoder().fingerprint == "10611e6ff7267dd9"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"weight": "hub"}, "has no key 'weight'; did you mean 'weights'"),
        ({"device": "cuda"}, "has no key 'device'"),
        ({"checkpoint": "clipcap"}, "did you mean 'clapcap'"),
        ({"precision": "bf32"}, "did you mean 'float32'"),
        ({"weights": "random:x"}, "the seed must be a whole number"),
        ({"weights": ""}, "encoder.weights is empty"),
        ({"clip_seconds": 10}, "must lie between 1 and 7.4 for MS-CLAP, got 10"),
        ({"clip_rule": "crop"}, 'MS-CLAP needs "windows" or "tile"'),
    ],
)
def test_a_wrong_table_is_refused(table, message):
    with pytest.raises(UsageError, match=message):
        encoder_config({**RANDOM, **table})


def test_left_out_settings_are_those_of_the_recipe():
    (encoder_of_recipe,) = {load_recipe("clap-knn-random").for_machine("").encoder}
    assert encoder_config(RANDOM) == encoder_of_recipe
    assert load_recipe("clap-knn").settings == {
        **load_recipe("clap-knn-random").settings,
        "encoder": {**load_recipe("clap-knn-random").settings["encoder"], "weights": "hub"},
    }


def test_random_weights_are_said():
    recipe = load_recipe("clap-knn-random").with_settings({"encoder.weights": "random:4"})
    assert recipe.notes() == [encoder_note(recipe.for_machine("").encoder)]
    assert "random weights (seed 4)" in recipe.notes()[0]
    assert load_recipe("clap-knn").notes() == load_recipe("twfr-knn").notes() == []


def test_decoders_ask_for_rates_without_loading_anything():
    program = (
        "import sys; from asd_core.encoders.build import *; from asd_core.encoders.protocol import native_rates\n"
        "encoder = new_encoder(encoder_config({'kind': 'clap', 'weights': '/nowhere'}))\n"
        "assert 16_000 in native_rates(encoder) and encoder.sample_rate == 44_100 and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_16_bit_samples_give_the_embedding_of_the_same_numbers_to_the_bit():
    whole = np.round(sounds()[:1] * 2**15).clip(-(2**15), 2**15 - 1).astype(np.int16)
    whole.flags.writeable = False  # as they come out of a buffer
    exact = encoder().embed_at(whole / np.float32(2**15), 16_000)
    np.testing.assert_array_equal(encoder().embed_at(whole, 16_000), exact)


@pytest.mark.parametrize(
    ("precision", "device", "cure"),
    [("bf16", "cuda", 'on a GPU: take "bf16-cuda"'), ("bf16-cuda", "cpu", 'on a CPU: take "bf16", or give --gpus')],
)
def test_bf16_of_one_device_is_refused_on_the_other(precision, device, cure):
    with pytest.raises(AsdError, match=cure):
        ClapEncoder("random", precision=precision, device=device).load()


def test_bf16_of_each_device_has_a_fingerprint_of_its_own_and_a_cpus_is_that_of_before():
    names = [ClapEncoder("random", precision=precision).fingerprint for precision in ("float32", "bf16", "bf16-cuda")]
    assert len(set(names)) == 3 and names[1] == "c43bfa6b1b80fd37"


def test_a_shard_planned_with_other_weights_is_refused(tmp_path):
    config = encoder_config({**RANDOM, "weights": "random:2"})
    planned = embeddings_fingerprint(encoder_config(RANDOM))
    shard = Shard("s", clips(["file:///nowhere/a.wav"]), config, planned)
    with pytest.raises(AsdError, match="are not those that this run was planned with"):
        ShardEmbedder(LocalFiles(tmp_path).url)(shard)


def test_the_device_is_the_runs():
    assert new_encoder(encoder_config(RANDOM), "cuda").device == "cuda"
