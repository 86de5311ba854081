"""Notes on a search that judges its settings on clips that a generator in the store was fine-tuned on."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from asd_core.evaluation.heard_clips import hearings
from asd_core.store.files import Files
from asd_core.synthesis.validation import Validation


def heard_notes(files: Files, validations: Sequence[Validation]) -> list[str]:
    """A line on each generator that heard some of the labelled clips that settings are judged on.

    Args:
        files: of the store.
        validations: on real labels.

    Raises:
        AsdError: which clips a generator heard cannot be read.
    """
    rows = [
        {"clip_id": clip.recording_id, "uri": clip.uri, "machine_type": one.machine_type, "machine_id": one.machine_id}
        for one in validations
        for clip in one.clips
    ]
    columns = ("clip_id", "uri", "machine_type", "machine_id")
    schema = pa.schema([pa.field(name, pa.string()) for name in columns])
    return [one.line for one in hearings(files, pa.Table.from_pylist(rows, schema))]
