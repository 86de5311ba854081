from dataclasses import replace

import numpy as np
import pytest
import torch

from asd_core.errors import UsageError
from asd_core.training.pseudo_labels.triplet.network import new_network
from asd_core.training.pseudo_labels.triplet.training import TripletSettings, batches, embedded, trained_network

SMALL = TripletSettings(clip_seconds=1.0, epochs=3, batch_size=8, channels=8, learning_rate=3e-3)
NAMES = [f"own{number}" for number in range(16)]
OTHERS = [f"other{number}" for number in range(8)]


def load(names):
    """Tones: of the machine at 1,000 or 2,200 Hz, of others noise."""
    seconds = np.arange(16_000) / 16_000
    made = []
    for name in names:
        rng = np.random.default_rng(int(name.strip("otherwn")) + 100 * name.startswith("other"))
        hertz = (1000, 2200)[int(name.strip("otherwn")) % 2] + rng.normal(0, 5)
        tone = np.sin(2 * np.pi * hertz * seconds) * (1 + np.sin(2 * np.pi * 5 * seconds))
        made.append(rng.normal(0, 0.5, 16_000) if name.startswith("other") else tone + rng.normal(0, 0.05, 16_000))
    return np.array(made, np.float32)


def weights(network):
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def test_a_batch_is_of_the_machine_and_as_many_others_and_an_epoch_repeats_no_clip():
    found = list(batches(NAMES, OTHERS, 6, [0]))
    assert [(len(own), len(others)) for own, others in found] == [(6, 6), (6, 6)]
    mine = [name for own, _ in found for name in own]
    assert len(set(mine)) == 12 and set(mine) < set(NAMES)
    assert [own for own, _ in batches(NAMES, OTHERS, 6, [1])] != [own for own, _ in found]


def test_a_machine_with_few_clips_has_one_batch():
    ((own, others),) = batches(NAMES[:3], OTHERS[:1], 32, [0])
    assert sorted(own) == NAMES[:3] and others == OTHERS[:1] * 3


def test_training_brings_kinds_of_sound_apart_through_noise():
    def separation(network):
        rows = embedded(network, load(NAMES) + load(OTHERS * 2))
        inside = max(np.linalg.norm(rows[k::2] - rows[k::2].mean(axis=0), axis=1).mean() for k in (0, 1))
        return np.linalg.norm(rows[::2].mean(axis=0) - rows[1::2].mean(axis=0)) / inside

    steps = []
    network = trained_network(NAMES, OTHERS, load, SMALL, [0], on_step=lambda *step: steps.append(step))
    assert steps[-1] == (6, 6) and not network.training
    assert separation(network) > 1.2 * separation(new_network(8, 0).eval())


def test_the_same_seed_gives_the_same_weights_and_torchs_own_generator_is_left_alone():
    brief = replace(SMALL, epochs=1, clip_seconds=0.5)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, other, third = (trained_network(NAMES[:8], OTHERS, load, brief, [seed]) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(weights(one), weights(other)) and not torch.equal(weights(one), weights(third))


@pytest.mark.parametrize("wrong", [{"channels": 12}, {"batch_size": 1}, {"clip_seconds": 0}, {"epochs": 0}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError):
        TripletSettings(**wrong)
