import pytest
import torch
from safetensors.torch import save
from speechbrain.lobes.models.beats import BEATs

from asd_core.encoders.anopatch.beats import Beats, beats_from_checkpoint
from asd_core.encoders.anopatch.shapes import shape_settings
from asd_core.errors import AsdError, ClipError

FULL, TINY = shape_settings("beats", "full"), shape_settings("beats", "tiny")


def waveforms(seconds=1.0, seed=0):
    return torch.rand(2, int(seconds * 16_000), generator=torch.Generator().manual_seed(seed)) - 0.5


def public_names(state):
    """As the public checkpoints have it: older names of a normalised weight, and a shared one in each layer."""
    new = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    renamed = {}
    for name, value in state.items():
        for now, before in new.items():
            name = name.replace(now, before)
        renamed[name] = value.clone()
    bias = "encoder.layers.{}.self_attn.relative_attention_bias.weight"
    if bias.format(0) in renamed:
        renamed[bias.format(1)] = renamed[bias.format(0)]
    return renamed


@pytest.fixture
def checkpoint(tmp_path):
    """Write a checkpoint in the public layout; return its path."""

    def write(**settings):
        torch.manual_seed(1)
        cfg = {**TINY, **settings}
        model = public_names(Beats(cfg).state_dict())
        if cfg.get("finetuned_model"):
            model |= {"predictor.weight": torch.randn(527, 48), "predictor.bias": torch.randn(527)}
        torch.save({"cfg": cfg, "model": model}, tmp_path / "beats.pt")
        return tmp_path / "beats.pt"

    return write


@pytest.mark.parametrize(
    "settings", [{}, {"finetuned_model": True}, {"deep_norm": False, "relative_position_embedding": False}]
)
def test_tokens_equal_those_of_speechbrains_own_path(checkpoint, settings):
    path = checkpoint(**settings)
    shape = {**TINY, **{name: value for name, value in settings.items() if name in TINY}}
    ours = beats_from_checkpoint(path, shape, {}).eval()
    made = ours(ours.features(waveforms()))
    theirs = BEATs(str(path)).extract_features(waveforms(), torch.ones(2))[0]
    torch.testing.assert_close(made, theirs, rtol=1e-5, atol=1e-5)


def test_the_public_shape_has_90_million_parameters():
    assert round(sum(value.numel() for value in Beats(FULL).parameters()) / 1e6, 2) == 90.31


@pytest.mark.parametrize(("seconds", "count"), [(0.175, 8), (1.0, 48), (10.0, 496), (18.0, 896)])
def test_each_sixteen_frames_have_eight_tokens(seconds, count):
    network = Beats({**TINY, "encoder_layers": 1}).eval()
    with torch.inference_mode():
        assert network(network.features(waveforms(seconds)[:1])).shape == (1, count, 48)


def test_less_than_a_patch_is_refused():
    with pytest.raises(ClipError, match="2799 samples are less than one patch"):
        Beats(TINY).features(torch.zeros(1, 2_799))


def test_training_repeats_under_one_seed_whatever_numpy_draws():
    network = Beats({**TINY, "encoder_layerdrop": 0.9}).train()
    features, made = network.features(waveforms()), []
    for _ in range(2):
        torch.manual_seed(4)
        made.append(network(features))
    assert torch.equal(*made)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cfg": None}, 'holds no "cfg"'),
        ({"cfg": {**TINY, "encoder_layers": 10**9}}, "another shape: encoder_layers is 1000000000, and .* says 2"),
        ({"model": {}}, "lacks the tensor patch_embedding"),
        ({"model": {"layer_norm.weight": torch.ones(3)}}, "size mismatch for layer_norm.weight"),
    ],
)
def test_another_shape_is_one_line(checkpoint, change, message):
    path = checkpoint()
    torch.save({**torch.load(path, weights_only=True), **change}, path)
    with pytest.raises(AsdError, match=message) as caught:
        beats_from_checkpoint(path, TINY, {})
    assert "\n" not in str(caught.value)


def test_a_tensor_too_many_is_one_line(checkpoint):
    path = checkpoint()
    loaded = torch.load(path, weights_only=True)
    loaded["model"]["quantizer"] = torch.ones(2)
    torch.save(loaded, path)
    with pytest.raises(AsdError, match="has, beside those of BEATs, the tensor quantizer"):
        beats_from_checkpoint(path, TINY, {})


def test_dropout_of_the_recipe_replaces_the_checkpoints(checkpoint):
    network = beats_from_checkpoint(checkpoint(), TINY, {"dropout": 0.0, "attention_dropout": 0.0}).train()
    features = network.features(waveforms())
    assert torch.equal(network(features), network.eval()(features))


def test_a_file_that_is_no_checkpoint_is_one_line(tmp_path):
    (tmp_path / "beats.pt").write_bytes(b"RIFF")
    with pytest.raises(AsdError, match="cannot be loaded as a checkpoint of tensors"):
        beats_from_checkpoint(tmp_path / "beats.pt", TINY, {})


def test_no_two_tensors_share_memory_so_that_safetensors_takes_them():
    save(Beats(TINY).state_dict())
