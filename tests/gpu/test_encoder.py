import os
import subprocess
import sys

import numpy as np
import pytest

from asd_core.audio.cut_windows import cut_windows
from asd_core.encoders.clap.encoder import ClapEncoder
from asd_core.errors import AsdError
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.encoding import encode_shard
from tests.asd_core.encoders.clap.random_towers import encoder, sounds

pytestmark = pytest.mark.gpu

NEAR = 1e-4  # of an embedding's length: float32 between devices
FULL = not os.environ.get("GPU_TESTS_ON_CPU")


@pytest.fixture(scope="module")
def on_gpu(device):
    made = ClapEncoder("random", device=device)
    made.load()
    return made


def distance(found, expected):
    """The largest of all rows, as a share of their length."""
    return (np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)).max()


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_float32_is_the_cpus(on_gpu, rate):
    some = sounds(2, 7.0, rate)
    assert distance(on_gpu.embed_at(some, rate), encoder().embed_at(some, rate)) <= NEAR


def test_16_bit_samples_are_those_of_float32(on_gpu):
    whole = np.round(sounds()[:2] * 2**15).clip(-(2**15), 2**15 - 1).astype(np.int16)
    floats = whole.astype(np.float32) / 2**15
    np.testing.assert_array_equal(on_gpu.embed_at(whole, 16_000), on_gpu.embed_at(floats, 16_000))


@pytest.mark.parametrize("batch", [1, 7, 256 if FULL else 9])
def test_batches_of_any_size_are_alike(on_gpu, batch):
    few = sounds()[:2]
    some = few[np.arange(batch) % 2]
    found = on_gpu.embed_at(some, 16_000)
    assert distance(found, encoder().embed_at(few, 16_000)[np.arange(batch) % 2]) <= NEAR


def test_bf16_is_near_float32_and_comes_as_float32(on_gpu, device):
    rough = ClapEncoder("random", precision="bf16-cuda" if device == "cuda" else "bf16", device=device)
    found = rough.embed_at(sounds()[:2], 16_000)
    assert found.dtype == np.float32 and np.isfinite(found).all()
    assert 0 < distance(found, on_gpu.embed_at(sounds()[:2], 16_000)) < 0.03


PROGRAM = """
import sys
import numpy as np, torch
from asd_core.encoders.clap.encoder import ClapEncoder
torch.set_float32_matmul_precision("medium")
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
made = ClapEncoder("random", device=sys.argv[1])
np.save(sys.argv[3], made.embed_at(np.load(sys.argv[2]), 16_000))
"""


def test_a_process_that_asks_for_tf32_gets_float32_all_the_same(on_gpu, device, tmp_path):
    np.save(tmp_path / "in.npy", sounds()[:2])
    line = [sys.executable, "-c", PROGRAM, device, str(tmp_path / "in.npy"), str(tmp_path / "out.npy")]
    subprocess.run(line, check=True)
    found = np.load(tmp_path / "out.npy")
    assert distance(found, on_gpu.embed_at(sounds()[:2], 16_000)) <= 1e-6


@pytest.fixture
def little_memory(device):
    """Give this process a share of the GPU's memory, and take it back."""
    import torch

    if device == "cpu":
        pytest.skip("a CPU's memory has no such limit")

    def limit(gibibytes):
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(0).total_memory
        used = torch.cuda.memory_reserved(0)
        torch.cuda.set_per_process_memory_fraction((used + gibibytes * 2**30) / total)

    yield limit
    torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_batch_that_memory_does_not_hold_is_halved_and_its_rows_are_the_same(on_gpu, device, little_memory):
    some = sounds()[np.arange(128) % 8]
    before = on_gpu.embed_at(some, 16_000)
    small = ClapEncoder("random", device=device)
    small.load()
    little_memory(1.5)
    found = small.embed_at(some, 16_000)
    assert small._batch_size.most is not None and small._batch_size.most < 128
    assert distance(found, before) <= NEAR


def test_memory_for_not_a_single_window_is_one_line(device, little_memory):
    small = ClapEncoder("random", device=device)
    small.load()
    little_memory(0.005)
    with pytest.raises(AsdError, match="no memory left for a single window") as refused:
        small.embed_at(sounds()[:4], 16_000)
    assert "\n" not in str(refused.value)


def test_a_recording_of_three_hours_never_goes_at_once(on_gpu, device):
    import torch

    seconds, bound = (3 * 3600, 256) if FULL else (15, 2)
    samples = np.resize(sounds()[0], seconds * 16_000)
    (few,), peaks = encode_shard([DecodedClip(cut_windows(samples[: bound * 112_000], 112_000))], on_gpu, bound), []
    for clip in (samples[: bound * 112_000], samples):
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        (found,) = encode_shard([DecodedClip(cut_windows(clip, 112_000))], on_gpu, bound)
        peaks.append(torch.cuda.max_memory_allocated() if device == "cuda" else 0)
    assert np.isfinite(found).all() and np.isfinite(few).all()
    assert peaks[1] <= 1.1 * peaks[0]
