"""A generation that is killed, as a machine that loses its power ends it, and the same one resumed."""

import time

import pyarrow.parquet as pq
import pytest

from tests.cluster.kills import Command, Nodes, run
from tests.labelled_plant import QUICK, write_labelled_plant

MANY = ("--set", "generator.clips=10", "--set", "generator.ddim_steps=20", "--set", "generator.generate_batch=1")


def words(folder, store, *more):
    return ("synthesize", folder / "data", "--targets", "grinder", "--as", "x", "--store", store, *QUICK, *MANY, *more)


def sums(summary):
    table = pq.read_table(f"{summary['folder']}/clips.parquet")
    return dict(zip(table["path"].to_pylist(), table["sha256"].to_pylist(), strict=True))


def wait_for_shards(command, store, count):
    while len(list(store.glob("synthetic/x/under_way/*/*.parquet"))) < count:
        assert command.is_running, command.said
        time.sleep(0.01)


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plant")
    write_labelled_plant(folder / "data")
    return folder


@pytest.fixture(scope="module")
def whole(plant):
    code, summary, said = run(plant, *words(plant, plant / "whole", "--local", "--json"))
    assert code == 0, said
    return sums(summary)


@pytest.mark.slow
def test_a_killed_generation_goes_on_and_gives_the_same_checksums(plant, whole, tmp_path):
    store = tmp_path / "store"
    line = words(plant, store, "--local", "--json")
    for shards in (2, 9):
        with Command(tmp_path, *line) as command:
            wait_for_shards(command, store, shards)
            command.kill()
        assert not list(store.glob("synthetic/x/*/clips.parquet"))
    code, summary, said = run(tmp_path, *line)
    assert code == 0 and "training steps" not in said, said
    assert sums(summary) == whole and len(set(whole.values())) == 20


@pytest.mark.slow
def test_another_seed_gives_other_clips_only(plant, whole, tmp_path):
    seed = ("--set", "generator.seed=1")
    code, summary, said = run(tmp_path, *words(plant, tmp_path / "store", *seed, "--local", "--json"))
    assert code == 0, said
    assert sums(summary).keys() == whole.keys() and set(sums(summary).values()).isdisjoint(whole.values())


@pytest.mark.slow
def test_two_nodes_of_a_cluster_give_the_same_checksums(plant, whole, tmp_path):
    with Nodes(head=0, workers=(1, 1)) as nodes:
        line = words(plant, tmp_path / "store", "--ray-address", nodes.address, "--json")
        code, summary, said = run(tmp_path, *line)
    assert code == 0, said
    assert sums(summary) == whole
