"""docs/recipes.md has every field of every table and kind, with its default."""

import re
import tomllib

import pytest

from asd_core.encoders.build import new_encoder
from asd_core.errors import UsageError
from asd_core.recipe.recipe import Recipe, built_in_recipes
from tests.command import asd
from tests.docs.blocks import ROOT

TEXT = (ROOT / "docs" / "recipes.md").read_text("utf-8")
WITH_KINDS = ("encoder", "detector")


def known(tables):
    """The words that a refusal lists."""
    with pytest.raises(UsageError, match="known: ") as refused:
        Recipe("page", tables)
    return set(re.findall(r"[\w-]+", str(refused.value).split("known: ")[1].split(", or ")[0]))


def rows(heading):
    """Field → cell of its default, of the table under a heading."""
    (section,) = re.findall(rf"^#+ {re.escape(heading)}.*?\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE))


def default(cell):
    """The default that a cell tells."""
    return None if cell == "none" else tomllib.loads(f"value = {cell.strip('`')}")["value"]


def as_toml(value):
    return list(value) if isinstance(value, tuple) else value


TABLES = sorted(known({"?": {}}) - {"machine", "ensemble"})
KINDS = [(table, kind) for table in WITH_KINDS for kind in sorted(known({table: {"kind": "?"}}))]


@pytest.mark.parametrize(("table", "kind"), KINDS)
def test_every_field_of_a_kind_stands_there_and_no_other(table, kind):
    assert {*rows(f"`[{table}]`"), *rows(f'`kind = "{kind}"`')} == known({table: {"kind": kind, "?": 0}})


@pytest.mark.parametrize("table", [table for table in TABLES if table not in WITH_KINDS])
def test_every_field_of_a_table_stands_there_and_no_other(table):
    assert {*rows(f"`[{table}]`")} == known({table: {"?": 0}})


@pytest.mark.parametrize(("table", "kind"), [*KINDS, *((table, "") for table in TABLES if table not in WITH_KINDS)])
def test_the_defaults_are_those_that_a_recipe_has(table, kind):
    config = getattr(Recipe("page", {table: {"kind": kind} if kind else {}}).for_machine(""), table)
    cells = rows(f'`kind = "{kind}"`') if kind else rows(f"`[{table}]`")
    if kind == "twfr":
        cells |= rows("`[encoder]`")
    for field, cell in cells.items():
        owner = config if hasattr(config, field) else new_encoder(config)
        assert as_toml(getattr(owner, field)) == default(cell), f"{table}.{field}"


@pytest.mark.parametrize("name", ["twfr-gmm", "twfr-knn", "clap-knn-random"])
def test_asd_recipes_shows_the_fields_and_defaults_of_the_page(name):
    shown = asd("recipes", name, "--json").json["fields"]
    kinds = {one["table"]: one["value"] for one in shown if one["name"] == "kind"}
    for table in dict.fromkeys(one["table"] for one in shown):
        page = rows(f'`kind = "{kinds[table]}"`') if table in WITH_KINDS else rows(f"`[{table}]`")
        page = {**(rows(f"`[{table}]`") if table in WITH_KINDS else {}), **page}
        defaults = {one["name"]: one["default"] for one in shown if one["table"] == table}
        assert {field: default(cell) for field, cell in page.items()} | {"kind": kinds.get(table)} == (
            {"kind": kinds.get(table)} | defaults
        )


def test_every_built_in_recipe_stands_there():
    assert not [name for name in built_in_recipes() if f"`{name}`" not in TEXT]


def test_every_field_of_an_ensemble_stands_there_and_no_other():
    assert {*rows("`[ensemble]`")} == known({"ensemble": {"?": 0}})
