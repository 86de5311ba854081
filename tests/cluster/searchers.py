"""What workers of a search do in tests: evaluate settings by a formula, or end their process, fail or hang at some."""

import os
import time

import pyarrow.parquet as pq

from tests.asd_core.tuning.searching import Formula

DEADLY = {"encoder.r": 0.5, "detector.k": 4}


def by_formula(machine, recipe, settings):
    return Formula()(machine, recipe, settings)


def dying_of_one_setting(machine, recipe, settings):
    if DEADLY in settings:
        os._exit(1)
    return by_formula(machine, recipe, settings)


def failing(machine, recipe, settings):
    raise RuntimeError("no space left")


def hanging(machine, recipe, settings):
    time.sleep(600)


def rows_in(store):
    """(clips, setting) of every row of the results in a store's folder."""
    tables = [
        pq.read_table(path, columns=["data", "setting_id"]) for path in sorted(store.rglob("results/*/*.parquet"))
    ]
    return [pair for table in tables for pair in zip(*(column.to_pylist() for column in table.columns), strict=True)]
