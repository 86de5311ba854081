"""A small store with a file of nearly every kind, and ways in which a store's file can be broken."""

import io
import json
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.runs.pruning.kinds import BY_NAME, USUAL
from tests.asd_core.runs.feature_files import write_npz
from tests.asd_core.store.special_files import KINDS, put_in_place
from tests.command import asd
from tests.fleet import NIGHTS, write_dcase, write_fleet

_TWFR = ["--recipe", "twfr-knn", "--set", "encoder.clip_seconds=0.5", "--set", "encoder.n_mels=8", "--local"]


def commands(folder, store):
    """Name → command, each of which reads the store, in an order in which they fill an empty one."""
    fleet, labelled = folder / "fleet", folder / "dcase"
    learn, kept = ["--since", NIGHTS[0], "--until", NIGHTS[1]], ["--store", store, "--quiet"]
    return {
        "fit": ["fit", fleet, *learn, *_TWFR, *kept],
        "score": ["score", fleet, "--date", NIGHTS[2], *_TWFR, *kept],
        "nightly": ["nightly", fleet, "--date", NIGHTS[2], "--captioner", "acoustic", *_TWFR, *kept],
        "report": ["report", "--date", NIGHTS[2], *_TWFR[:-1], *kept],
        "alarms": ["alarms", "--date", NIGHTS[2], *_TWFR[:-1], *kept],
        "caption": ["caption", "--date", NIGHTS[2], "--captioner", "acoustic", *_TWFR, *kept],
        "fit stored": ["fit", *learn, *_TWFR, *kept],
        "fit labelled": ["fit", labelled, *_TWFR, *kept],
        "evaluate": ["evaluate", labelled, *_TWFR, *kept],
        "tune": ["tune", labelled, "--space", folder / "space.toml", *_TWFR, *kept],
        "import-embeddings": ["import-embeddings", folder / "features", "--encoder", "here", *kept],
        "fit imported": ["fit", "--recipe", "imported-knn", "--encoder", "here", "--local", *kept],
        "import-scores": ["import-scores", folder / "scores.csv", "--as", "elsewhere", *kept],
        "fit another": ["fit", fleet, *learn, "--recipe", "twfr-gmm", *_TWFR[2:], *kept],
        "ensemble": ["ensemble", "a=twfr-knn", "b=twfr-gmm", "--as", "both", *kept],
        "ensemble's nightly": ["nightly", fleet, "--date", NIGHTS[2], "--recipe", "both", "--local", *kept],
        "pseudo-label": ["pseudo-label", fleet, *learn, "--as", "kinds", "--engine", "local", *kept],
        "pseudo-labels' page": ["pseudo-label", "--as", "kinds", "--only-page", *kept],
        "train": ["train", "--recipe", "head", "--encoder", "here", "--as", "mine", "--local", *_HEAD, *kept],
        "fit head": ["fit", "--recipe", "imported-knn", "--encoder", "mine", "--local", *kept],
        "recipes": ["recipes", *kept[:2]],
        "status": ["status", *kept],
        "runs": ["runs", *kept],
        "runs show": ["runs", "show", "tune", *kept],
        "prune": ["prune", "--older-than", "1d", "--dry-run", "--what", _ALL_KINDS, *kept],
    }


_HEAD = ["--set", "training.epochs=2"]
_ALL_KINDS = ",".join([*USUAL, *BY_NAME])


SMALL = ("fit", "nightly", "import-embeddings", "fit imported")
"""Commands that fill a store with files of the kinds that most read."""


def fill(folder, names=None):
    """Archives, files to import, and ``folder/store``, which some or all commands filled; what each said."""
    write_fleet(folder / "fleet")
    write_dcase(folder / "dcase")
    for machine in ("fan_id_00", "fan_id_02"):
        write_npz(folder / "features", machine, train=12, normal=3, anomalous=3)
    (folder / "space.toml").write_text('"detector.k" = { grid = [1, 2] }\n')
    scores = [f"section_00_source_test_{one}_{n:04d}.wav,gear,{n}" for n in range(6) for one in ("normal", "anomaly")]
    (folder / "scores.csv").write_text("\n".join(["file,machine_type,anomaly_score", *scores, ""]))
    lines = commands(folder, folder / "store")
    return {name: asd(*lines[name]) for name in names or lines}


