"""Ratings that the report's form exports, one CSV file a rater and night."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asd_core.errors import UsageError, did_you_mean
from asd_core.evaluation.csv_cells import restored
from asd_core.recipe.caption_settings import METHODS
from asd_core.text_files import csv_rows, read_text

COLUMNS = ("rater", "date", "machine_type", "machine_id", "clip_id", "uri", "method", "llm", "rating", "rated_at")
WORST, BEST = 1, 5


@dataclass(frozen=True)
class Rating:
    """One rater's opinion of one caption.

    Attributes:
        rater: their name.
        date: of the recording.
        machine_type: of the clip.
        machine_id: of the clip.
        clip_id: of the clip.
        uri: of the clip.
        method: method of the caption.
        llm: language model that wrote it; "" where it was measured.
        rating: 1 (worst) to 5 (best).
        rated_at: time of the rating.
    """

    rater: str
    date: str
    machine_type: str
    machine_id: str
    clip_id: str
    uri: str
    method: str
    llm: str
    rating: int
    rated_at: datetime.datetime

    @property
    def caption(self) -> tuple[str, str, str]:
        """The rated caption: clip, method and language model."""
        return (self.clip_id, self.method, self.llm)


def read_ratings(paths: Sequence[str | Path]) -> tuple[list[Rating], int]:
    """Read some files: each rater's last rating of each caption, and the number of earlier ratings left out.

    The same ratings exported twice count once. The delimiter may be a comma, semicolon or tab: spreadsheets
    write any of them.

    Raises:
        UsageError: a file cannot be read, or has a wrong column or value; or one rater gave one caption two ratings
            at the same time. Names the file and the line.
    """
    found: dict[tuple[str, tuple[str, str, str]], Rating] = {}
    count = 0
    for path in paths:
        for rating in _read(path):
            count += 1
            key = (rating.rater, rating.caption)
            other = found.get(key, rating)
            if other.rated_at == rating.rated_at and other.rating != rating.rating:
                raise UsageError(
                    f"{path}: {rating.rater!r} rated one caption of {rating.uri} {other.rating} and {rating.rating} at "
                    f"{rating.rated_at.isoformat()}: keep one of them"
                )
            found[key] = max(other, rating, key=lambda one: one.rated_at)
    if not found:
        raise UsageError(f"no rating in {', '.join(map(str, paths))}: export them from the report's rating form")
    return list(found.values()), count - len(found)


def _read(path: str | Path) -> Iterable[Rating]:
    line = 0
    rows = csv_rows(read_text(path, path))
    try:
        line, names = next(rows, (0, []))
        _check_columns(path, names)
        for line, cells in rows:
            if len(cells) != len(names):
                raise UsageError(f"{path}, line {line}: a row has {len(names)} cells; export the ratings again")
            yield _rating(f"{path}, line {line}", dict(zip(names, cells, strict=True)))
    except csv.Error as error:
        raise UsageError(f"{path}, line {line + 1}: {error}; export the ratings again") from error


def _check_columns(path: str | Path, names: Sequence[str]) -> None:
    for name in COLUMNS:
        if name not in names:
            raise UsageError(f"{path} has no column {name!r}: give a file that the report's rating form exported")
    for name in names:
        if name not in COLUMNS or names.count(name) > 1:
            hint = did_you_mean(name, COLUMNS) if name not in COLUMNS else ", twice"
            raise UsageError(f"{path} has a column {name!r}{hint}; leave it out")


def _rating(where: str, row: Mapping[str, str]) -> Rating:
    cells = {name: restored(row[name]) for name in COLUMNS}
    if not (rater := cells["rater"].strip()):
        raise UsageError(f"{where}: nobody is named as the rater: write a name")
    if cells["method"] not in METHODS:
        raise UsageError(f"{where}: there is no method {cells['method']!r}{did_you_mean(cells['method'], METHODS)}")
    if cells["rating"].strip() not in map(str, range(WORST, BEST + 1)):
        raise UsageError(f"{where}: a rating is a whole number from {WORST} to {BEST}, not {cells['rating']!r}")
    try:
        rated_at = datetime.datetime.fromisoformat(cells["rated_at"].strip())
    except ValueError as error:
        raise UsageError(
            f"{where}: rated_at is a time such as 2026-11-19T08:30:00Z, not {cells['rated_at']!r}; a spreadsheet may "
            "have rewritten it: export the ratings again"
        ) from error
    rated_at = rated_at if rated_at.tzinfo else rated_at.replace(tzinfo=datetime.UTC)
    return Rating(**{**cells, "rater": rater, "rating": int(cells["rating"]), "rated_at": rated_at})  # type: ignore[arg-type]
