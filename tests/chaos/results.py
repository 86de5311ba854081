"""What trials came to: kept line by line, so that a later run goes on, and shown as tables."""

import json
from collections import Counter
from pathlib import Path

FAULTS = ("lost", "twice", "wrong", "hung", "not_counted", "tracebacks")  # none of which may happen


class Results:
    """The lines of a file, one a trial."""

    def __init__(self, path):
        self._path = Path(path)
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        self.rows = [json.loads(line) for line in lines if line.endswith("}")]

    def add(self, row):
        """Keep a row; what a killed run left of its own is closed off first."""
        with self._path.open("a") as file:
            file.write("\n" * (self._is_torn()) + json.dumps(row) + "\n")
        self.rows.append(row)

    def _is_torn(self):
        return self._path.stat().st_size > 0 and not self._path.read_bytes().endswith(b"\n")

    def next_number(self):
        return 1 + max((row["number"] for row in self.rows), default=-1)


def compared(clean, found):
    """Numbers of rows lost, twice and wrong against those of an unbroken run; rows that it has not are wrong too."""
    expected, counted = dict(clean), Counter(key for key, _ in found)
    return {
        "lost": sum(key not in counted for key in expected),
        "twice": sum(times - 1 for times in counted.values()),
        "wrong": sum(key not in expected or expected[key] != row for key, row in dict(found).items()),
    }


def is_bad(row):
    """Whether something is wrong with a trial."""
    return any(row[name] for name in FAULTS) or row["code"] != 0


def tables(rows):
    """Markdown: kills by job and place, and sums by target and by disturbance."""
    sums = [_sums("job", rows), _sums("engine", rows), _sums("place", rows), _sums("target", rows)]
    return "\n".join([_kills(rows), *sums, _sums("disturbance", rows), _all(rows)])


def _kills(rows):
    targets = sorted({row["target"] for row in rows})
    lines = [["kills", *targets, "all"]]
    for job in sorted({row["job"] for row in rows}):
        counts = [sum(row["killed"] for row in rows if (row["job"], row["target"]) == (job, each)) for each in targets]
        lines.append([job, *counts, sum(counts)])
    return _markdown(lines)


def _sums(by, rows):
    names = ("trials", "killed", *FAULTS, "asked_again")
    lines = [[by, *(name.replace("_", " ") for name in names)]]
    for value in sorted({row[by] for row in rows}):
        of_it = [row for row in rows if row[by] == value]
        lines.append([value, len(of_it), *(sum(int(row[name]) for row in of_it) for name in names[1:])])
    return _markdown(lines)


def _all(rows):
    bad = [row for row in rows if is_bad(row)]
    said = f"{len(rows)} trials, {sum(row['killed'] for row in rows)} kills, {len(bad)} with a fault\n"
    return said + "".join(f"- trial {row['number']}: {json.dumps(row)}\n" for row in bad)


def _markdown(lines):
    head, *rest = [f"| {' | '.join(map(str, line))} |" for line in lines]
    return "\n".join([head, "|" + "---|" * len(lines[0]), *rest, ""])
