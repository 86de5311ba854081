import pytest

from cluster.resources import Resources


@pytest.mark.parametrize(
    ("decode", "gpus", "in_encoder"),
    [("auto", 0, True), ("auto", 0.5, False), ("tasks", 0, False), ("in-encoder", 1, True)],
)
def test_an_encoder_decodes_for_itself_on_cpus_unless_told_otherwise(decode, gpus, in_encoder):
    resources = Resources(gpus_per_encoder=gpus, decode=decode)
    assert resources.decodes_in_encoder is in_encoder and resources.on_gpu is (gpus > 0)
