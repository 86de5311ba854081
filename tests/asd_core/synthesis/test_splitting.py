from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import AsdError, UsageError
from asd_core.synthesis.splitting import Parts, split_normals
from tests.asd_core.synthesis.clips_of import clips_of


def ids(parts: Parts) -> list[set[str]]:
    return [set(part["clip_id"].to_pylist()) for part in (parts.fitted, parts.normal, parts.sources)]


@given(st.integers(6, 200), st.integers(0, 20), st.floats(0.05, 0.95), st.integers(0, 9))
def test_every_clip_is_in_exactly_one_part(source: int, target: int, held_out: float, seed: int) -> None:
    normals = clips_of(["source"] * source + ["target"] * target)
    try:
        parts = ids(split_normals(normals, held_out, seed))
    except AsdError:
        return  # too few for that share
    assert sum(map(len, parts)) == len(normals)
    assert set.union(*parts) == set(normals["clip_id"].to_pylist())


def test_a_third_held_out_of_75_leaves_50_and_puts_faults_into_13_of_the_rest() -> None:
    assert [len(part) for part in ids(split_normals(clips_of([""] * 75), 1 / 3, 0))] == [50, 12, 13]


def test_each_domain_is_split_by_itself() -> None:
    parts = split_normals(clips_of(["source"] * 990 + ["target"] * 10), 1 / 3, 0)
    counts = [part["domain"].to_pylist().count("target") for part in (parts.fitted, parts.normal, parts.sources)]
    assert counts == [7, 1, 2]


def test_the_order_of_the_rows_does_not_matter() -> None:
    normals = clips_of([""] * 30)
    shuffled = normals.take(pa.array(np.random.default_rng(0).permutation(30)))
    assert ids(split_normals(normals, 0.4, 3)) == ids(split_normals(shuffled, 0.4, 3))


def test_another_seed_splits_otherwise() -> None:
    normals = clips_of([""] * 30)
    assert ids(split_normals(normals, 0.4, 0)) != ids(split_normals(normals, 0.4, 1))


def test_too_few_clips_are_refused_with_what_to_do() -> None:
    with pytest.raises(AsdError, match="3 normal clips are too few.*labelled clips"):
        split_normals(clips_of([""] * 3), 1 / 3, 0)
    with pytest.raises(UsageError, match="held out must lie between 0 and 1, not 1"):
        split_normals(clips_of([""] * 30), 1, 0)


def test_six_clips_are_enough() -> None:
    assert [len(part) for part in ids(split_normals(clips_of([""] * 6), 1 / 3, 0))] == [4, 1, 1]
