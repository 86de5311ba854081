"""Evidence about single clips: MS-CLAP embeddings, decoder captions, similarities with texts, and measurements.

All of it but the similarities is kept in the store, so each clip is worked on once and historical clips need no audio.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.audio.measures import AcousticMeasures
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
from asd_core.captions.sources import CaptionSources
from asd_core.encoders.build import EncoderConfig
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import Engine, Progress
from asd_core.store.store import INDEX, Store
from asd_core.store.tables import EMBEDDINGS, embedding_matrix

_CLIPS_A_TASK = 32  # of a decoder's batch: beams of so many clips keep its matrix products busy
_MEASURED_A_TASK = 16
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
        self._decoders: dict[str, tuple[str, str]] = {}
        self._text_embeddings: dict[tuple[str, tuple[str, ...]], tuple[NDArray[np.float32], str]] = {}

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

    def embeddings(
        self, clips: pa.Table, fingerprint: str, encoder: EncoderConfig, problems: dict[str, str]
    ) -> pa.Table:
        """clip_id, uri and embedding of the clips that have one; ``problems`` gets the reason for each other clip."""
        located = self._located(clips, fingerprint)
        lacking = clips.filter(pc.is_null(located["shard"]))
        if len(lacking) and self._may_read_audio:
            encoders = dict.fromkeys(pc.unique(lacking["machine_type"]).to_pylist(), encoder)
            embedded = embed(self._store, encoders, lacking, self._engine, self._progress)
            problems |= {clip_id: message for clip_id, (_, message) in embedded.transient.items()}
            self._indexes.pop(fingerprint, None)
            located = self._located(clips, fingerprint)
        for clip_id, shard, reason in zip(
            *(located[name].to_pylist() for name in ("clip_id", "shard", "error_reason")), strict=True
        ):
            if shard is None:
                problems.setdefault(clip_id, _NOT_STORED)
            elif reason is not None:
                problems.setdefault(clip_id, f"it could not be embedded: {reason}")
        good = located.filter(pc.and_(pc.is_valid(located["shard"]), pc.is_null(located["error_reason"])))
        tables = [
            self._store.read_shard(fingerprint, shard, ["clip_id", "uri", "embedding"])
            for shard in pc.unique(good["shard"]).to_pylist()
        ]
        if not tables:
            return EMBEDDINGS.empty_table().select(["clip_id", "uri", "embedding"])
        stored = pa.concat_tables(tables)
        return stored.take(pc.index_in(good["clip_id"], value_set=stored["clip_id"].combine_chunks()))

    def _located(self, clips: pa.Table, fingerprint: str) -> pa.Table:
        """clip_id and uri with the shard and the error_reason of each clip; null where nothing is stored."""
        index = self.index(fingerprint)
        where = pc.index_in(clips["clip_id"], value_set=index["clip_id"].combine_chunks())
        table = clips.select(["clip_id", "uri"])
        for name in ("shard", "error_reason"):
            table = table.append_column(INDEX.field(name), index[name].take(where))
        return table

    def captions(self, embedded: pa.Table, sources: CaptionSources, start: str) -> tuple[dict[str, str], str]:
        """Clip id → the decoder's caption, and a note on the decoder; "" for none.

        Args:
            embedded: clips with clip_id, uri and embedding.
            sources: where the decoder's weights come from.
            start: words that every caption begins with.
        """
        fingerprint, note = self._decoder(sources.decoder_weights)
        folder = f"clip_captions/{_hash([fingerprint, start, sources.decoder_fingerprint])}"
        kept = self._kept_in(folder, CLIP_CAPTIONS)
        new = embedded.filter(pc.invert(pc.is_in(embedded["clip_id"], value_set=kept["clip_id"].combine_chunks())))
        tasks = [
            DecodeTask(sources.decoder_weights, start, self._engine.device, new.slice(first, _CLIPS_A_TASK))
            for first in range(0, len(new), _CLIPS_A_TASK)
        ]
        for done, rows in enumerate(self._engine.map(describe_clips, tasks, on_gpu=True), 1):
            self._keep(folder, rows)
            self._progress("captioning single clips", min(done * _CLIPS_A_TASK, len(new)), len(new))
        kept = self._kept[folder]
        return dict(zip(kept["clip_id"].to_pylist(), kept["caption"].to_pylist(), strict=True)), note

    def similarities(
        self, embedded: pa.Table, weights: str, texts: tuple[str, ...]
    ) -> tuple[dict[str, NDArray[np.float64]], str]:
        """Clip id → cosines with each text (L,), and a note on the text tower; "" for none."""
        from asd_core.encoders.clap.text_tower import cosine_similarities

        if (weights, texts) not in self._text_embeddings:
            task = TextTask(weights, texts)
            self._text_embeddings[weights, texts] = next(iter(self._engine.map(embed_texts, [task])))
        embeddings, note = self._text_embeddings[weights, texts]
        if not len(embedded):
            return {}, note
        cosines = cosine_similarities(embedding_matrix(embedded), embeddings)
        return dict(zip(embedded["clip_id"].to_pylist(), cosines, strict=True)), note

    def measures(self, clips: pa.Table, channel: int | None) -> tuple[dict[str, AcousticMeasures], dict[str, str]]:
        """Clip id → measurements, and clip id → the reason for a clip without any.

        Args:
            clips: with clip_id and uri.
            channel: counted from 0; None measures the mean of all.
        """
        folder = f"measures/{'mix' if channel is None else channel}"
        kept = self._kept_in(folder, MEASURES)
        lacking = clips.filter(pc.invert(pc.is_in(clips["clip_id"], value_set=kept["clip_id"].combine_chunks())))
        problems: dict[str, str] = {}
        if not self._may_read_audio:
            problems = dict.fromkeys(lacking["clip_id"].to_pylist(), _NOT_STORED)
            lacking = lacking.slice(0, 0)
        tasks = [
            MeasureTask(channel, lacking.slice(first, _MEASURED_A_TASK))
            for first in range(0, len(lacking), _MEASURED_A_TASK)
        ]
        new = [MEASURES.empty_table()]
        for done, outcome in enumerate(self._engine.map(measure_clips, tasks), 1):
            new.append(outcome.rows)
            problems |= outcome.problems
            self._progress("measuring clips", min(done * _MEASURED_A_TASK, len(lacking)), len(lacking))
        self._keep(folder, pa.concat_tables(new))
        wanted = set(clips["clip_id"].to_pylist())
        rows = self._kept[folder]
        pairs = zip(rows["clip_id"].to_pylist(), rows["measures"].to_pylist(), strict=True)
        return {clip_id: measures_from(text) for clip_id, text in pairs if clip_id in wanted}, problems

    def _decoder(self, weights: str) -> tuple[str, str]:
        if weights not in self._decoders:
            task = DecodeTask(weights, "", self._engine.device, pa.table({}))
            self._decoders[weights] = next(iter(self._engine.map(decoder_identity, [task], on_gpu=True)))
        return self._decoders[weights]

    def _kept_in(self, folder: str, schema: pa.Schema) -> pa.Table:
        if folder not in self._kept:
            self._kept[folder] = self._store.kept(folder, schema, self._dates)
        return self._kept[folder]

    def _keep(self, folder: str, rows: pa.Table) -> None:
        self._store.keep(folder, rows, [self._date_of[clip_id] for clip_id in rows["clip_id"].to_pylist()])
        self._kept[folder] = pa.concat_tables([self._kept[folder], rows])


def _hash(value: object) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()
