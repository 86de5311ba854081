"""Evidence about single clips: MS-CLAP embeddings, decoder captions, similarities, measurements, classes of sound.

All of it but the similarities is kept in the store, so each clip is worked on once and historical clips need no audio.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.audio.listening import Heard
from asd_core.audio.measures import AcousticMeasures
from asd_core.audio.places import split_place
from asd_core.captions.clip_tasks import (
    CLIP_CAPTIONS,
    MEASURES,
    DecodeTask,
    MeasureTask,
    TextTask,
    decoder_identity,
    describe_clips,
    embed_texts,
    measure_clips,
    measures_from,
)
from asd_core.captions.sources import Tower
from asd_core.captions.tag_tasks import TAGS, Tagger, TagTask, tag_clips
from asd_core.pipeline.embed_missing import embed, located
from asd_core.pipeline.engine import Engine, Progress
from asd_core.pipeline.planning import missing
from asd_core.store.store import Store
from asd_core.store.tables import EMBEDDINGS, embedding_matrix, filled, first_of_each, rows_of

T = TypeVar("T")
R = TypeVar("R")

_CLIPS_A_TASK = 32  # of a decoder's batch: beams of so many clips keep its matrix products busy
_HEARD_A_TASK = 16
_NAMES = ["clip_id", "uri"]
_EMBEDDED = pa.schema([EMBEDDINGS.field(name) for name in ("clip_id", "uri", "embedding", "segment_start")])
_NOT_STORED = "nothing is stored of it: --read-audio reads the recording"


class ClipEvidence:
    """Evidence about single clips, taken from the store or worked out and kept there.

    Args:
        store: where the evidence lies.
        engine: where clips are worked on.
        may_read_audio: whether clips without stored evidence are read from the archive.
        progress: called with (stage, done, total).
    """

    def __init__(self, store: Store, engine: Engine, may_read_audio: bool, progress: Progress) -> None:
        self._store, self._engine = store, engine
        self._may_read_audio, self._progress = may_read_audio, progress
        self._dates: set[str] | None = set()  # those that are looked for in the store; None: all
        self._date_of: dict[str, str] = {}
        self._indexes: dict[str, pa.Table] = {}
        self._kept: dict[str, pa.Table] = {}
        self._results: dict[tuple[Callable[[Any], Any], Any], Any] = {}

    def reach(self, dates: set[str] | None) -> None:
        """Look in the store for clips of these dates too; None for clips of all dates."""
        if self._dates is not None and (dates is None or dates - self._dates):
            self._dates = None if dates is None else self._dates | dates
            self._indexes.clear()
            self._kept.clear()

    def remember_dates(self, clips: pa.Table) -> None:
        """Remember the dates of clips (clip_id, date), under which their evidence is kept."""
        self._date_of |= dict(zip(clips["clip_id"].to_pylist(), clips["date"].to_pylist(), strict=True))

    def index(self, fingerprint: str) -> pa.Table:
        """Rows of INDEX for the clips of the dates within reach that are embedded under a fingerprint."""
        if fingerprint not in self._indexes:
            self._indexes[fingerprint] = self._store.embedded(fingerprint, self._dates)
        return self._indexes[fingerprint]

    def embeddings(self, clips: pa.Table, tower: Tower, problems: dict[str, str]) -> pa.Table:
        """Places of clip_id and uri, and the embedding, of the clips or segments that have one.

        Where the tower cuts no segments, a segment has the embedding of its whole recording. ``problems`` gets the
        reason for each other clip, by the place of its id.
        """
        parted = [split_place(name) for name in clips["clip_id"].to_pylist()]
        whole = clips.set_column(0, "clip_id", pa.array([name for name, _ in parted], pa.string()))
        uris = [split_place(name)[0] for name in clips["uri"].to_pylist()]
        whole = first_of_each(whole.set_column(1, "uri", pa.array(uris, pa.string())), "clip_id")
        troubles: dict[str, str] = {}
        stored = self._embeddings(whole, tower, troubles)
        starts = stored["segment_start"].to_pylist() if tower.encoder.is_segmented else [None] * len(stored)
        rows = {one: row for row, one in enumerate(zip(stored["clip_id"].to_pylist(), starts, strict=True))}
        found = [rows.get((name, start if tower.encoder.is_segmented else None)) for name, start in parted]
        for (name, _), own, row in zip(parted, clips["clip_id"].to_pylist(), found, strict=True):
            if row is None:
                problems.setdefault(own, troubles.get(name, _NOT_STORED))
        has = pa.array([row is not None for row in found], pa.bool_())
        kept = stored.take(pa.array([row for row in found if row is not None], pa.int64()))
        return clips.filter(has).select(_NAMES).append_column("embedding", kept["embedding"])

    def _embeddings(self, clips: pa.Table, tower: Tower, problems: dict[str, str]) -> pa.Table:
        """Rows of EMBEDDINGS of whole clips, a row for each segment where the tower cuts them."""
        fingerprint = tower.fingerprint
        found = located(clips.select(_NAMES), self.index(fingerprint))
        lacking = clips.filter(pc.is_null(found["shard"]))
        if len(lacking) and self._may_read_audio:
            encoders = dict.fromkeys(pc.unique(lacking["machine_type"]).to_pylist(), tower.encoder)
            embedded = embed(self._store, encoders, lacking, self._engine, self._progress)
            problems |= {clip_id: message for clip_id, (_, message) in embedded.transient.items()}
            self._indexes.pop(fingerprint, None)
            found = located(clips.select(_NAMES), self.index(fingerprint))
        for clip_id, shard, reason in rows_of(found, "clip_id", "shard", "error_reason"):
            if shard is None:
                problems.setdefault(clip_id, _NOT_STORED)
            elif reason is not None:
                problems.setdefault(clip_id, f"it could not be embedded: {reason}")
        good = found.filter(pc.and_(pc.is_valid(found["shard"]), pc.is_null(found["error_reason"])))
        tables = [
            filled(self._store.read_shard(fingerprint, shard, _EMBEDDED.names), _EMBEDDED)
            for shard in pc.unique(good["shard"]).to_pylist()
        ]
        stored = pa.concat_tables([_EMBEDDED.empty_table(), *tables])
        return stored.filter(pc.is_in(stored["clip_id"], value_set=good["clip_id"].combine_chunks()))

    def captions(self, embedded: pa.Table, tower: Tower, start: str) -> tuple[dict[str, str], str]:
        """Clip id → the decoder's caption, and a note on the decoder; "" for none.

        Args:
            embedded: clips with clip_id, uri and embedding.
            tower: the caption checkpoint, whose decoder takes these embeddings.
            start: words that every caption begins with.
        """
        fingerprint, note = self._once(decoder_identity, (tower.weights, self._engine.device))
        folder = f"clip_captions/{_hash([fingerprint, start, tower.fingerprint])}"
        kept = self._kept_in(folder, CLIP_CAPTIONS)
        new = missing(embedded, kept)
        tasks = [
            DecodeTask(tower.weights, start, self._engine.device, new.slice(first, _CLIPS_A_TASK))
            for first in range(0, len(new), _CLIPS_A_TASK)
        ]
        for done, rows in enumerate(self._engine.map(describe_clips, tasks, on_gpu=True), 1):
            self._keep(folder, rows)
            self._progress("captioning single clips", min(done * _CLIPS_A_TASK, len(new)), len(new))
        kept = self._kept[folder]
        return dict(rows_of(kept, "clip_id", "caption")), note

    def similarities(
        self, embedded: pa.Table, weights: str, texts: tuple[str, ...]
    ) -> tuple[dict[str, NDArray[np.float64]], str]:
        """Clip id → cosines with each text (L,), and a note on the text tower; "" for none."""
        from asd_core.encoders.clap.text_tower import cosine_similarities

        embeddings, note = self._once(embed_texts, TextTask(weights, texts))
        if not len(embedded):
            return {}, note
        cosines = cosine_similarities(embedding_matrix(embedded), embeddings)
        return dict(zip(embedded["clip_id"].to_pylist(), cosines, strict=True)), note

    def measures(self, clips: pa.Table, heard: Heard) -> tuple[dict[str, AcousticMeasures], dict[str, str]]:
        """Clip id → measurements, and clip id → the reason for a clip without any.

        Args:
            clips: with the places of clip_id and uri.
            heard: the part of them that is measured.
        """
        folder = _measures_folder(heard)
        kept = self._kept_in(folder, MEASURES)
        if not self._may_read_audio:  # measures of before are of the first 30 s, and better than none
            kept = first_of_each(pa.concat_tables([kept, self._kept_in(_folder_of_before(heard), MEASURES)]), "clip_id")
        task_of = functools.partial(MeasureTask, heard)
        known, problems = self._heard(clips, folder, kept, measure_clips, task_of, "measuring clips")
        return {clip_id: measures_from(text) for clip_id, text in rows_of(known, "clip_id", "measures")}, problems

    def classes(
        self, clips: pa.Table, heard: Heard, tagger: Tagger
    ) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
        """As `measures`: clip id → log odds of AudioSet's classes (527,), and the reasons."""
        folder = f"tags/{_hash([tagger.fingerprint, heard.channel, heard.seconds])}"
        kept = self._kept_in(folder, TAGS)
        task_of = functools.partial(TagTask, tagger, heard)
        known, problems = self._heard(clips, folder, kept, tag_clips, task_of, "telling classes of sound")
        return {one: np.asarray(logits, np.float64) for one, logits in rows_of(known, "clip_id", "logits")}, problems

    def _heard(
        self,
        clips: pa.Table,
        folder: str,
        kept: pa.Table,
        function: Callable[[T], tuple[pa.Table, dict[str, str]]],
        task_of: Callable[[pa.Table], T],
        stage: str,
    ) -> tuple[pa.Table, dict[str, str]]:
        """The kept rows of clips, and those that a function makes of the others' sound, which are kept too."""
        lacking = missing(clips, kept)
        problems: dict[str, str] = {}
        if not self._may_read_audio:
            problems = dict.fromkeys(lacking["clip_id"].to_pylist(), _NOT_STORED)
            lacking = lacking.slice(0, 0)
        tasks = [task_of(lacking.slice(first, _HEARD_A_TASK)) for first in range(0, len(lacking), _HEARD_A_TASK)]
        new = [kept.schema.empty_table()]
        for done, (rows, troubles) in enumerate(self._engine.map(function, tasks), 1):
            new.append(rows)
            problems |= troubles
            self._progress(stage, min(done * _HEARD_A_TASK, len(lacking)), len(lacking))
        added = pa.concat_tables(new)
        self._keep(folder, added)
        known = pa.concat_tables([kept, added])
        return known.filter(pc.is_in(known["clip_id"], value_set=clips["clip_id"].combine_chunks())), problems

    def _once(self, function: Callable[[T], R], task: T) -> R:
        """The result of a task that the engine does once."""
        if (function, task) not in self._results:
            self._results[function, task] = next(iter(self._engine.map(function, [task])))
        result: R = self._results[function, task]
        return result

    def _kept_in(self, folder: str, schema: pa.Schema) -> pa.Table:
        if folder not in self._kept:
            self._kept[folder] = self._store.kept(folder, schema, self._dates)
        return self._kept[folder]

    def _keep(self, folder: str, rows: pa.Table) -> None:
        self._store.keep(folder, rows, [self._date_of[clip_id] for clip_id in rows["clip_id"].to_pylist()])
        self._kept[folder] = pa.concat_tables([self._kept[folder], rows])


def _folder_of_before(heard: Heard) -> str:
    """Folder in the store of measures of the first 30 s, which all measures once were."""
    return f"measures/{'mix' if heard.channel is None else heard.channel}"


def _measures_folder(heard: Heard) -> str:
    """Folder in the store of the measures of a part of recordings."""
    return f"{_folder_of_before(heard)}-{'all' if heard.seconds is None else f'{heard.seconds:g}s'}"


def _hash(value: object) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()
