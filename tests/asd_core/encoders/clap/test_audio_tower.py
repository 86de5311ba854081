import numpy as np
import pytest
import torch
from torchaudio.transforms import Resample

from asd_core.encoders.clap.audio_tensors import FILTERBANK, KERNELS, tensor_shapes
from asd_core.encoders.clap.audio_tower import AudioTower, audio_digest, audio_tensors, load_audio_tower
from asd_core.encoders.clap.weights import CLAP_2023, CLAPCAP_2023, digest
from asd_core.errors import AsdError
from tests.asd_core.encoders.clap.random_towers import smallest_distance, sounds, tower

HEADS = ("base.htsat.tscam_conv.", "base.htsat.head.", "base.htsat.bn0.num_batches_tracked")


@pytest.fixture(scope="module")
def waveforms():
    """(4, T) at 44,100 Hz."""
    return Resample(16_000, 44_100)(torch.from_numpy(sounds()[::2]))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """A folder with both checkpoints; their audio towers are the random one."""
    folder = tmp_path_factory.mktemp("hub")
    state = tower().module.state_dict()
    for name, prefix in ((CLAP_2023, "audio_encoder."), (CLAPCAP_2023, "clap.")):
        more = {"logit_scale": torch.tensor(1.0), f"{prefix}made.later": torch.zeros(3)}
        torch.save({"model": {prefix + key: value for key, value in state.items()} | more}, folder / name)
    yield folder
    for path in folder.iterdir():
        path.unlink()  # 130 MB each


def embeddings(tower, waveforms):
    with torch.inference_mode():
        return torch.cat([tower.embed(tower.log_mel(waveform[None])) for waveform in waveforms]).numpy()


def originals(module, waveforms):
    with torch.inference_mode():
        return torch.cat([module(waveform[None])[0] for waveform in waveforms]).numpy()


@pytest.mark.slow  # the encoder, which is this tower and its resampling, is compared to msclap always
def test_embeddings_are_those_of_msclaps_own_module(waveforms):
    ours, theirs = embeddings(tower(), waveforms), originals(tower().module, waveforms)
    assert ours.shape == (4, 1024) and ours.dtype == np.float32
    assert np.linalg.norm(ours - theirs, axis=1).max() < 0.01 * smallest_distance(theirs)


def test_embeddings_of_different_sounds_differ_by_a_good_part_of_their_length(waveforms):
    found = embeddings(tower(), waveforms)
    assert smallest_distance(found) > 0.1 * np.linalg.norm(found, axis=1).max()


def test_both_checkpoints_hold_a_tower_under_a_prefix_of_their_own_and_equal_ones_have_one_digest(checkpoints):
    state = {name: value for name, value in tower().module.state_dict().items() if not name.startswith(HEADS)}
    for name in (CLAP_2023, CLAPCAP_2023):
        assert audio_digest(str(checkpoints), name) == audio_digest(str(checkpoints / name), name) == digest(state)


def test_a_tower_from_a_file_embeds_as_the_one_that_was_saved(checkpoints, waveforms):
    loaded = load_audio_tower(str(checkpoints), CLAPCAP_2023)
    assert loaded.digest == audio_digest(str(checkpoints), CLAP_2023)
    np.testing.assert_array_equal(embeddings(loaded, waveforms[:1]), embeddings(tower(), waveforms[:1]))


def test_the_other_checkpoint_in_the_place_of_one_is_refused(checkpoints):
    message = rf"lacks the tensor audio_encoder\.{KERNELS[0]}: is it {CLAP_2023}\?"
    with pytest.raises(AsdError, match=message):
        load_audio_tower(str(checkpoints / CLAPCAP_2023), CLAP_2023)


def test_a_tensor_of_another_shape_is_named(tmp_path):
    torch.save({f"audio_encoder.{KERNELS[0]}": torch.zeros(2, 1)}, tmp_path / CLAP_2023)
    with pytest.raises(
        AsdError, match=rf"has the tensor audio_encoder\.{KERNELS[0]} in the shape \(2, 1\), not \(513, 1"
    ):
        audio_tensors(str(tmp_path), CLAP_2023)


def test_a_file_that_changes_has_another_digest_in_the_same_process(tmp_path):
    path = tmp_path / CLAP_2023
    state = {"audio_encoder." + name: torch.zeros(1).expand(shape) for name, shape in tensor_shapes().items()}
    torch.save(state, path)  # of one number a tensor, whatever its shape
    before = audio_digest(str(path))
    state["audio_encoder.projection.layer_norm.bias"] = torch.ones(1024)
    torch.save(state, path)
    assert audio_digest(str(path)) != before


def test_kernels_and_filterbank_are_the_checkpoints_where_it_has_others(waveforms):
    state = tower().module.state_dict()
    changed = {name: 0.5 * state[name] for name in KERNELS} | {FILTERBANK: 0.1 * state[FILTERBANK]}
    module = type(tower().module)("HTSAT", 768, 1024, 44_100, 1024, 320, 64, 50, 8000, 527)
    module.load_state_dict({**state, **changed})
    other = AudioTower(module, "", has_fourier_kernels=False)
    with torch.inference_mode():
        gap = tower().log_mel(waveforms[:1]) - other.log_mel(waveforms[:1])
    loud = gap[tower().log_mel(waveforms[:1]) > -60]
    torch.testing.assert_close(loud, torch.full_like(loud, 10 + 20 * np.log10(2)), rtol=0, atol=0.05)
