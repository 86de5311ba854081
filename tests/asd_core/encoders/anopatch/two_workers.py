"""Gradients of AnoPatch's loss on one batch: by one worker, or by several processes that each have a part of it."""

import torch
from safetensors.torch import load_file, save_file
from torch import distributed
from torch.multiprocessing import spawn
from torch.nn.parallel import DistributedDataParallel

from asd_core.encoders.anopatch.encoder import AnopatchEncoder
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.heads import new_heads
from asd_core.training.step import TrainedModel

CONFIG = TrainingConfig(loss="arcface", mixup=0.0)
CLIPS, N_CLASSES = 8, 3
TABLE = {"weights": "random", "dropout": 0.0}


def waveforms(count=CLIPS):
    """(count, 6400): noises of several levels, in any order."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(count, 6_400, generator=generator) - 0.5
    return noise * torch.rand(count, 1, generator=generator)


def model(is_frozen, size="tiny"):
    """A network without dropout and masks and its loss; with batch statistics frozen or not."""
    network = AnopatchEncoder.new_network({**TABLE, "size": size}, 0)
    made = TrainedModel(network, new_heads(CONFIG, network.branch_dims, N_CLASSES, 0), CONFIG).train()
    if is_frozen:
        network.pooling.norm.eval()
    return made


def gradients(made, rows=slice(None), count=CLIPS, joined=None):
    """The gradient of every parameter, after a backward pass on some rows of a batch."""
    (joined or made)(waveforms(count)[rows], (torch.arange(count) % N_CLASSES)[rows], 0).backward()
    return {name: value.grad.clone() for name, value in made.named_parameters()}


def parts(workers, count=CLIPS):
    """The rows of each worker."""
    size = count // workers
    return [slice(start, start + size) for start in range(0, count, size)]


def averaged(is_frozen, workers, count=CLIPS, size="tiny"):
    """The mean of gradients on each worker's rows, one after the other in this process."""
    found = [gradients(model(is_frozen, size), rows, count) for rows in parts(workers, count)]
    return {name: sum(one[name] for one in found) / workers for name in found[0]}


def gradients_of_workers(count, folder, is_frozen):
    """The same by processes that average theirs."""
    spawn(_work, (count, str(folder), is_frozen), nprocs=count)
    found = [load_file(folder / f"{rank}.safetensors") for rank in range(count)]
    assert all(torch.equal(found[0][name], other[name]) for other in found for name in other)
    return found[0]


def _work(rank, count, folder, is_frozen):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=count)
    made = model(is_frozen)
    found = gradients(made, parts(count)[rank], joined=DistributedDataParallel(made))
    save_file(found, f"{folder}/{rank}.safetensors")
    distributed.destroy_process_group()


def distance(found, expected):
    """How far gradients lie from others, as a share of the length of these."""
    away = sum((found[name] - expected[name]).square().sum() for name in expected)
    return float((away / sum(value.square().sum() for value in expected.values())).sqrt())