READ_BY = {
    "alarms/.parquet": ["alarms", "report", "status"],
    "captions/.parquet": ["report", "caption", "status"],
    "clips/.parquet": ["evaluate", "nightly", "tune", "prune"],
    "embeddings/index.parquet": ["nightly", "fit stored", "fit imported", "import-embeddings", "prune"],
    "embeddings/shards.parquet": ["nightly", "fit stored", "evaluate", "import-embeddings", "caption"],
    "encoders.json": ["import-embeddings", "fit imported", "fit head", "train", "prune"],
    "evidence/.parquet": ["alarms", "report", "status"],
    "measures/.parquet": ["caption", "report"],
    "pseudo_labels/.json": ["pseudo-labels' page", "pseudo-label"],
    "pseudo_labels/.parquet": ["pseudo-labels' page", "pseudo-label"],
    "recipes/.json": ["recipes", "ensemble's nightly", "ensemble", "import-scores"],
    "runs/.json": [
        *("nightly", "report", "alarms", "recipes", "evaluate", "tune", "train", "ensemble"),
        *("status", "runs", "runs show", "prune"),
    ],
    "score_parts/.parquet": ["nightly", "report", "evaluate"],
    "scorers/.json": ["nightly", "fit", "report", "alarms", "evaluate", "ensemble", "prune"],
    "scorers/.npz": ["nightly", "fit", "ensemble", "evaluate"],
    "scorers/.parquet": ["alarms", "report", "fit"],
    "scores/.parquet": ["report", "alarms", "nightly", "status"],
    "trained/.json": ["fit head", "train"],
    "trained/.safetensors": ["fit head", "train"],
    "trained/.parquet": ["train"],
    "tuning/.parquet": ["tune"],
    "tuning/.toml": ["tune"],
    "locks/.json": ["nightly", "fit", "status"],
}
"""Kind of file → commands that open files of that kind."""


def kind_of(path):
    """The kind of a store's file: the folder at the top, the one that tells shards from indexes, and the ending."""
    folders, _, name = path.rpartition("/")
    ending = name.rpartition(".")[2] if "." in name else ""
    if not folders:
        return name
    inner = folders.split("/")[2] if folders.startswith("embeddings/") else ""
    return f"{folders.split('/')[0]}/{inner}.{ending}"


def damages(path, data):
    """Name → bytes that are put in the place of a file of this name and these bytes."""
    noise = np.random.default_rng(0).bytes(300)
    found = {"empty": b"", "garbage": noise, "half": data[: len(data) // 2]}
    match path.rpartition(".")[2]:
        case "parquet":
            table = pq.read_table(io.BytesIO(data))
            found |= {f"parquet of {name}": _parquet(change(table)) for name, change in _TABLES}
        case "json":
            deep = b'{"a":' + b"[" * 100_000
            found |= {"a list": b"[]", "an empty object": b"{}", "nesting": deep, "bad UTF-8": b'{"\xff": 1}'}
            found |= {
                f"{name} {which}": _json(data, which, value) for name, value in _VALUES for which in ("all", "inner")
            }
        case "npz":
            found |= {"objects": _objects(), "8 TiB": _huge()}
        case "safetensors":
            found["a huge head"] = struct.pack("<Q", 2**62) + b"{}"
    return found


def damage(store, kind, how):
    """Put a damage, or one of the KINDS of special files, in the place of every file of a kind; how many there were."""
    found = [path for path in store.rglob("*") if path.is_file() and kind_of(str(path.relative_to(store))) == kind]
    for path in found:
        data = path.read_bytes()
        path.unlink()
        if how in KINDS:
            put_in_place(path, how)
        else:
            path.write_bytes(damages(path.name, data)[how])
    return len(found)


def _parquet(table):
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _lists(table):
    return pa.table({name: pa.array([[{"x": 1}]] * len(table)) for name in table.column_names})


def _bad_text(table):
    bad = pa.array([b"\xff\xfe"] * len(table), pa.binary()).view(pa.string())
    return pa.table({name: bad if table[name].type == pa.string() else table[name] for name in table.column_names})


def _nulls(table):
    return pa.table({name: pa.nulls(len(table), table[name].type) for name in table.column_names})


_TABLES = [
    ("another table", lambda table: pa.table({"x": [1]})),
    ("lists", _lists),
    ("bad UTF-8", _bad_text),
    ("nulls", _nulls),
    ("no rows", lambda table: table.slice(0, 0)),
]


_VALUES = [("null", None), ("list", [{"a": 1}]), ("object", {"a": None})]


def _json(data, which, value):
    """All values of an object, or those that hold others, replaced by one."""
    fields = json.loads(data).items()
    changed = {name: value for name, old in fields if which == "all" or isinstance(old, list | dict)}
    return json.dumps(dict(fields) | changed).encode()


def _objects():
    sink = io.BytesIO()
    np.savez(sink, unseen=np.array([{}], object))
    return sink.getvalue()


def _huge():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }"
        archive.writestr("unseen.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head) + 1) + head + b"\n")
    return sink.getvalue()
