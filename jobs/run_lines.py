"""Past runs in lines for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from asd_core.readable import readable
from asd_core.runs.night_status import seconds_of
from asd_core.runs.run_lists import files_of
from jobs.durations import at_minute, in_words
from jobs.status_lines import columns

if TYPE_CHECKING:
    from asd_core.runs.run_lists import PastRun

_HEAD = ("run", "job", "recipe key", "dates", "committed (UTC)", "took", "counts")
_TOLD = ("listed", "scored", "errors", "flagged", "machines", "new_scorers", "captioned", "settings", "files")
_OWN_LINES = ("run_id", "job", "key", "dates", "committed_at", "started_at", "recipe", "counts", "seconds", "libraries")
_MOST = 200  # characters of a value
_NAMED = 5  # files of a kind, or gone ones


def list_text(runs: Sequence[PastRun], more: int) -> str:
    """A line a run.

    Args:
        runs: to tell.
        more: how many were left out.
    """
    if not runs:
        return "no run of that kind"
    lines = columns([_HEAD, *map(_cells, runs)])
    return "\n".join([*lines, *([f"  and {more} earlier: --limit {len(runs) + more} lists them too"] if more else [])])


def _cells(run: PastRun) -> tuple[str, ...]:
    counts = [f"{name} {run.counts[name]}" for name in _TOLD if isinstance(run.counts.get(name), int)]
    took = "" if run.seconds is None else in_words(timedelta(seconds=run.seconds))
    span = _span(run.first_date, run.last_date)
    return tuple(
        readable(cell)
        for cell in (run.run_id, run.job, run.key, span, at_minute(run.committed_at), took, ", ".join(counts[:4]))
    )


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def record_text(record: Mapping[str, Any], gone: Sequence[str] | None) -> str:
    """All that people want to know of a run's record.

    Args:
        record: of the run.
        gone: files that it names and that are not there; None where nobody looked.
    """
    dates = record.get("dates") or [""]
    seconds = seconds_of(record)
    settings = (record.get("recipe") or {}).get("settings")
    lines = {
        "run": record["run_id"],
        "job": record["job"],
        "key": record.get("key") or "",
        "dates": f"{_span(min(dates), max(dates))}{f' ({len(dates)})' if len(dates) > 1 else ''}",
        "started": f"{at_minute(record['started_at'])} UTC" if isinstance(record.get("started_at"), str) else "",
        "committed": f"{at_minute(record.get('committed_at'))} UTC",
        "took": "" if seconds is None else in_words(timedelta(seconds=seconds)),
        "counts": _pairs(record.get("counts")),
        "seconds": _pairs(record.get("seconds")),
        "libraries": _pairs(record.get("libraries")),
    }
    named = files_of(record)
    shown = {name: value for name, value in record.items() if name not in (*_OWN_LINES, *_of_files(record))}
    told = [f"{name:<10} {readable(str(text))}" for name, text in lines.items() if text]
    told += [
        f"{readable(name):<10} {_short(value)}" for name, value in sorted(shown.items()) if value not in (None, [], {})
    ]
    told += [f"settings   {line}" for line in _flat(settings)]
    told += [f"files      {len(paths)} {kind}: {_names(paths)}" for kind, paths in named.items()]
    if gone:
        told.append(f"gone       {len(gone)}: {_names(gone)}")
    return "\n".join(told)


def _of_files(record: Mapping[str, Any]) -> list[str]:
    return [
        name
        for name in ("score_files", "caption_files", "choices", "clips", "page", "recipes", "scorers")
        if name in record
    ]


def _pairs(values: object) -> str:
    """Counts, seconds or versions in a line: plain ones first, then those by kind."""
    if not isinstance(values, dict):
        return ""
    plain = [f"{name} {value}" for name, value in values.items() if not isinstance(value, dict | list)]
    kinds = [
        f"{name}: {', '.join(f'{count} {word}' for word, count in value.items())}"
        for name, value in values.items()
        if isinstance(value, dict) and value
    ]
    return "; ".join(filter(None, [", ".join(plain), *kinds]))


def _flat(settings: object, prefix: str = "") -> Iterator[str]:
    for name, value in settings.items() if isinstance(settings, dict) else ():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{readable(prefix + name)} = {_short(value)}"


def _short(value: Any) -> str:
    text = readable(value if isinstance(value, str) else json.dumps(value))
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."


def _names(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(readable(path) for path in paths[:_NAMED]) + more
