"""Searches without audio: machines that are nothing but names, and settings that are evaluated by a formula."""

import zlib
from dataclasses import dataclass, field

import numpy as np

from asd_core.evaluation.metrics import auc, pauc
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.tuning.batches import BatchContext, evaluate_batch
from asd_core.tuning.evaluate_settings import SettingScore
from asd_core.tuning.request import scopes_of
from asd_core.tuning.search import Search
from asd_core.tuning.space.proposals import proposals
from asd_core.tuning.space.space import new_space
from asd_core.tuning.stored_results import read_known

GRID = {"encoder.r": {"low": 0.0, "high": 1.0, "step": 0.1}, "detector.k": {"grid": [1, 2, 4]}}
KNN = load_recipe("twfr-knn").with_settings({"encoder.r": 1.0})


@dataclass(frozen=True)
class Machine:
    """What a search asks of a `MachineData`."""

    machine_type: str
    machine_id: str

    @property
    def fingerprint(self):
        return f"{zlib.crc32(f'{self.machine_type} {self.machine_id}'.encode()):032x}"

    is_anomalous = np.repeat([False, True], 40)
    domains = np.full(80, "")
    recordings = np.arange(80).astype(str)
    normal_domains = np.full(30, "")
    auc_level_only = 0.6


MACHINES = (Machine("fan", "00"), Machine("fan", "02"), Machine("pump", "00"))


@dataclass
class Formula:
    """Evaluates settings by a formula with its top at r = .7, k = 2; remembers what it was asked."""

    asked: list = field(default_factory=list)

    def __call__(self, machine, recipe, settings):
        self.asked += [(machine.fingerprint, tuple(sorted(setting.items()))) for setting in settings]
        return [self.score(machine, setting) for setting in settings]

    def score(self, machine, setting):
        if setting.get("encoder.r") == 0.3:
            return SettingScore(setting, error="no fit at r = 0.3")
        worth = -((setting.get("encoder.r", 0.7) - 0.7) ** 2) - 0.01 * abs(setting.get("detector.k", 2) - 2)
        noise = np.random.default_rng(zlib.crc32(machine.fingerprint.encode())).normal(0, 1, 80)
        scores = noise + (1.5 + 4 * worth) * machine.is_anomalous
        figures = {name: metric(scores, machine.is_anomalous) for name, metric in (("auc", auc), ("pauc", pauc))}
        return SettingScore(setting, **figures, clip_scores=scores, seconds=0.01)


class Killed(BaseException):
    """The process ends."""


def store_in(folder):
    return Store(LocalFiles(folder))


def search_for(store, tables=GRID, method="grid", count=None, per="machine-type", objective="auc", machines=MACHINES):
    """A search over machines, knowing what the store knows, and what its workers need."""
    space = new_space(tables)
    scopes = scopes_of(machines, per)
    search = Search(
        machines,
        KNN,
        scopes,
        [proposals(space, method, count, 0, scope.name) for scope in scopes],
        [read_known(store, machine.fingerprint) for machine in machines],
        objective,
        "v1",
    )
    return search, BatchContext(store.files.url, tuple(machines), KNN)


def run(search, context, evaluate, batches=10**9):
    """Work on a search until it is over, or the process ends after so many batches."""
    for _ in range(batches):
        batch = search.next_batch()
        if batch is None:
            return search
        search.finish(batch.number, evaluate_batch(context, batch, evaluate))
    raise Killed
