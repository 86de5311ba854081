"""Damaged files of a store: each names itself and the mend, or is made again; nothing is waited for or executed.

ASD_DAMAGE_SEED says which damages are drawn; the slow test tries all of them on a store of every kind of file.
"""

import os
import shutil

import numpy as np
import pytest

from tests.asd_core.store.special_files import KINDS
from tests.bad_input.damage import READ_BY, SMALL, commands, damage, damages, fill, kind_of
from tests.command import asd
from tests.fleet import NIGHTS

SEED = int(os.environ.get("ASD_DAMAGE_SEED", "0"))
DRAWN = 12
MOST_LINES = 3


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("small"), SMALL)


def filled(folder, names=None):
    said = fill(folder, names)
    assert {name: one.err for name, one in said.items() if one.code} == {}
    return folder


def cases(folder, names):
    """Kind of file, damage and command, for the commands of some names."""
    store, one_of = folder / "store", {}
    for path in store.rglob("*"):
        if path.is_file():
            one_of.setdefault(kind_of(str(path.relative_to(store))), path)
    for kind in sorted(one_of.keys() & READ_BY.keys()):
        for how in (*damages(one_of[kind].name, one_of[kind].read_bytes()), *KINDS):
            yield from ((kind, how, name) for name in READ_BY[kind] if name in names)


def outcome(folder, kind, how, name):
    """What a command says of a store with damaged files; None where that is as it should be."""
    store = folder / "damaged"
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(folder / "store", store, copy_function=os.link)  # files are replaced, never changed
    assert damage(store, kind, how)
    said = asd(*commands(folder, store)[name])
    lines = said.err.splitlines()
    is_well = said.code in (0, 1, 2) and len(lines) <= MOST_LINES and "unforeseen" not in said.err
    is_told = said.code == 0 or (lines and lines[-1].startswith("Error: "))
    return None if is_well and is_told else f"{kind}, {how}, {name}: exit {said.code}, {said.err[-300:]!r}"


def test_damaged_files_are_told_in_a_line_or_made_again(small):
    found = list(cases(small, SMALL))
    drawn = np.random.default_rng(SEED).choice(len(found), DRAWN, replace=False)
    assert [line for number in drawn if (line := outcome(small, *found[number])) is not None] == []


def test_a_broken_scorer_is_told_with_the_folder_to_remove_and_a_fit_makes_it_again(small):
    store = small / "damaged"
    assert outcome(small, "scorers/.npz", "half", "fit imported") is None
    line = [NIGHTS[1] if word == NIGHTS[2] else word for word in commands(small, store)["score"]]
    said = asd(*line)
    assert said.code == 1 and "has changed since: remove that folder and run asd fit again" in said.err
    for version in (store / "scorers").rglob("v0*"):
        shutil.rmtree(version)
    assert asd(*commands(small, store)["fit"]).code == asd(*line).code == 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_damage_of_every_kind_of_file_is_told_in_a_line_or_made_again(tmp_path):
    folder = filled(tmp_path)
    assert [line for one in cases(folder, commands(folder, folder)) if (line := outcome(folder, *one))] == []
