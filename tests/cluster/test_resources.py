import pytest

from asd_core.errors import AsdError, UsageError
from cluster.resources import Resources, refuse_amounts, refuse_too_small


@pytest.mark.parametrize(
    ("decode", "gpus", "in_encoder"),
    [("auto", 0, True), ("auto", 0.5, False), ("tasks", 0, False), ("in-encoder", 1, True)],
)
def test_an_encoder_decodes_for_itself_on_cpus_unless_told_otherwise(decode, gpus, in_encoder):
    resources = Resources(gpus_per_encoder=gpus, decode=decode)
    assert resources.decodes_in_encoder is in_encoder and resources.on_gpu is (gpus > 0)


@pytest.mark.parametrize(
    ("cpus", "gpus", "message"),
    [
        (1.0, 1.5, "--gpus 1.5: above 1 there are only whole GPUs"),
        (1.0, 1e-5, "--gpus 1e-05: the least share of a GPU is 0.0001"),
        (1e-5, 0.0, "--cpus-per-worker 1e-05: the least share of a CPU is 0.0001"),
    ],
)
def test_amounts_that_ray_does_not_share_out_are_refused(cpus, gpus, message):
    with pytest.raises(UsageError, match=message):
        refuse_amounts(cpus, gpus)


@pytest.mark.parametrize(("cpus", "gpus"), [(1.5, 0.0), (1.0, 0.25), (1.0, 1.0), (2.0, 2.0)])
def test_amounts_that_ray_shares_out_are_taken(cpus, gpus):
    refuse_amounts(cpus, gpus)


@pytest.mark.parametrize(
    ("nodes", "gpus", "message"),
    [
        ([{"CPU": 4.0}], 0.5, "an encoder wants 0.5 GPU, but the cluster has 0: leave --gpus out"),
        ([{"CPU": 4.0, "GPU": 1.0}] * 3, 2.0, "an encoder wants 2 GPU, but the largest node has 1: lower --gpus"),
    ],
)
def test_a_worker_has_to_fit_into_one_node(nodes, gpus, message):
    with pytest.raises(AsdError, match=message):
        refuse_too_small(nodes, Resources(gpus_per_encoder=gpus))
    refuse_too_small([*nodes, {"CPU": 1.0, "GPU": gpus}], Resources(gpus_per_encoder=gpus))
