"""Recipes, spaces, manifests and option values made wrong by chance: the same seed makes the same file."""

import io
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.clips.clip import Placement, clips_table
from asd_core.recipe.names import built_in_recipes
from asd_core.store.tables import CLIPS, to_parquet
from asd_core.tuning.space.space import built_in_spaces
from tests.fuzz.mutations import mutated

WORDS = (
    "",
    " ",
    "\0",
    "a\0b",
    "%00",
    "file:///a%00b",
    "file:///%ff",
    "file:////x",
    "s3://",
    "s3://b/%00",
    "http://x/y",
    "\ud800",
    "\udcff",
    "a\nb",
    "\x1b[31m",
    "\u202eabc",
    "x" * 300,
    "x" * 5000,
    "../" * 50,
    "/",
    "//",
    "C:\\a",
    "\\\\a\\b",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "-0",
    "9" * 400,
    "9" * 5000,
    "1e-999",
    "0x10",
    "true",
    "null",
    "{}",
    "[]",
    "[" * 5000,
    '{"a":' * 3000,
    "[" * 3000 + "]" * 3000,
    '{"a": 1, "a": 2}',
    '"\\ud800"',
    "{{}}",
    '{"a": "\\ud800"}',
    '{"a": ' + "9" * 5000 + "}",
    "{a}",
    "%",
    "%s",
    "\\",
    "'",
    "0000-00-00",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2026-02-30",
    "-2026-01-01",
    "٢٠٢٦-٠١-٠١",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00+99:99",
    "2026-01-01T24:61:61",
    "20261119_240000",
    "1969-12-31T23:59:59.9999999999Z",
    "2026-01-01T00:00:00+23:59:59.999999",
)
_TOML = (
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "0",
    "9223372036854775808",
    "9" * 5000,
    "0x" + "f" * 5000,
    "true",
    '""',
    "[]",
    "{}",
    "[" * 2000 + "]" * 2000,
    "{a=" * 300 + "1" + "}" * 300,
    '"\\u0000"',
    '"a\\u0000b"',
    "'" + "x" * 100000 + "'",
    "[nan, inf]",
    "0001-01-01",
    "9999-12-31T23:59:59-23:59",
    "24:00:00",
    "00:00:00",
    "[[1], [2]]",
    '["a", 1]',
    "1979-05-27T07:32:00Z",
    '"../../x"',
    '"no.such:Class"',
    '":"',
    '"os:system"',
    '"builtins:eval"',
    "1e-320",
    "[0, 0]",
    "{ low = 0, high = 1e308, step = 1e-300 }",
    "{ low = nan, high = 1 }",
    "{ low = 1, high = 2, step = 1e-9 }",
    "{ grid = [" + "1," * 2000 + "] }",
    "{ choice = [[]] }",
    "{ low = 1, high = " + "9" * 400 + ", int = true }",
    "{ low = 1e-320, high = 1e308, log = true }",
    "{ grid = [nan, nan] }",
)
_LINES = (
    "a" + ".a" * 2000 + " = 1",
    "[" + "a." * 1000 + "a]",
    "[[encoder]]",
    "[machine.fan.x.y]",
    '[machine."\\u0000"]\n"encoder.r" = 1',
    '[machine.fan]\n"encoder.r" = "x"',
    "\0",
    "=",
    "[ensemble]\nmembers = 3",
    "[ensemble.members.x]\nweight = nan",
    '"" = 1',
    "machine = 3",
    "[machine]\nfan = 3",
    "[captions]\nk = -1",
    "[alarm]\nfalse_alarms = 1e-320",
    "\ufeff",
    "[training]\nepochs = 1e9",
)


def toml_of(chance, texts):
    """A TOML file like one of these texts, with other values, further lines and broken bytes."""
    lines = chance.choice(texts).splitlines()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        name, equals, _old = lines[at].partition("=")
        kind = chance.random()
        if kind < 0.6 and equals:
            lines[at] = f"{name}= {chance.choice(_TOML)}"
        elif kind < 0.8:
            lines.insert(at, chance.choice(_LINES))
        elif kind < 0.9:
            lines.append(lines[at])
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return mutated(data, chance.randrange(1 << 40)) if chance.random() < 0.2 else data


def recipe(chance):
    """A recipe's file."""
    return toml_of(chance, list(built_in_recipes().values()))


def space(chance):
    """A search space's file."""
    return toml_of(chance, [path.read_text() for path in built_in_spaces().values()])


def setting(chance):
    """KEY=VALUE of ``--set``, of a real key in most cases."""
    tables = re.findall(r"^\[(\w+)\]$|^(\w+) *=", "\n".join(built_in_recipes().values()), re.MULTILINE)
    table, keys = "encoder", []
    for head, key in tables:
        table = head or table
        keys += [f"{table}.{key}"] if key else []
    return f"{chance.choice([*keys, *WORDS[:12]])}={chance.choice((*WORDS, *_TOML))}"


def manifest(chance):
    """The name and the bytes of a manifest."""
    if chance.random() < 0.5:
        return "manifest.csv", _csv(chance)
    return "manifest.parquet", _parquet(chance)


