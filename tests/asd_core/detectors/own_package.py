"""A package of a user with detectors in it."""

import textwrap

OWN = '''
import numpy as np

from asd_core.detectors.nearest import NearestRows


class Centre:
    """Distance from the mean of the normal clips, to a power."""

    def __init__(self, power: float = 1.0, label: str = "mean"):
        if power <= 0:
            raise ValueError(f"power must be positive, got {power}")
        self.power, self.label, self.notes_ = power, label, []

    def fit(self, embeddings, domains):
        self.rows, self.centre = embeddings, embeddings.mean(axis=0)
        self.notes_ = [f"{len(embeddings)} clips around one {self.label}"]
        return self

    def anomaly_score(self, embeddings):
        return np.linalg.norm(embeddings - self.centre, axis=1) ** self.power

    def nearest(self, embeddings, k):
        return NearestRows(self.rows).search(embeddings, k)

    def state(self):
        return {"rows": self.rows, "centre": self.centre, "notes": self.notes_}

    @classmethod
    def from_state(cls, settings, state):
        made = cls(**settings)
        made.rows, made.centre, made.notes_ = state["rows"], state["centre"], list(state["notes"])
        return made


class LeftOut(Centre):
    """The same, which knows the mean without any one clip."""

    leaves_one_out = True

    def leave_one_out_scores(self):
        total = len(self.rows)
        without = (total * self.centre - self.rows) / (total - 1)
        return np.linalg.norm(self.rows - without, axis=1) ** self.power


class LeftOutWhole(LeftOut):
    """The same, which knows the mean without any one recording."""

    def leave_one_out_scores(self, recordings=None):
        names = np.arange(len(self.rows)) if recordings is None else recordings
        without = np.array([self.rows[names != name].mean(axis=0) for name in names])
        return np.linalg.norm(self.rows - without, axis=1) ** self.power


class Forgetful(Centre):
    nearest = property(lambda self: self.nothing)


class Column(Centre):
    def anomaly_score(self, embeddings):
        return np.ones((len(embeddings), 1))


class Lost(Centre):
    def anomaly_score(self, embeddings):
        return np.full(len(embeddings), np.nan)


class Flat(Centre):
    def nearest(self, embeddings, k):
        return np.zeros(len(embeddings), int), np.zeros(len(embeddings))


class Hoarder(Centre):
    def state(self):
        return {"everything": np.array([self], dtype=object)}
'''


def write_package(folder, name="plant_detectors"):
    """A package of a user's own with detectors in it; returns the kind that names the first."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("")
    (folder / name / "centre.py").write_text(textwrap.dedent(OWN))
    return f"{name}.centre:Centre"
