"""TWFR-GMM's own search, run from a checkout of its published code."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from asd_core.errors import AsdError
from tests.benchmarks.twfr_search import Run

_SLEEP = 1.0  # seconds, once for each setting of a machine; taken off
_UNUSED = {"imblearn.over_sampling": ("SMOTE", "BorderlineSMOTE"), "visdom": ("Visdom",)}


class PublishedSearch:
    """The search of a checkout over one machine, a setting at a time; it has no random state, so numpy's is set.

    Args:
        checkout: of TWFR-GMM; what it imports must be installed, but for what its search does not use.
        machine: the machine's folder in the DCASE layout.
        seed: of numpy's global random state before each fit.
        work: a folder for the file that its search writes.

    Raises:
        AsdError: the folder holds no such code, or something it imports is not installed.
    """

    def __init__(self, checkout: Path, machine: Path, seed: int, work: Path) -> None:
        if not (checkout / "gmmer.py").is_file():
            raise AsdError(f"{checkout} is no checkout of TWFR-GMM: it holds no gmmer.py")
        self._machine, self._seed, self._work = machine, seed, work
        (work / "results" / "twfr-gmm").mkdir(parents=True)
        try:
            with _importing(checkout):
                self._utils, extractor, gmmer = map(importlib.import_module, ("utils", "extractor", "gmmer"))
        except ImportError as error:
            raise AsdError(f"TWFR-GMM at {checkout} cannot be imported: {error}; install what it needs") from error
        logger = logging.getLogger("twfr-gmm")
        self._args = SimpleNamespace(version="twfr-gmm", sr=16_000, logger=logger, pool_type="gwrp", seed=seed, decay=1)

        class Extractor(extractor.SpecExtractor):  # type: ignore[misc, name-defined]
            """Keeps what it extracts."""

            def extract(self, files: list[str]) -> Any:
                features = super().extract(files)
                taken.update(zip(files, features, strict=True))
                return features

        class Searcher(gmmer.GMMer):  # type: ignore[misc, name-defined]
            """Keeps the last mixture."""

            def fit_GMM(self, *args: Any, **options: Any) -> Any:  # noqa: N802
                self.mixture = super().fit_GMM(*args, **options)
                return self.mixture

        self._taken = taken = dict[str, Any]()
        transform = self._utils.Wave2Mel(sr=16_000)
        own = Extractor(args=self._args, dim=1, transform=transform)
        own.extract([str(next((machine / "train").glob("*.wav")))])  # what the first call costs is not counted
        self._searcher = Searcher(args=self._args, extractor=own)

    def __call__(self, n_components: int, r: float) -> Run:
        """Search a single setting."""
        folders = [[f"{self._machine}/{split}"] for split in ("train", "test")]
        place = round(100 * r)
        np.random.seed(self._seed)  # noqa: NPY002
        with contextlib.chdir(self._work), open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            start = time.perf_counter()
            self._searcher.search(*folders, start=place, end=place + 1, step=1, gmm_ns=[n_components])
            seconds = time.perf_counter() - start - _SLEEP
        train, test = (sorted(path for path in self._taken if path.startswith(folder)) for [folder] in folders)
        features = np.stack([self._taken[path] for path in test])
        scores = -self._searcher.mixture._estimate_log_prob(features).max(axis=1)
        files, labels, domains = self._utils.get_valid_file_list(folders[1][0], "section_00")
        own = [float(scores[test.index(path)]) for path in files]
        objective = float(sum(self._utils.cal_auc_pauc(labels, own, domains)))
        return Run(np.stack([*(self._taken[path] for path in train), *features]), scores, objective, seconds)


@contextlib.contextmanager
def _importing(checkout: Path) -> Iterator[None]:
    """Modules of the checkout can be imported, and what it imports without using it here need not be installed."""
    for name, contents in _UNUSED.items():
        try:
            importlib.import_module(name)
        except ImportError:
            for parent in (name.partition(".")[0], name):
                sys.modules[parent] = ModuleType(parent)
            vars(sys.modules[name]).update({each: SimpleNamespace for each in contents})
    sys.path.insert(0, str(checkout))
    try:
        yield
    finally:
        sys.path.remove(str(checkout))