_COLUMNS = (
    "path",
    "uri",
    "machine_type",
    "machine_id",
    "split",
    "domain",
    "attributes",
    "condition",
    "label",
    "date",
    "recorded_at",
    "extra",
    "size",
    "clip_id",
    "note",
    "Path",
    "date ",
    "",
    "Unnamed: 0",
    "\0",
    "é" * 300,
)
_GOOD = {
    "path": "a.wav",
    "machine_type": "fan",
    "machine_id": "01",
    "date": "2026-11-01",
    "split": "test",
    "extra": "{}",
}


def _csv(chance):
    names = ["path", "machine_type", *chance.sample(_COLUMNS, chance.randint(0, 5))]
    rows = [[_cell(chance, name) for name in names] for _ in range(chance.randint(1, 4))]
    separator = chance.choice(",;\t|")
    quoted = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [names, *rows]]
    data = "\n".join(quoted).encode("utf-8", "surrogatepass")
    if chance.random() < 0.2:
        data = "\n".join(quoted).encode("utf-16", "surrogatepass")
    return mutated(data, chance.randrange(1 << 40)) if chance.random() < 0.4 else data


def _cell(chance, name):
    return _GOOD.get(name, "") if chance.random() < 0.75 else chance.choice(WORDS)


def _parquet(chance, first=("path", "machine_type")):
    names = [*first, *chance.sample(_COLUMNS, chance.randint(0, 5))]
    size = chance.randint(1, 4)
    columns = [_column(chance, name, size) for name in names]
    sink = io.BytesIO()
    try:
        pq.write_table(pa.Table.from_arrays(columns, names), sink)
    except (pa.ArrowException, UnicodeEncodeError):  # Parquet has no such column
        pq.write_table(pa.table({"path": ["a.wav"], "machine_type": ["fan"]}), sink)
    data = sink.getvalue()
    return mutated(data, chance.randrange(1 << 40)) if chance.random() < 0.4 else data


def _column(chance, name, size):
    """A column of text in most cases, else of another kind."""
    if chance.random() < 0.6:
        cells = [_cell(chance, name).encode("utf-8", "replace").decode() for _ in range(size)]
        return pa.array(cells, chance.choice((pa.string(), pa.large_string())))
    ends = (-(1 << 63) + 1, (1 << 63) - 1, 0, 253402300800, -62135596801)
    return chance.choice(
        (
            lambda: pa.array([[1, 2]] * size),
            lambda: pa.array([{"a": 1}] * size),
            lambda: pa.array([None] * size),
            lambda: pa.array([b"\xff\x00"] * size),
            lambda: pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers()).take(pa.array([0] * size)),
            lambda: pa.array(["a"] * size).dictionary_encode(),
            lambda: pa.array([chance.choice(ends)] * size, pa.timestamp(chance.choice(("s", "ms", "us", "ns")))),
            lambda: pa.array(
                [chance.choice(ends)] * size,
                pa.timestamp("us", tz=chance.choice(("UTC", "+14:00", "Europe/Berlin", "No/Where"))),
            ),
            lambda: pa.array([chance.choice((-(1 << 31), (1 << 31) - 1, 0))] * size, pa.date32()),
            lambda: pa.array([0] * size, pa.time64("us")),
            lambda: pa.array([float("nan")] * size),
            lambda: pa.array([1 << 62] * size),
            lambda: pa.array([True] * size),
            lambda: pa.array([[("a", 1)]] * size, pa.map_(pa.string(), pa.int64())),
        )
    )()


def imported(chance):
    """The name and the bytes of embeddings or scores made elsewhere."""
    if chance.random() < 0.5:
        return "fan_id_00.parquet", _parquet(chance, ("embedding", "machine_type", "machine_id", "score"))
    sink = io.BytesIO()
    kinds = (np.float32, np.float64, np.int8, np.complex64, "U3", "M8[s]", "V4", bool)
    shapes = ((2, 3), (0, 3), (2,), (), (2, 0), (1, 1, 1))
    names = chance.sample(("X_train", "X_test", "y_test"), chance.choice((3, 3, 3, 2)))
    np.savez_compressed(sink, **{name: np.zeros(chance.choice(shapes), chance.choice(kinds)) for name in names})
    data = sink.getvalue()
    return "fan_id_00.npz", mutated(data, chance.randrange(1 << 40)) if chance.random() < 0.7 else data


def stored(chance):
    """The bytes of a store's table of clips, broken, or with columns of other kinds."""
    if chance.random() < 0.3:
        return _parquet(chance, CLIPS.names)
    places = [Placement("fan", "01", date="2026-11-01")] * 2
    clips = clips_table(["file:///a.wav", "file:///b.wav"], [3, 4], ["1", "2"], places)
    return mutated(to_parquet(clips), chance.randrange(1 << 40))


def json_text(chance):
    """A JSON text of the store, nested, huge or broken."""
    value = chance.choice((*WORDS, 1, -1, 1e308, None, True, [], {}, [[]], {"a": {}}))
    data = json.dumps({"format": value, "counts": value, "key": [value]}).encode()
    return mutated(data, chance.randrange(1 << 40)) if chance.random() < 0.7 else data
