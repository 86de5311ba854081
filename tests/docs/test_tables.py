"""`docs/tables.md` says what the code does, and its examples run."""

import contextlib
import io
import re
from pathlib import Path

import duckdb
import pytest

from asd_core.captions.clip_tasks import CLIP_CAPTIONS, MEASURES
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.left_out_nights import LEFT_OUT
from asd_core.pipeline.type_files import LENT
from asd_core.runs.score import score
from asd_core.store import layout
from asd_core.store.alarm_schemas import ALARMS, EVIDENCE, LABELS, MAINTENANCE
from asd_core.store.pseudo_label_tables import PSEUDO_LABELS
from asd_core.store.tables import CAPTIONS, CLIPS, EMBEDDINGS, INDEX, NIGHT
from asd_core.synthesis.audioldm.stored_generator import HEARD
from asd_core.synthesis.generation.archive import SYNTHETIC_CLIPS
from asd_core.training.history import TRAINING
from asd_core.tuning.stored_results import CHOICES, TUNING
from tests.fleet import KNN, NIGHTS, fitted, listed

PAGE = (Path(__file__).parent.parent.parent / "docs/tables.md").read_text()
SCHEMAS = {
    "CLIPS": CLIPS,
    "NIGHT": NIGHT,
    "EMBEDDINGS": EMBEDDINGS,
    "INDEX": INDEX,
    "CAPTIONS": CAPTIONS,
    "MEASURES": MEASURES,
    "CLIP_CAPTIONS": CLIP_CAPTIONS,
    "LEFT_OUT": LEFT_OUT,
    "LENT": LENT,
    "EVIDENCE": EVIDENCE,
    "ALARMS": ALARMS,
    "LABELS": LABELS,
    "MAINTENANCE": MAINTENANCE,
    "TUNING": TUNING,
    "CHOICES": CHOICES,
    "PSEUDO_LABELS": PSEUDO_LABELS,
    "TRAINING": TRAINING,
    "HEARD": HEARD,
    "SYNTHETIC_CLIPS": SYNTHETIC_CLIPS,
}
EXAMPLES = re.findall(r"<!-- example -->\n<!-- not run: .*\n```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def told(name):
    """Column → type and whether it may be null, as the page has them."""
    (table,) = re.findall(rf"<!-- {name} -->\n(.*?)\n\n", PAGE, re.DOTALL)
    rows = [re.split(r"`? \| `?", line.strip("| ").removeprefix("`")) for line in table.splitlines()[2:]]
    assert all(len(row) == 4 for row in rows), rows
    found = {row[0]: (row[1], row[2] != "never") for row in rows if "…" not in row[0]}
    return found if len(found) == len(rows) else told("CLIPS") | found


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_column_is_told_with_its_type_and_whether_it_may_be_null(name):
    kinds = {field.name: (str(field.type).replace("item: ", ""), field.nullable) for field in SCHEMAS[name]}
    assert told(name) == kinds
    assert name == "NIGHT" or list(told(name)) == list(kinds)


def test_every_folder_of_the_store_is_told():
    lines = re.findall(r"^    ([a-z_]+)[/. ]", layout.__doc__, re.MULTILINE)
    assert len(lines) > 15
    assert not [folder for folder in lines if f"`{folder}" not in PAGE]


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A folder with a store that has two scored nights, and a manifest of them."""
    folder = tmp_path_factory.mktemp("plant")
    archive, store = fitted(folder)
    lines = ["path,machine_type,machine_id,date,line"]
    for number, path in enumerate(sorted(archive.rglob("date=2026-11-0[23]/*.wav"))):
        machine, date = (part.split("=")[1] for part in path.parts[-3:-1])
        lines.append(f"{path.relative_to(folder)},fan,{machine},{date},{number}")
    (folder / "manifest.csv").write_text("\n".join(lines))
    for night in NIGHTS[1:]:
        score(store, KNN, listed(folder / "manifest.csv", date=night), LocalEngine())
    return folder


@pytest.mark.parametrize(("language", "text"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs(plant, monkeypatch, language, text):
    monkeypatch.chdir(plant)
    found, printed = {}, io.StringIO()
    if language == "sql":
        found["rows"] = duckdb.sql(text).fetchall()
    else:
        with contextlib.redirect_stdout(printed):
            exec(text, found)  # the page's own words
    sizes = {"scores": 16, "night": 8, "table": 8, "joined": 16, "rows": 4 if "group by" in text else 16}
    assert {name: len(found[name]) for name in sizes if name in found} == {
        name: sizes[name] for name in sizes if name in found
    }
    assert sizes.keys() & found.keys()
