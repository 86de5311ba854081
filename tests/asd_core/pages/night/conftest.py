import datetime
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from asd_core.pages.night import MachineRecord, Night
from asd_core.store.tables import CAPTIONS, SCORES

DATE = "2026-11-19"
KEPT = {"uri", "machine_type", "machine_id", "date", "anomaly_score", "decision_threshold", "is_flagged", "p_value"}
HISTORY = pa.schema(field for field in SCORES if field.name in KEPT)


def scored(name, score, machine=("fan", "id_00"), threshold=1.0, **changes):
    """One row of the night: flagged where the score is above the threshold."""
    row = dict.fromkeys(SCORES.names) | {
        "clip_id": name,
        "uri": f"file:///plant/{name}.flac",
        "machine_type": machine[0],
        "machine_id": machine[1],
        "split": "",
        "domain": "",
        "attributes": "",
        "condition": "",
        "date": DATE,
        "recorded_at": datetime.datetime(2026, 11, 19, 2, 14, tzinfo=datetime.UTC),
        "size": 1,
        "extra": "{}",
        "seconds": 1.0,
        "anomaly_score": score,
        "decision_threshold": threshold,
        "is_flagged": None if threshold is None else score > threshold,
        "p_value": 0.0083,
        "nearest_uris": ["file:///plant/normal_0.flac", "file:///plant/normal_1.flac"],
        "nearest_distances": [0.5, 0.75],
        "scorer_version": "v1",
    }
    return row | changes


def failed(name, reason, machine=("fan", "id_00"), message="the file has no samples: check the recorder"):
    nothing = dict.fromkeys(("anomaly_score", "is_flagged", "p_value", "nearest_uris", "nearest_distances"))
    return scored(name, 0.0, machine) | nothing | {"error_reason": reason, "error": message}


def record(machine=("fan", "id_00"), **changes):
    fields = {"scorer_version": "v1", "n_normal_clips": 120, "decision_threshold": 1.0}
    fields |= {"median_unseen_score": 0.5, "false_alarm_rate": 0.05} | changes
    return MachineRecord(*machine, **fields)


def night(rows, machines=(), history=(), **changes):
    fields = {"recipe": "twfr-gmm", "key": "twfr-gmm-1a2b3c4d", "date": DATE, "run": {"run_id": "3f2a"}} | changes
    earlier = [{name: row[name] for name in HISTORY.names} for row in history]
    return Night(
        scores=pa.Table.from_pylist(list(rows), schema=SCORES),
        history=pa.Table.from_pylist(earlier, schema=HISTORY),
        machines=machines,
        **fields,
    )


GIVEN = {
    "hybrid": ("clip_caption", "normal_uris", "normal_captions", "texts", "similarities", "normal_similarities"),
    "text-decoder": ("clip_caption", "normal_uris", "normal_captions"),
    "zero-shot": ("normal_uris", "texts", "similarities", "normal_similarities"),
    "acoustic": ("normal_uris", "findings"),
    "tags": ("normal_uris", "findings"),
}


def caption(name, method="hybrid", machine=("fan", "id_00"), **changes):
    """One method's caption of the clip of that name; its evidence is the same for every method that rests on it."""
    evidence = {
        "clip_caption": "Sounds like a rattle",
        "normal_uris": ["file:///plant/normal_0.flac", "file:///plant/normal_1.flac"],
        "normal_captions": ["Sounds like a hum", "Sounds like a fan"],
        "texts": ["Vibration", "Grinding Sounds", "Unexpected Silence"],
        "similarities": [0.3, 0.15, -0.1],
        "normal_similarities": [[0.1, 0.1, 0.0], [0.2, 0.2, 0.1]],
        "findings": ["3.2 dB louder overall"],
    }
    row = dict.fromkeys(CAPTIONS.names) | {key: evidence[key] for key in GIVEN[method]}
    row |= {"clip_id": name, "uri": f"file:///plant/{name}.flac", "machine_type": machine[0], "machine_id": machine[1]}
    row |= {"date": DATE, "method": method, "difference_caption": f"This sound is told by {method}."}
    row |= {"llm": "gpt at example.org", "prompt_version": "paper+own-1", "prompt_hash": "0", "prompt": "Please."}
    return row | {"input_tokens": 9, "output_tokens": 9, "attempts": 1, "unknown": 0} | changes


def captions(*rows):
    return pa.Table.from_pylist(list(rows), schema=CAPTIONS)


def read_audio(uri):
    """Noise for a normal clip, with a tone for any other."""
    rate = 16000
    clip = 0.05 * np.random.default_rng(3).standard_normal(rate)
    if "normal" not in uri:
        clip += 0.1 * np.sin(2 * np.pi * 1240 * np.arange(rate) / rate)
    return clip.astype(np.float32), rate


@pytest.fixture(scope="session")
def make():
    """What the tests of this folder build nights of."""
    return SimpleNamespace(
        DATE=DATE,
        scored=scored,
        failed=failed,
        record=record,
        night=night,
        caption=caption,
        captions=captions,
        read_audio=read_audio,
    )
