from dataclasses import replace

import pytest
import torch

from asd_core.errors import UsageError
from asd_core.synthesis.audioldm.components import NETWORKS, load_components
from tests.asd_core.synthesis.audioldm.tiny import TINY, tiny_components


def test_tiny_networks_are_of_the_published_classes_and_say_that_they_are_random():
    made = tiny_components()
    assert [type(getattr(made, name)).__name__ for name in (*NETWORKS, "tokenizer", "scheduler")] == [
        "AutoencoderKL",
        "UNet2DConditionModel",
        "ClapTextModelWithProjection",
        "SpeechT5HifiGan",
        "RobertaTokenizerFast",
        "DDIMScheduler",
    ]
    assert made.note.startswith("random weights (seed 0)")
    assert not any(value.requires_grad for name in NETWORKS for value in getattr(made, name).parameters())


def test_random_weights_follow_from_their_seed_alone():
    one, again, other = tiny_components(), load_components(TINY), tiny_components(1)
    for name in NETWORKS:
        weights = [next(iter(getattr(made, name).parameters())) for made in (one, again, other)]
        assert torch.equal(weights[0], weights[1])
        assert not torch.equal(weights[0], weights[2])


def test_a_size_without_published_weights_is_refused_by_the_hub():
    with pytest.raises(UsageError, match="generator.size = 'tiny' has no published weights"):
        load_components(replace(TINY, weights="hub"))


def test_a_folder_that_is_not_there_is_one_line():
    with pytest.raises(UsageError, match="there is no such folder"):
        load_components(replace(TINY, weights="/nowhere"))
