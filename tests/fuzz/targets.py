"""Readers of what comes from outside, each as a function that may raise nothing but one line for people."""

import random
import tempfile
from pathlib import Path

from hypothesis import strategies as st

from asd_core.clips import stamps
from asd_core.clips.dates import parse_date, parse_time
from asd_core.clips.layouts import place_all
from asd_core.clips.manifest import read_manifest
from asd_core.clips.nights import checked_night_end, night_of
from asd_core.clips.pattern import compile_pattern
from asd_core.clips.selection import checked_date
from asd_core.errors import AsdError, ClipError
from asd_core.recipe.full_text import full_text
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.embedding_files import read_embeddings
from asd_core.runs.score_files import read_scores
from asd_core.store.broken_files import json_object, table_in
from asd_core.store.tables import CLIPS
from asd_core.tuning.space.space import load_space
from jobs.console import printable
from jobs.opened import changes_of
from tests.fuzz import texts
from tests.fuzz.recordings import case, rows_of


def refused(reader, *arguments):
    """What a reader returns; None where it refuses in one line."""
    try:
        return reader(*arguments)
    except (AsdError, ClipError) as error:
        line = printable(str(error))
        assert line and line.isprintable(), repr(line[:200])
        return None


def read_names(paths):
    """Places of recordings by their names, in every layout."""
    for layout in ("auto", "fleet", "dcase", "mimii"):
        placed = refused(place_all, "file:///archive", paths, layout)
        assert placed is None or len(placed.placements) == len(paths)
    for path in paths:
        moment = stamps.recorded_at_in(path)
        assert moment is None or moment.isoformat()
        stamps.date_in_folders(path)


def read_dates(text):
    """Dates, times and ends of nights."""
    day = refused(checked_date, text)
    assert day is None or parse_date(day) == day
    parse_time("2026-11-19", text)
    moment, ends = stamps.parse_moment(text), refused(checked_night_end, text)
    if moment is not None:
        assert len(night_of(moment.date().isoformat(), moment, ends or moment.time())) == 10


def read_pattern(pair):
    """A pattern and a path that it may place."""
    pattern, path = pair
    place = refused(compile_pattern, pattern)
    assert place is None or place(path)._fields


def read_recipe(seed):
    """A recipe's file, with its KEY."""
    _through_file("recipe.toml", texts.recipe(random.Random(seed)), lambda path: full_text(load_recipe(path)))


def read_space(seed):
    """A search space's file."""

    def read(path):
        found = load_space(path)
        found.check(load_recipe("twfr-gmm"))
        return found.size

    _through_file("space.toml", texts.space(random.Random(seed)), read)


def read_settings(seed):
    """Values of ``--set``."""
    refused(lambda: load_recipe("twfr-gmm").with_settings(changes_of([texts.setting(random.Random(seed))])).key())


def read_tables(seed):
    """A manifest, and each of its recordings read as the decoder's caller does."""
    name, data = texts.manifest(random.Random(seed))
    found = _through_file(name, data, read_manifest)
    if found is not None:
        from asd_core.audio.decoding import read_clip

        for uri in found[0]["uri"].to_pylist():
            refused(read_clip, uri)


def read_imports(seed):
    """Embeddings and scores made elsewhere."""
    chance = random.Random(seed)
    name, data = texts.imported(chance)
    _through_file(name, data, lambda path: read_embeddings(Path(path), "mine"))
    _through_file(name.replace(".npz", ".parquet"), data, lambda path: read_scores(Path(path), "mine"))


def read_store_file(seed):
    """A table and an object of a store, whose values are taken out."""
    chance = random.Random(seed)
    data = texts.stored(chance)
    table = refused(table_in, "clips.parquet", data, CLIPS)
    assert table is None or len(table.to_pylist()) == len(table)
    refused(json_object, "record.json", texts.json_text(chance))


def read_recording(seed):
    """A mutated recording, which is a row each time it is heard."""
    assert "no row" not in rows_of(case(seed, seed=1)[1]).values()


def _through_file(name, data, reader):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return refused(reader, str(path))


_SEEDS = st.integers(0, 1 << 40)
_TEXT = st.one_of(
    st.text(max_size=60), st.sampled_from(texts.WORDS), st.text(st.sampled_from("0123456789-_:T./ +Z"), max_size=30)
)
_PATHS = st.lists(
    st.lists(
        _TEXT
        | st.sampled_from(["fan", "id_01", "date=2026-11-01", "normal", "section_00_source_test_normal_0001.wav"]),
        min_size=1,
        max_size=5,
    ).map("/".join),
    min_size=1,
    max_size=4,
)
_PATTERN = st.one_of(
    _TEXT,
    st.lists(
        st.sampled_from(
            ["{machine_type}", "{machine_id}", "{date}", "{time}", "/", "*", "**", "_", "{", "}", "[", "(", ".wav"]
        ),
        max_size=12,
    ).map("".join),
)

TARGETS = {
    "names": (_PATHS, read_names),
    "dates": (_TEXT, read_dates),
    "patterns": (st.tuples(_PATTERN, _TEXT), read_pattern),
    "recipes": (_SEEDS, read_recipe),
    "spaces": (_SEEDS, read_space),
    "settings": (_SEEDS, read_settings),
    "manifests": (_SEEDS, read_tables),
    "imports": (_SEEDS, read_imports),
    "store": (_SEEDS, read_store_file),
    "recordings": (_SEEDS, read_recording),
}
"""Name → examples, and the reader that takes one."""
