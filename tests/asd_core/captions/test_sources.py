from dataclasses import replace

import pytest

from asd_core.captions.sources import CaptionSources, Tower, caption_sources, refuse_without_clap, tagger_of
from asd_core.errors import UsageError
from asd_core.recipe.caption_settings import CaptionConfig
from asd_core.recipe.recipe import load_recipe

PLAIN = load_recipe("twfr-gmm").for_machine("")
TWFR = PLAIN.encoder
ONE_TOWER = CaptionSources(Tower("c", TWFR, "tower"), Tower("t", TWFR, "tower"), "tower")


@pytest.mark.parametrize(
    ("method", "taken"),
    [("text-decoder", {"of decoder"}), ("zero-shot", {"of texts"}), ("hybrid", {"of decoder", "of texts"})],
)
def test_a_method_takes_the_embeddings_of_its_own_towers(method, taken):
    sources = CaptionSources(Tower("c", TWFR, "of decoder"), Tower("t", TWFR, "of texts"), "tower")
    assert sources.fingerprints(method) == taken
    assert ONE_TOWER.fingerprints(method) == {"tower"}


def test_captions_from_the_embeddings_of_detection_need_no_note():
    assert [ONE_TOWER.notes(method) for method in ("hybrid", "zero-shot", "text-decoder")] == [[], [], []]


def test_two_towers_and_other_embeddings_than_detections_are_noted():
    sources = replace(ONE_TOWER, text=Tower("t", TWFR, "of texts"))
    assert [note.split(":")[0] for note in sources.notes("hybrid")] == [
        "two audio towers",
        "detection and caption used different embeddings",
    ]
    assert sources.notes("text-decoder") == []


def test_captions_that_need_ms_clap_are_refused_without_it_and_allowed_where_it_is_named():
    with pytest.raises(UsageError, match="captions of this method need MS-CLAP"):
        refuse_without_clap(PLAIN)
    refuse_without_clap(replace(PLAIN, captions=CaptionConfig(encoder="clap")))


def test_random_weights_of_both_checkpoints_have_one_audio_tower_and_are_heard_on_detections_channel():
    config = CaptionConfig(encoder="clap", weights="random", clap_weights="random")
    sources = caption_sources(replace(PLAIN, captions=config, encoder=replace(TWFR, channel=1)))
    assert sources.decoder.fingerprint == sources.text.fingerprint != sources.detection_fingerprint
    assert sources.decoder.encoder.channel == sources.text.encoder.channel == 1


@pytest.mark.parametrize(
    ("settings", "tagger"),
    [
        ({}, ("mn04_as", "hub")),
        ({"encoder.kind": "efficientat", "encoder.name": "mn10_as", "encoder.weights": "w"}, ("mn10_as", "w")),
        ({"encoder.kind": "efficientat", "encoder.weights": "w", "captions.tagger": "mn10_as"}, ("mn10_as", "hub")),
        ({"encoder.kind": "efficientat", "encoder.weights": "w", "captions.tagger_weights": "v"}, ("mn04_as", "v")),
        ({"captions.tagger": "mn01_as", "captions.tagger_weights": "random"}, ("mn01_as", "random")),
    ],
)
def test_classes_are_told_by_detections_own_network_unless_another_is_named(settings, tagger):
    base = "twfr-knn" if "encoder.kind" not in settings else "imported-knn"
    found = tagger_of(load_recipe(base).with_settings(settings).for_machine(""))
    assert (found.network, found.weights) == tagger
