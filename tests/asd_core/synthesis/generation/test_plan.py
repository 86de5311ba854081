"""The plan of generated clips."""

import subprocess
import sys
from dataclasses import replace

import pytest

from asd_core.errors import AsdError
from asd_core.synthesis.generation.plan import clip_seed, plan_clips, plan_digest, shards_of, without_repeats
from tests.asd_core.synthesis.generation.fakes import QUICK, wanted_of

WANTED = wanted_of(("fan", "00"), ("valve", "01"))


def test_another_process_plans_the_same_seeds():
    line = "from asd_core.synthesis.generation.plan import clip_seed; print(clip_seed(5, 'fan', '00', 'normal', 3, 1))"
    said = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert int(said.stdout) == clip_seed(5, "fan", "00", "normal", 3, 1)


def test_all_seeds_and_paths_are_distinct_and_another_seed_gives_other_seeds_for_all_clips():
    planned, others = plan_clips(WANTED, QUICK), plan_clips(WANTED, replace(QUICK, seed=1))
    seeds = {seed for clip in planned for seed in clip.seeds}
    assert len(seeds) == len(planned) * (QUICK.candidates + 1) and max(seeds) < 2**63
    assert len({clip.path for clip in planned}) == len(planned) == len(WANTED)
    assert seeds.isdisjoint(seed for clip in others for seed in clip.seeds)
    assert [clip.path for clip in planned] == [clip.path for clip in others]


def test_the_seeds_of_a_clip_do_not_depend_on_other_machines_or_on_how_many_there_are():
    alone = {clip.path: clip.seeds for clip in plan_clips(wanted_of(("valve", "01")), QUICK)}
    both = {clip.path: clip.seeds for clip in plan_clips(WANTED, QUICK)}
    more = {clip.path: clip.seeds for clip in plan_clips(WANTED, replace(QUICK, candidates=5))}
    assert alone.items() <= both.items()
    assert all(more[path][: len(seeds)] == seeds for path, seeds in both.items())


def test_a_clip_with_the_caption_and_seed_of_another_is_refused_and_in_no_shard():
    planned = plan_clips(WANTED, QUICK)
    twice = without_repeats([*planned, replace(planned[0], path="fan/test/again.wav")])
    assert twice[-1].refused == f"the same caption and seed as {planned[0].path}"
    assert [clip for shard in shards_of(twice, QUICK) for clip in shard] == list(planned)


def test_the_candidates_of_a_shard_fill_a_batch():
    planned = plan_clips(WANTED, QUICK)
    assert {len(shard) for shard in shards_of(planned, QUICK)} == {2}
    assert {len(shard) for shard in shards_of(planned, replace(QUICK, candidates=9))} == {1}


def test_the_digest_depends_on_what_decides_samples_and_on_nothing_else():
    planned, digests = plan_clips(WANTED, QUICK), set()
    for config, generator in [
        (QUICK, "a"),
        (replace(QUICK, steps=7), "a"),
        (replace(QUICK, guidance=1.0), "a"),
        (QUICK, "b"),
    ]:
        digests.add(plan_digest(planned, config, {"digest": generator}))
    assert len(digests) == 3


def test_nothing_wanted_is_one_line():
    with pytest.raises(AsdError, match="no clips are wanted"):
        plan_clips(WANTED.slice(0, 0), QUICK)
