"""A small first-shot run: a machine of one-second clips, some of them in the place of generated ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from asd_core.clips.archive import list_archive
from asd_core.clips.selection import training_clips
from asd_core.pipeline.engine import Engine, LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.first_shot import Targets, first_shot
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.tuning.space.space import Space, new_space
from tests.asd_core.tuning.gather.recordings import write_machines

RECIPE = load_recipe("fs-twfr-gmm")
SPACE = new_space({"encoder.r": {"grid": [0.0, 0.9, 1.0, 1.05]}})


def write_both(folder: Path) -> None:
    """Write ``folder/real``, and other clips of the same machines as ``folder/generated``."""
    write_machines(folder / "real", {"fan": ["00"]})
    write_machines(folder / "generated", {"fan": ["00"], "pump": ["00"]})
    for path in (folder / "generated").glob("*/train"):
        for name in path.iterdir():
            name.unlink()


def targets_in(folder: Path, labels: bool = True) -> Targets:
    """The targets of what `write_both` wrote; without labels the conditions of test clips are not known."""
    clips = list_archive(str(folder / "real")).clips
    normals = training_clips(clips)
    if not labels:
        place = clips.schema.get_field_index("condition")
        clips = clips.set_column(place, clips.schema.field(place), pa.array([""] * len(clips), pa.string()))
    made = list_archive(str(folder / "generated")).clips
    return Targets(clips, normals, made, str(folder / "generated"), ("the generated clips: random weights",))


def run_in(
    folder: Path, store: Store, labels: bool = True, engine: Engine | None = None, space: Space = SPACE, **asked: Any
) -> dict[str, Any]:
    """The record of a first-shot run."""
    name = asked.pop("name", "plant")
    return first_shot(store, RECIPE, name, targets_in(folder, labels), space, engine or LocalEngine("cpu"), **asked)


def store_in(folder: Path) -> Store:
    """A store of its own."""
    return Store(LocalFiles(folder))
