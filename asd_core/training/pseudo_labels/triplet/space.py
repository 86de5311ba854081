"""The triplet space of an archive: for each machine a network of its own, trained with the others as noise."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.errors import UsageError
from asd_core.pipeline.engine import Progress, no_progress
from asd_core.training.pseudo_labels.spaces import Placed
from asd_core.training.pseudo_labels.triplet.network import EMBEDDING_DIM, SAMPLE_RATE
from asd_core.training.pseudo_labels.triplet.recordings import Recordings
from asd_core.training.pseudo_labels.triplet.training import TripletSettings, embedded, trained_network

_AT_ONCE = 16  # clips embedded at once


@dataclass
class TripletSpace:
    """Embeddings by triplet networks, (N, 128), not normalised.

    Attributes:
        normals: training normals of all machines, rows of CLIPS.
        settings: of the training.
        seed: of everything random.
        channel: to hear, from 0; None: the mean of all.
        device: ``cpu`` or ``cuda``.
        progress: told (stage, done, total) after each step of a training.
        notes: lines that a reader must be told.
    """

    normals: pa.Table
    settings: TripletSettings = field(default_factory=TripletSettings)
    seed: int = 0
    channel: int | None = None
    device: str = "cpu"
    progress: Progress = no_progress
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._recordings = Recordings(SAMPLE_RATE, self.settings.clip_seconds, self.channel)

    def of_machine(self, clips: pa.Table) -> Placed:
        """See `Space.of_machine`; trains the machine's network.

        Raises:
            UsageError: there is no other machine, whose sound could be the noise.
        """
        reasons = pa.array([self._recordings.reason(uri) for uri in clips["uri"].to_pylist()], pa.string())
        good = clips.filter(pc.is_null(reasons))
        left_out = clips.append_column("error_reason", reasons).filter(pc.is_valid(reasons))
        normals = set(self.normals["clip_id"].to_pylist())
        uris = good["uri"].to_pylist()
        own = [uri for uri, name in zip(uris, good["clip_id"].to_pylist(), strict=True) if name in normals]
        if len(own) < 2:  # too few to tell apart: every clip at one place
            return Placed(good, np.zeros((len(good), EMBEDDING_DIM), np.float32), left_out)
        return Placed(good, self._embeddings(clips, own, uris), left_out)

    def _embeddings(self, clips: pa.Table, own: list[str], uris: list[str]) -> NDArray[np.float32]:
        machine_type, machine_id = clips["machine_type"][0].as_py(), clips["machine_id"][0].as_py()
        others = self._others(machine_type, machine_id)
        name = f"{machine_type} {machine_id}"
        network = trained_network(
            own,
            others,
            self._recordings.waveforms,
            self.settings,
            [self.seed, zlib.crc32(name.encode("utf-8", "surrogatepass"))],
            self.device,
            lambda done, total: self.progress(f"training on {name}", done, total),
        )
        cuts = range(0, len(uris), _AT_ONCE)
        parts = [embedded(network, self._recordings.waveforms(uris[cut : cut + _AT_ONCE])) for cut in cuts]
        return np.concatenate(parts)

    def _others(self, machine_type: str, machine_id: str) -> list[str]:
        """Readable training normals of other machine types, or where there are none of the type's other machines."""
        is_type = pc.equal(self.normals["machine_type"], machine_type)
        is_own = pc.and_(is_type, pc.equal(self.normals["machine_id"], machine_id))
        if readable := self._readable(self.normals.filter(pc.invert(is_type))):
            return readable
        if readable := self._readable(self.normals.filter(pc.invert(is_own))):
            name = f"{machine_type} {machine_id}"
            self.notes.append(f"{name}: there is no other type, so its other machines are the noise")
            return readable
        raise UsageError(
            f"the triplet space of {machine_type} {machine_id} needs the sound of other machines as noise: "
            "give it an archive of several, or take embeddings (--space embeddings)"
        )

    def _readable(self, clips: pa.Table) -> list[str]:
        return [uri for uri in clips["uri"].to_pylist() if self._recordings.reason(uri) is None]
