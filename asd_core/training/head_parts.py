"""The clips that a head is trained on: those of one machine type, or of all, with their embeddings and classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.encoders.head.stored import NewHead
from asd_core.errors import AsdError
from asd_core.pipeline.embed_missing import Embedded
from asd_core.pipeline.embedded_rows import embedded_rows
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.store.pseudo_label_tables import labels_by_clip
from asd_core.store.store import Store
from asd_core.store.tables import embedding_matrix
from asd_core.training.head_training import HeadExamples, TrainedHead
from asd_core.training.labels import Classes, class_names, classes_of

_NO_ATTRIBUTES = (
    "no clip has attributes, which training.labels names: asd pseudo-label finds classes in their place "
    "(training.pseudo_labels), or leave attributes out"
)


@dataclass(frozen=True, eq=False)
class HeadPart:
    """The clips of one head.

    Attributes:
        machine_type: of all of them; "" where one head is for all.
        rows: of EMBEDDINGS, those with an embedding and a class.
        classes: of the rows.
    """

    machine_type: str
    rows: pa.Table
    classes: Classes

    @property
    def name(self) -> str:
        """Its name in lines for people."""
        return self.machine_type or "all machines"

    @property
    def line(self) -> str:
        """The thing that is trained, in one line."""
        return f"{self.name}: {len(self.classes.names)} classes in {len(self.rows)} clips"

    def examples(self, are_powers: bool) -> HeadExamples:
        """The material of a head."""
        return HeadExamples(embedding_matrix(self.rows), self.classes.indices, len(self.classes.names), are_powers)

    def head(self, trained: TrainedHead) -> NewHead:
        """The head that was trained on it."""
        machines: dict[str, dict[str, list[int]]] = {}
        keys = zip(*(self.rows[name].to_pylist() for name in ("machine_type", "machine_id")), strict=True)
        for (kind, machine), number in sorted({*zip(keys, self.classes.indices.tolist(), strict=True)}):
            if number >= 0:
                machines.setdefault(kind, {}).setdefault(machine, []).append(number)
        held_out = self.rows["clip_id"].take(trained.held_out).to_pylist()
        return NewHead(self.machine_type, self.classes.names, machines, trained.arrays, held_out)


def names_of_classes(store: Store, clips: pa.Table, config: TrainingConfig) -> tuple[dict[str, str | None], list[str]]:
    """Clip id → name of its class, and lines on them."""
    pseudo, said = None, list[str]()
    if config.pseudo_labels:
        pseudo, said = labels_by_clip(store.files, config.pseudo_labels)
    names = class_names(clips, config.labels, pseudo, config.pseudo_where)
    lacks = "attributes" in config.labels and pseudo is None and not any(clips["attributes"].to_pylist())
    return dict(zip(clips["clip_id"].to_pylist(), names, strict=True)), [*said, *([_NO_ATTRIBUTES] if lacks else [])]


def head_part(store: Store, embedded: Embedded, names: Mapping[str, str | None], machine_type: str) -> HeadPart:
    """The clips of a machine type, or of all.

    Raises:
        AsdError: none with an embedding, embeddings of several lengths, or fewer than two classes.
    """
    clips = embedded.clips
    if machine_type:
        clips = clips.filter(pc.equal(clips["machine_type"], machine_type))
    fingerprint = next(iter(embedded.fingerprints.values()))
    rows = embedded_rows(store, fingerprint, clips, embedded.transient, {})
    reasons = rows["error"].drop_null()
    rows = rows.filter(pc.is_null(rows["error_reason"]))
    what = machine_type or "all machines"
    if not len(rows):
        raise AsdError(f"{what}: none of {len(clips)} normal clips has an embedding, the first for this: {reasons[0]}")
    lengths = pc.unique(pc.list_value_length(rows["embedding"])).to_pylist()
    if len(lengths) > 1:
        raise AsdError(
            f"{what}: embeddings of several lengths ({sorted(lengths)}): take another --encoder name for each"
        )
    try:
        classes = classes_of([names[clip_id] for clip_id in rows["clip_id"].to_pylist()])
    except AsdError as error:
        cure = '; or train one head for all with training.head_per = "all"' if machine_type else ""
        raise AsdError(f"{what}: {error}{cure}") from error
    return HeadPart(machine_type, rows, classes)
