"""Labelled clips that a generator in the store was fine-tuned on, and what every figure on them must say.

A text-to-audio generator hears the anomalies of reference machines, which are development test clips. What is chosen
with its clips is then no stranger to these anomalies: a figure on them is none of a test.
"""

from __future__ import annotations

import urllib.parse
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.evaluation.evaluate import Evaluation
from asd_core.store.files import Files
from asd_core.store.tables import from_parquet, rows_of

_HEARD = "heard.parquet"
_COLUMNS = ("clip_id", "uri", "machine_type", "machine_id")
_SHOWN = 5  # machine types that a line names


@dataclass(frozen=True)
class Hearing:
    """Clips of an evaluation that one generator was fine-tuned on.

    Attributes:
        generator: its name in the store.
        measured: number of clips of the evaluation.
        heard: machine type and id → number of clips that the generator heard; at least one.
    """

    generator: str
    measured: int
    heard: Mapping[tuple[str, str], int]

    @property
    def line(self) -> str:
        """The note that must stand beside every figure of the evaluation."""
        kinds = sorted({machine_type for machine_type, _ in self.heard})
        some = ", ".join(kinds[:_SHOWN]) + (f" and {len(kinds) - _SHOWN} more types" if len(kinds) > _SHOWN else "")
        return (
            f"generator {self.generator} was fine-tuned on {sum(self.heard.values())} of the {self.measured} labelled "
            f"clips measured here ({some}): for whatever was chosen with its clips, these figures are no test"
        )


def hearings(files: Files, clips: pa.Table) -> list[Hearing]:
    """The generators of a store that heard some of these clips, sorted by name; none costs one listing.

    A clip is known by its id or its address, and wherever its archive has moved, by its machine with its name and the
    two folders above.

    Args:
        files: of the store.
        clips: labelled clips that figures rest on; of CLIPS, the columns clip_id, uri, machine_type and machine_id.

    Raises:
        AsdError: the table of a generator cannot be read, so that what it heard is not known.
    """
    found = []
    tables = _heard_tables(files)
    if not tables:
        return []
    rows = list(rows_of(clips, *_COLUMNS))
    for generator, paths in tables.items():
        known = {word for path in paths for row in _rows(files, path) for word in _words(*row)}
        heard = Counter((row[2], row[3]) for row in rows if not known.isdisjoint(_words(*row)))
        if heard:
            found.append(Hearing(generator, len(rows), dict(sorted(heard.items()))))
    return found


def labelled(scores: pa.Table) -> pa.Table:
    """The rows of SCORES that figures rest on: scored clips of known condition that are not for training."""
    is_known = pc.is_in(scores["condition"], value_set=pa.array(["normal", "anomalous"]))
    is_scored = pc.is_finite(pc.fill_null(scores["anomaly_score"], float("nan")))
    return scores.filter(pc.and_(pc.and_(is_known, is_scored), pc.not_equal(scores["split"], "train")))


def with_hearings(evaluation: Evaluation, found: list[Hearing]) -> Evaluation:
    """The evaluation with a note on each generator, and one in the row of each machine whose clips it heard."""
    machines = []
    for machine in evaluation.machines:
        name = (machine.machine_type, machine.machine_id)
        heard = [f"generator {one.generator} heard {one.heard[name]} clips" for one in found if name in one.heard]
        machines.append(replace(machine, note="; ".join(filter(None, [machine.note, *heard]))))
    lines = tuple(one.line for one in found)
    return replace(evaluation, machines=tuple(machines), notes=(*evaluation.notes, *lines))


def _heard_tables(files: Files) -> dict[str, list[str]]:
    """Name of a generator → the tables of what it heard, of all its versions."""
    tables: dict[str, list[str]] = {}
    for info in files.list("generators"):
        parts = info.path.split("/")
        if len(parts) == 4 and parts[-1] == _HEARD:
            tables.setdefault(urllib.parse.unquote(parts[1]), []).append(info.path)
    return dict(sorted(tables.items()))


def _rows(files: Files, path: str) -> Iterator[tuple[str, str, str, str]]:
    try:
        table = from_parquet(files.read(path))
        yield from rows_of(table, *_COLUMNS)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise AsdError(
            f"{path} in the store cannot be read, so which clips its generator was fine-tuned on is not known: restore "
            "it, or remove its generator's folder with all that was made with it"
        ) from error


def _words(clip_id: str, uri: str, machine_type: str, machine_id: str) -> tuple[str, str, str]:
    """The words that a clip is known by."""
    last = "/".join(urllib.parse.unquote(uri).split("/")[-3:])
    return f"id {clip_id}", f"at {uri}", f"of {machine_type} {machine_id}: {last}"
