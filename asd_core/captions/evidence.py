"""Evidence for difference captions: a flagged clip's beside that of its nearest normal clips."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.audio.measures import AcousticMeasures
from asd_core.audio.places import place, split_place
from asd_core.captions.clip_evidence import ClipEvidence
from asd_core.captions.learnt_dates import LearntDates
from asd_core.captions.sources import caption_sources, names_tagger, tagger_of
from asd_core.captions.texts import texts_of
from asd_core.encoders.build import embeddings_fingerprint
from asd_core.pipeline.decoding import heard_by
from asd_core.pipeline.engine import Engine, Progress
from asd_core.pipeline.type_scorers import name_in_rows, scorer_place
from asd_core.recipe.caption_settings import WITH_DECODER, WITH_MEASURES, WITH_TEXTS, Method
from asd_core.recipe.machine_recipe import MachineRecipe
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, first_of_each, rows_of


@dataclass(frozen=True)
class CaptionEvidence:
    """Evidence for the captions of some flagged clips, keyed by the place of the clip id (`asd_core.audio.places`).

    Attributes:
        normal_ids: (scorer version, place) → place of the clip id, of the nearest normal clips or segments.
        captions: from the caption decoder.
        similarities: (L,) cosines with the texts.
        measures: acoustic measurements.
        classes: (527,) log odds of AudioSet's classes.
        problems: why a clip's evidence is missing.
        notes: remarks that belong to every caption made from it.
    """

    normal_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)
    similarities: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    measures: dict[str, AcousticMeasures] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    classes: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def is_enough(self, clip_id: str, method: Method) -> bool:
        """True if a clip has all the evidence that a method takes."""
        if method in WITH_MEASURES:
            return clip_id in self.measures and (method != "tags" or clip_id in self.classes)
        return (method not in WITH_DECODER or clip_id in self.captions) and (
            method not in WITH_TEXTS or clip_id in self.similarities
        )


class Gatherer:
    """Gathers the evidence for captions of one method.

    Args:
        store: where scores, embeddings and kept evidence lie.
        recipe: whose flagged clips.
        method: decides the kind of evidence.
        engine: where clips are worked on.
        may_read_audio: whether clips without stored evidence are read from the archive.
        progress: called with (stage, done, total).
    """

    def __init__(
        self, store: Store, recipe: Recipe, method: Method, engine: Engine, may_read_audio: bool, progress: Progress
    ) -> None:
        self._store, self._recipe, self._method = store, recipe, method
        self._single = ClipEvidence(store, engine, may_read_audio, progress)
        self._learnt_dates = LearntDates(store, recipe.key())
        self._texts: dict[str, tuple[str, ...]] = {}

    def texts(self, machine_type: str) -> tuple[str, ...]:
        """The texts that clips of a machine type are compared with, (L,); none where the method takes none."""
        if self._method not in WITH_TEXTS:
            return ()
        path = self._recipe.for_machine(machine_type).captions.texts
        if path not in self._texts:
            self._texts[path] = texts_of(path)
        return self._texts[path]

    def needs_embedding(self, machine_type: str) -> bool:
        """True if captions of a machine type take embeddings that detection has not made.

        Raises:
            AsdError: a network that the captions need cannot be had.
        """
        if self._method == "tags":
            _ = tagger_of(self._recipe.for_machine(machine_type)).fingerprint
        if self._method in WITH_MEASURES:
            return False
        sources = caption_sources(self._recipe.for_machine(machine_type))
        return bool(sources.fingerprints(self._method) - {sources.detection_fingerprint})

    def gather(self, rows: pa.Table) -> CaptionEvidence:
        """The evidence for rows of SCORES that are all of one machine type."""
        machine_type = rows["machine_type"][0].as_py()
        setting = self._recipe.for_machine(machine_type)
        clips, normal_ids = self._clips(rows, setting)
        if self._method in WITH_MEASURES:
            return self._measured(clips, normal_ids, setting)
        sources = caption_sources(setting)
        captions: dict[str, str] = {}
        similarities: dict[str, NDArray[np.float64]] = {}
        problems: dict[str, str] = {}
        notes = sources.notes(self._method)
        if setting.encoder.is_segmented and not sources.text.encoder.is_segmented:
            notes.append("MS-CLAP heard the whole recordings, not the segments that were compared")
        if self._method in WITH_DECODER:
            embedded = self._single.embeddings(clips, sources.decoder, problems)
            captions, note = self._single.captions(embedded, sources.decoder, setting.captions.start)
            notes += [note] if note else []
        if self._method in WITH_TEXTS:
            embedded = self._single.embeddings(clips, sources.text, problems)
            similarities, note = self._single.similarities(embedded, sources.text.weights, self.texts(machine_type))
            notes += [note] if note and note not in notes else []
        return CaptionEvidence(normal_ids, captions, similarities, {}, problems, tuple(notes))

    def _measured(
        self, clips: pa.Table, normal_ids: dict[tuple[str, str], str], setting: MachineRecipe
    ) -> CaptionEvidence:
        heard = heard_by(setting.encoder)
        measures, problems = self._single.measures(clips, heard)
        if self._method != "tags":
            return CaptionEvidence(normal_ids, measures=measures, problems=problems)
        tagger = tagger_of(setting)
        classes, untagged = self._single.classes(clips, heard, tagger)
        notes = (tagger.note,) if tagger.note else ()
        return CaptionEvidence(
            normal_ids, measures=measures, problems=problems | untagged, notes=notes, classes=classes
        )

    def store(self, rows: pa.Table) -> None:
        """Keep the evidence that any later caption of rows of one machine type may take, so that it needs no audio.

        That is their measurements, their classes of sound where the recipe names a network that tells them, and their
        embeddings where the recipe's captions name MS-CLAP.
        """
        setting = self._recipe.for_machine(rows["machine_type"][0].as_py())
        clips, _ = self._clips(rows, setting)
        heard = heard_by(setting.encoder)
        self._single.measures(clips, heard)
        if names_tagger(setting):
            self._single.classes(clips, heard, tagger_of(setting))
        if setting.captions.encoder or setting.captions.weights:
            sources = caption_sources(setting)
            self._single.embeddings(clips, sources.text, {})
            self._single.embeddings(clips, sources.decoder, {})

    def _clips(self, rows: pa.Table, setting: MachineRecipe) -> tuple[pa.Table, dict[tuple[str, str], str]]:
        """Flagged clips and their k nearest normals as rows of CLIPS, each once; and `CaptionEvidence.normal_ids`.

        Where segments were scored, ids and addresses are places of segments.
        """
        dates = self._learnt_dates.of(_scorers(self._recipe.key(), rows))
        self._single.reach(None if dates is None else dates | set(rows["date"].to_pylist()))
        nearest = normal_places(rows, setting.captions.k)
        uris = pa.array(sorted({split_place(one)[0] for found in nearest for one in found}), pa.string())
        index = self._single.index(embeddings_fingerprint(setting.encoder))
        listed = index.filter(pc.is_in(index["uri"], value_set=uris)).select(CLIPS.names)
        ids: dict[str, list[str]] = {}
        for uri, clip_id in rows_of(listed, "uri", "clip_id"):
            ids.setdefault(uri, []).append(clip_id)
        learnt = self._learnt(rows, {uri for uri, found in ids.items() if len(found) > 1})
        normal_ids = {}
        for version, found in zip(rows["scorer_version"].to_pylist(), nearest, strict=True):
            for one in found:
                uri, start = split_place(one)
                if uri in ids:
                    normal_ids[version, one] = place(learnt.get((version, uri), ids[uri][0]), start)
        table = first_of_each(pa.concat_tables([_placed(rows), _normals(listed, set(normal_ids.values()))]), "clip_id")
        self._single.remember_dates(table)
        return table, normal_ids

    def _learnt(self, rows: pa.Table, uris: Collection[str]) -> dict[tuple[str, str], str]:
        """(scorer version, uri) → clip id that the scorer learnt, for files that were replaced since.

        Scorers keep uris only, so the manifests of the runs that fitted them are searched. Without these manifests the
        versions of a file cannot be told apart: the first of the index is taken, which may not be the one learnt.
        """
        if not uris:
            return {}
        learnt: dict[tuple[str, str], str] = {}
        key = self._recipe.key()
        scorers = _scorers(key, rows)
        for record in reversed(self._store.runs("fit", key)):  # of several that gave the same scorer the first holds
            versions = {name_in_rows(*one) for one in record["scorers"].items() if one in scorers}
            if versions and (clips := self._store.read_clips(record)) is not None:
                for clip in clips.filter(pc.is_in(clips["uri"], value_set=pa.array(sorted(uris)))).to_pylist():
                    learnt |= {(version, clip["uri"]): clip["clip_id"] for version in versions}
        return learnt


def _scorers(key: str, rows: pa.Table) -> set[tuple[str, str]]:
    """(scorer folder, version) of the scorers of rows of SCORES."""
    return {
        scorer_place(key, row["machine_type"], row["machine_id"], row["scorer_version"])
        for row in rows.select(["machine_type", "machine_id", "scorer_version"]).to_pylist()
    }


def _placed(rows: pa.Table) -> pa.Table:
    """Rows of CLIPS of scored clips, with places for clip ids and addresses."""
    starts = rows["segment_start"].to_pylist()
    clips = rows.select(CLIPS.names)
    for position, name in enumerate(("clip_id", "uri")):
        places = [place(one, start) for one, start in zip(rows[name].to_pylist(), starts, strict=True)]
        clips = clips.set_column(position, CLIPS.field(name), pa.array(places, pa.string()))
    return clips


def _normals(listed: pa.Table, places: Collection[str]) -> pa.Table:
    """Rows of CLIPS of normal clips by the places of their ids, each in the order of the places."""
    parted = [split_place(one) for one in sorted(places)]
    ids = pa.array([clip_id for clip_id, _ in parted], pa.string())
    rows = listed.take(pc.index_in(ids, value_set=listed["clip_id"].combine_chunks()))
    starts = pa.array([start for _, start in parted], pa.float64())
    return _placed(rows.append_column("segment_start", starts))


def normal_places(rows: pa.Table, k: int) -> list[list[str]]:
    """Places of the k nearest normal clips or segments of each row, nearest first; fewer where fewer are known."""
    found = []
    for uris, starts in rows_of(rows, "nearest_uris", "nearest_starts"):
        known = [None] * len(uris or ()) if starts is None else starts
        found.append([place(uri, start) for uri, start in zip(uris or (), known, strict=True)][:k])
    return found
