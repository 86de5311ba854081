"""Ratings as raters export them."""

import csv
import datetime
import io

from asd_core.evaluation.csv_cells import inert
from asd_core.evaluation.opinion_files import COLUMNS, Rating

NOON_TEXT = "2026-11-20T12:00:00.000Z"
NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


def row(rating=4, rater="Ann", method="hybrid", clip="a", machine=("fan", "00"), rated_at=NOON_TEXT, llm="gpt at host"):
    """One row of an export."""
    keys = ["2026-11-19", *machine, clip, f"file:///plant/{clip}.flac"]
    return dict(zip(COLUMNS, [rater, *keys, method, llm, str(rating), rated_at], strict=True))


def write_ratings(path, *rows, columns=COLUMNS, delimiter=",", encoding="utf-8-sig"):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows([inert(one.get(name, "x")) for name in columns] for one in rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def rating(value, rater="Ann", clip="a", method="hybrid", machine=("fan", "00"), llm="gpt"):
    return Rating(rater, "2026-11-19", *machine, clip, f"file:///{clip}", method, llm, value, NOON)


def listening_test():
    """Three raters, two clips of each of two ids, two methods; the sums are worked out by hand below."""
    given = {
        ("fan", "00", "hybrid"): [(4, 5, 3), (4, 4, 4)],  # 24 / 6 = 4
        ("fan", "00", "text-decoder"): [(1, 2, 3), (3, 3, 3)],  # 15 / 6 = 2.5
        ("pump", "02", "hybrid"): [(3, 3, 3), (2, 3, 4)],  # 18 / 6 = 3, which is not over 3
        ("pump", "02", "text-decoder"): [(5, 4, 4), (3, 2, 2)],  # 20 / 6 = 3.33
    }
    return [
        rating(value, rater, f"{kind}{number}-{clip}", method, (kind, number))
        for (kind, number, method), clips in given.items()
        for clip, values in enumerate(clips)
        for rater, value in zip(("Ann", "Ben", "Cy"), values, strict=True)
    ]
