"""What difference captions are made from: gathered from the store, worked out where it is not there yet.

What is worked out of a single clip (its embedding, the decoder's caption, its measurements) is kept, so that each
normal clip is embedded, captioned and measured once, and historical clips need no audio.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
from asd_core.captions.learnt_dates import LearntDates
from asd_core.captions.sources import CaptionSources, caption_sources
from asd_core.captions.texts import texts_of
from asd_core.encoders.build import EncoderConfig, embeddings_fingerprint
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import Engine, Progress
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.recipe.caption_settings import WITH_DECODER, WITH_TEXTS, CaptionConfig, Method
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import INDEX, Store
from asd_core.store.tables import CLIPS, EMBEDDINGS, embedding_matrix, from_parquet

_CLIPS_A_TASK = 32  # of a decoder's batch: beams of so many clips keep its matrix products busy
_MEASURED_A_TASK = 16


@dataclass(frozen=True)
class Evidence:
    """What captions of some flagged clips are made from; keyed by clip id.

    Attributes:
        normal_ids: (scorer version, uri) → clip id, of the nearest normal clips.
        captions: the decoder's.
        similarities: (L,) cosines with the texts.
        measures: acoustic measurements.
        problems: why something is missing.
        notes: what is to be said of captions made from it.
    """

    normal_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)
    similarities: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    measures: dict[str, AcousticMeasures] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Gatherer:
    """Gathers the evidence for captions of one method, keeping what it read of the store.

    Args:
        store: where everything lies.
        recipe: whose flagged clips.
        method: which kind of evidence.
        engine: where clips are worked on.
        may_read_audio: whether clips of which nothing is stored are read.
        progress: told (stage, done, total).
    """

    def __init__(
        self,
        store: Store,
        recipe: Recipe,
        method: Method,
        engine: Engine,
        may_read_audio: bool,
        progress: Progress,
    ) -> None:
        self._store, self._recipe, self._method = store, recipe, method
        self._engine, self._may_read_audio, self._progress = engine, may_read_audio, progress
        self._indexes: dict[str, pa.Table] = {}
        self._dates: set[str] | None = set()  # those that are looked for in the store; None: all
        self._date_of: dict[str, str] = {}
        self._learnt_dates = LearntDates(store, recipe.key())
        self._kept: dict[str, pa.Table] = {}
        self._decoders: dict[str, tuple[str, str]] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        self._text_embeddings: dict[tuple[str, tuple[str, ...]], tuple[NDArray[np.float32], str]] = {}

    def texts(self, machine_type: str) -> tuple[str, ...]:
        """The texts that clips of a machine type are compared with, (L,); none where the method takes none."""
        if self._method not in WITH_TEXTS:
            return ()
        path = self._config(machine_type).texts
        if path not in self._texts:
            self._texts[path] = texts_of(path)
        return self._texts[path]

    def needs_embedding(self, machine_type: str) -> bool:
        """Whether captions of a machine type take embeddings that detection has not made."""
        return self._method != "acoustic" and bool(
            {encoder for encoder, _ in self._needed(machine_type)} - {self._detection(machine_type)[0]}
        )

    def gather(self, rows: pa.Table) -> Evidence:
        """The evidence for rows of SCORES that are all of one machine type."""
        machine_type = rows["machine_type"][0].as_py()
        clips, normal_ids = self._clips(rows, machine_type)
        if self._method == "acoustic":
            measures, problems = self._measures(clips, machine_type)
            return Evidence(normal_ids, measures=measures, problems=problems)
        sources = self._sources(machine_type)
        captions: dict[str, str] = {}
        similarities: dict[str, NDArray[np.float64]] = {}
        problems = {}
        notes = sources.notes(self._method)
        if self._method in WITH_DECODER:
            embedded = self._embeddings(clips, sources.decoder_fingerprint, sources.decoder_encoder, problems)
            captions, note = self._clip_captions(embedded, sources, self._config(machine_type).start)
            notes += [note] if note else []
        if self._method in WITH_TEXTS:
            embedded = self._embeddings(clips, sources.text_fingerprint, sources.text_encoder, problems)
            similarities, note = self._similarities(embedded, sources.text_weights, self.texts(machine_type))
            notes += [note] if note and note not in notes else []
        return Evidence(normal_ids, captions, similarities, {}, problems, tuple(notes))

    def store(self, rows: pa.Table) -> None:
        """Keep what any later caption of rows of one machine type may take, so that it needs no audio.

        That is their measurements, and where the recipe's captions name MS-CLAP their embeddings.
        """
        machine_type = rows["machine_type"][0].as_py()
        clips, _ = self._clips(rows, machine_type)
        self._measures(clips, machine_type)
        config = self._config(machine_type)
        if config.encoder or config.weights:
            sources = self._sources(machine_type)
            self._embeddings(clips, sources.text_fingerprint, sources.text_encoder, {})
            self._embeddings(clips, sources.decoder_fingerprint, sources.decoder_encoder, {})

    def _config(self, machine_type: str) -> CaptionConfig:
        return self._recipe.for_machine(machine_type).captions

    def _sources(self, machine_type: str) -> CaptionSources:
        return caption_sources(self._config(machine_type), self._recipe.for_machine(machine_type).encoder)

    def _detection(self, machine_type: str) -> tuple[str, EncoderConfig]:
        encoder = self._recipe.for_machine(machine_type).encoder
        return embeddings_fingerprint(encoder), encoder

    def _needed(self, machine_type: str) -> list[tuple[str, EncoderConfig]]:
        sources = self._sources(machine_type)
        needed = []
        if self._method in WITH_DECODER:
            needed.append((sources.decoder_fingerprint, sources.decoder_encoder))
        if self._method in WITH_TEXTS:
            needed.append((sources.text_fingerprint, sources.text_encoder))
        return needed

    def _index(self, fingerprint: str) -> pa.Table:
        if fingerprint not in self._indexes:
            self._indexes[fingerprint] = self._store.embedded(fingerprint, self._dates)
        return self._indexes[fingerprint]

    def _reach(self, rows: pa.Table) -> None:
        """Look in the store for the dates of rows of SCORES and of the clips that their scorers learnt."""
        learnt = self._learnt_dates.of(_scorers(self._recipe.key(), rows))
        needed = None if learnt is None else learnt | set(rows["date"].to_pylist())
        if self._dates is not None and (needed is None or needed - self._dates):
            self._dates = None if needed is None else self._dates | needed
            self._indexes.clear()
            self._kept.clear()

    def _clips(self, rows: pa.Table, machine_type: str) -> tuple[pa.Table, dict[tuple[str, str], str]]:
        """The flagged clips and their k nearest normal clips as rows of CLIPS, each once; and `Evidence.normal_ids`."""
        self._reach(rows)
        nearest = normal_uris(rows, self._config(machine_type).k)
        uris = pa.array(sorted({uri for found in nearest for uri in found}), pa.string())
        index = self._index(self._detection(machine_type)[0])
        listed = index.filter(pc.is_in(index["uri"], value_set=uris)).select(CLIPS.names)
        ids: dict[str, list[str]] = {}
        for uri, clip_id in zip(listed["uri"].to_pylist(), listed["clip_id"].to_pylist(), strict=True):
            ids.setdefault(uri, []).append(clip_id)
        learnt = self._learnt(rows, {uri for uri, found in ids.items() if len(found) > 1})
        normal_ids = {}
        for version, found in zip(rows["scorer_version"].to_pylist(), nearest, strict=True):
            for uri in found:
                if uri in ids:
                    normal_ids[version, uri] = learnt.get((version, uri), ids[uri][0])
        normals = pa.array(sorted(set(normal_ids.values())), pa.string())
        table = pa.concat_tables(
            [rows.select(CLIPS.names), listed.filter(pc.is_in(listed["clip_id"], value_set=normals))]
        )
        self._date_of |= dict(zip(table["clip_id"].to_pylist(), table["date"].to_pylist(), strict=True))
        return table.take(_first_positions(table["clip_id"].to_pylist())), normal_ids

    def _learnt(self, rows: pa.Table, uris: Collection[str]) -> dict[tuple[str, str], str]:
        """(scorer version, uri) → clip id that the scorer learnt, of files that were replaced since.

        Scorers keep uris only, so it is looked up in the manifests of the runs that fitted them. Where these are gone
        nothing tells the versions of a file apart: the first of the index is taken, which may be another than was
        learnt.
        """
        if not uris:
            return {}
        learnt: dict[tuple[str, str], str] = {}
        key = self._recipe.key()
        scorers = _scorers(key, rows)
        for record in reversed(self._store.runs("fit", key)):  # of several that gave the same scorer the first holds
            versions = {version for folder, version in record["scorers"].items() if (folder, version) in scorers}
            if versions and self._store.files.exists(record["clips"]):
                clips = from_parquet(self._store.files.read(record["clips"]), ["uri", "clip_id"])
                for clip in clips.filter(pc.is_in(clips["uri"], value_set=pa.array(sorted(uris)))).to_pylist():
                    learnt |= {(version, clip["uri"]): clip["clip_id"] for version in versions}
        return learnt

    def _embeddings(
        self, clips: pa.Table, fingerprint: str, encoder: EncoderConfig, problems: dict[str, str]
    ) -> pa.Table:
        """clip_id, uri and embedding of those clips that have one; the others are told in ``problems``."""
        located = self._located(clips, fingerprint)
        lacking = clips.filter(pc.is_null(located["shard"]))
        if len(lacking) and self._may_read_audio:
            settings = {"encoder": _encoder_table(encoder)}
            embedded = embed(self._store, Recipe("captions", settings), lacking, self._engine, self._progress)
            problems |= {clip_id: message for clip_id, (_, message) in embedded.transient.items()}
            self._indexes.pop(fingerprint, None)
            located = self._located(clips, fingerprint)
        for clip_id, shard, reason in zip(
            *(located[name].to_pylist() for name in ("clip_id", "shard", "error_reason")), strict=True
        ):
            if shard is None:
                problems.setdefault(clip_id, "nothing is stored of it: --read-audio reads the recording")
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
        index = self._index(fingerprint)
        where = pc.index_in(clips["clip_id"], value_set=index["clip_id"].combine_chunks())
        table = clips.select(["clip_id", "uri"])
        for name in ("shard", "error_reason"):
            table = table.append_column(INDEX.field(name), index[name].take(where))
        return table

    def _clip_captions(self, embedded: pa.Table, sources: CaptionSources, start: str) -> tuple[dict[str, str], str]:
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

    def _decoder(self, weights: str) -> tuple[str, str]:
        if weights not in self._decoders:
            task = DecodeTask(weights, "", self._engine.device, pa.table({}))
            self._decoders[weights] = next(iter(self._engine.map(decoder_identity, [task], on_gpu=True)))
        return self._decoders[weights]

    def _similarities(
        self, embedded: pa.Table, weights: str, texts: tuple[str, ...]
    ) -> tuple[dict[str, NDArray[np.float64]], str]:
        from asd_core.encoders.clap.text_tower import cosine_similarities

        if (weights, texts) not in self._text_embeddings:
            task = TextTask(weights, texts)
            self._text_embeddings[weights, texts] = next(iter(self._engine.map(embed_texts, [task])))
        embeddings, note = self._text_embeddings[weights, texts]
        if not len(embedded):
            return {}, note
        cosines = cosine_similarities(embedding_matrix(embedded), embeddings)
        return dict(zip(embedded["clip_id"].to_pylist(), cosines, strict=True)), note

    def _measures(self, clips: pa.Table, machine_type: str) -> tuple[dict[str, AcousticMeasures], dict[str, str]]:
        channel = self._recipe.for_machine(machine_type).encoder.channel
        folder = f"measures/{'mix' if channel is None else channel}"
        kept = self._kept_in(folder, MEASURES)
        lacking = clips.filter(pc.invert(pc.is_in(clips["clip_id"], value_set=kept["clip_id"].combine_chunks())))
        problems: dict[str, str] = {}
        if not self._may_read_audio:
            problems = dict.fromkeys(
                lacking["clip_id"].to_pylist(), "nothing is stored of it: --read-audio reads the recording"
            )
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

    def _kept_in(self, folder: str, schema: pa.Schema) -> pa.Table:
        if folder not in self._kept:
            self._kept[folder] = self._store.kept(folder, schema, self._dates)
        return self._kept[folder]

    def _keep(self, folder: str, rows: pa.Table) -> None:
        self._store.keep(folder, rows, [self._date_of[clip_id] for clip_id in rows["clip_id"].to_pylist()])
        self._kept[folder] = pa.concat_tables([self._kept[folder], rows])


def normal_uris(rows: pa.Table, k: int) -> list[list[str]]:
    """The k nearest normal clips of each row, nearest first; fewer where fewer are known."""
    return [(uris or [])[:k] for uris in rows["nearest_uris"].to_pylist()]


def _scorers(key: str, rows: pa.Table) -> set[tuple[str, str]]:
    """(scorer folder, version) of the scorers of rows of SCORES."""
    return {
        (scorer_folder(key, row["machine_type"], row["machine_id"]), row["scorer_version"])
        for row in rows.select(["machine_type", "machine_id", "scorer_version"]).to_pylist()
    }


def _encoder_table(encoder: EncoderConfig) -> Mapping[str, Any]:
    table: dict[str, Any] = json.loads(encoder.options)
    table |= {"kind": encoder.kind, "clip_seconds": encoder.clip_seconds, "clip_rule": encoder.clip_rule}
    table["batch_size"] = encoder.batch_size
    return table if encoder.channel is None else {**table, "channel": encoder.channel}


def _first_positions(values: Sequence[str]) -> list[int]:
    firsts: dict[str, int] = {}
    for position, value in enumerate(values):
        firsts.setdefault(value, position)
    return list(firsts.values())


def _hash(value: object) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()
