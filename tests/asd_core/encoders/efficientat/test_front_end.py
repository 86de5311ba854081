import cmath
import math

import numpy as np
import torch

from asd_core.encoders.efficientat.front_end import HOP, N_MELS, FrontEnd, mel_bands


def mel(hertz):
    return 1127 * math.log(1 + hertz / 700)


def slow_log_mel(samples):
    """Frame by frame and band by band in float64, with a Fourier sum for each bin."""
    emphasised = [samples[i] - 0.97 * samples[i - 1] for i in range(1, len(samples))]
    padded = emphasised[512:0:-1] + emphasised + emphasised[-2:-514:-1]
    window = [0.5 - 0.5 * math.cos(2 * math.pi * i / 799) for i in range(800)]
    turns = np.array([[cmath.exp(-2j * math.pi * k * n / 1024) for n in range(1024)] for k in range(512)])
    edges = [i * mel(15_000) / 129 for i in range(130)]
    frames = []
    for start in range(0, len(emphasised) + 1, 320):
        frame = np.zeros(1024)
        for i in range(800):
            frame[112 + i] = padded[start + 112 + i] * window[i]
        power = np.abs(turns @ frame) ** 2
        bands = []
        for left, centre, right in zip(edges, edges[1:], edges[2:], strict=False):
            total = 0.0
            for k in range(512):
                at = mel(k * 32_000 / 1024)
                total += power[k] * max(0, min((at - left) / (centre - left), (right - at) / (right - centre)))
            bands.append((math.log(total + 0.00001) + 4.5) / 5)
        frames.append(bands)
    return np.array(frames).T


def test_it_equals_a_slow_twin_in_double_precision():
    samples = 0.1 * np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    fast = FrontEnd()(torch.from_numpy(samples)[None])[0].numpy()
    np.testing.assert_allclose(fast, slow_log_mel(samples.tolist()), atol=2e-5)


def test_a_frame_comes_every_hop():
    assert FrontEnd()(torch.zeros(2, 32_000)).shape == (2, N_MELS, 31_999 // HOP + 1)


def test_silence_is_the_floor_brought_to_the_networks_scale():
    np.testing.assert_allclose(FrontEnd()(torch.zeros(1, 3_200)).numpy(), (math.log(1e-5) + 4.5) / 5, rtol=1e-6)


def test_bands_overlap_so_that_neighbours_sum_to_one_between_the_first_and_the_last_centre():
    bands = mel_bands()
    peaks = bands.argmax(axis=1)
    np.testing.assert_allclose(bands[:, peaks[1] + 1 : peaks[-1]].sum(axis=0), 1)


def test_nothing_of_it_is_part_of_a_checkpoint():
    assert not FrontEnd().state_dict()
