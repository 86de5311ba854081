"""From normal recordings alone to an r: what Zhang et al. do in eq. 6, on a machine whose faults are known."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from asd_core.detectors.gmm import Gmm, GmmConfig
from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.twfr import TwfrEncoder, twfr
from asd_core.evaluation.metrics import auc
from asd_core.synthesis.decoding import decode_validation
from asd_core.synthesis.fleet.machine import build_machine, healthy_sound
from asd_core.synthesis.validation import RECORDED, SimulatedConfig, ValidationClip, simulated_validation
from tests.asd_core.synthesis.clips_of import clips_of

RATE, SECONDS, CLIPS = 16000, 4.0, 36
QUIET, LOUD = 1.1, 0.9  # r that leans to the quietest frames, and to the loudest


def recorded(uri: str, clip_id: str) -> bytes:
    index = int(uri[-8:-4])
    machine = build_machine("fan", 0, seed=0)
    rngs = (np.random.default_rng([kind, index]) for kind in (1, 2))
    data = io.BytesIO()
    sound = healthy_sound(machine, round(SECONDS * RATE), RATE, *rngs)
    soundfile.write(data, sound, RATE, format="WAV", subtype="FLOAT")
    return data.getvalue()


def spectrograms(clips: list[ValidationClip]) -> list[NDArray[np.float32]]:
    decoded = decode_validation(clips, EncoderConfig(), RATE, read=recorded)
    return [TwfrEncoder().log_mel(clip.waveforms[0]) for clip in decoded if clip.waveforms is not None]


@pytest.fixture(scope="module")
def aucs() -> dict[tuple[str, float], float]:
    """(kind, r) → AUC of the simulated anomalies of that kind."""
    config = SimulatedConfig(kinds=("knocks", "stall"), held_out=0.5, severity=(0.1, 0.5))
    validation = simulated_validation(clips_of([""] * CLIPS), config)
    ids = zip(validation.normals["clip_id"].to_pylist(), validation.normals["uri"].to_pylist(), strict=True)
    fitted = spectrograms([ValidationClip(clip_id, clip_id, uri, False, "", RECORDED) for clip_id, uri in ids])
    judged = spectrograms(list(validation.clips))
    kinds = np.array([clip.kind for clip in validation.clips])
    found = {}
    for r in (LOUD, QUIET):
        rows = np.stack([twfr(spectrogram, r) for spectrogram in fitted])
        detector = Gmm(GmmConfig()).fit(rows, np.full(len(rows), ""))
        scores = detector.anomaly_score(np.stack([twfr(spectrogram, r) for spectrogram in judged]))
        for kind in config.kinds:
            compared = (kinds == RECORDED) | (kinds == kind)
            found[kind, r] = auc(scores[compared], kinds[compared] == kind)
    return found


def test_knocks_ask_for_an_r_that_leans_to_the_loudest_frames(aucs: dict[tuple[str, float], float]) -> None:
    assert aucs["knocks", LOUD] > aucs["knocks", QUIET] + 0.1


def test_a_stall_asks_for_an_r_that_leans_to_the_quietest_frames(aucs: dict[tuple[str, float], float]) -> None:
    assert aucs["stall", QUIET] > aucs["stall", LOUD] + 0.1


def test_the_r_that_suits_a_fault_finds_it(aucs: dict[tuple[str, float], float]) -> None:
    assert min(aucs["knocks", LOUD], aucs["stall", QUIET]) > 0.8
