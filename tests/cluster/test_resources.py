import pytest

from cluster.resources import Resources


@pytest.mark.parametrize(
    ("decode", "on_cpus", "on_gpus"), [("auto", True, False), ("tasks", False, False), ("in-encoder", True, True)]
)
def test_an_encoder_decodes_for_itself_where_asked_or_where_it_has_no_gpu(decode, on_cpus, on_gpus):
    for share, expected in ((0, on_cpus), (0.25, on_gpus), (1, on_gpus)):
        resources = Resources(gpus_per_encoder=share, decode=decode)
        assert resources.decodes_in_encoder == expected and resources.on_gpu == (share > 0)
