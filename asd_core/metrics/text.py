"""Metrics in the text format of Prometheus, written and read.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text-based format 0.0.4). Only what `to_text`
writes is read: lines of another program are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from asd_core.metrics.recorder import Labels, Series
from asd_core.metrics.table import METRICS

_LINE = re.compile(r'(\w+)\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\} (\S+)')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\": "\\\\", "\n": "\\n", '"': '\\"'}
_UNESCAPED = {escape: character for character, escape in _ESCAPES.items()}


def to_text(values: Mapping[Series, float]) -> str:
    """The series as text, those of a metric together, with its meaning and type above them."""
    lines: list[str] = []
    last = ""
    for (name, labels), value in sorted(values.items()):
        if name != last:
            metric, last = METRICS[name], name
            lines += [f"# HELP {name} {metric.meaning}", f"# TYPE {name} {metric.kind}"]
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        lines.append(f"{name}{{{shown}}} {value:.17g}")
    return "".join(f"{line}\n" for line in lines)


def from_text(text: str) -> dict[Series, float]:
    """The series in a text of `to_text`; those of metrics that there are no longer are left out.

    Raises:
        ValueError: a line that `to_text` never writes.
    """
    values = {}
    for line in text.split("\n"):
        if not line or line.startswith(("# HELP asd_", "# TYPE asd_")):
            continue
        parts = _LINE.fullmatch(line)
        if parts is None or not parts[1].startswith("asd_"):
            raise ValueError(f"no line of metrics of asd: {line[:80]!r}")
        labels: Labels = tuple((name, _unescaped(value)) for name, value in _LABEL.findall(parts[2]))
        if parts[1] in METRICS:
            values[parts[1], labels] = float(parts[3])
    return values


def _escaped(text: str) -> str:
    """A label's value in one line; half characters, which UTF-8 has none for, as question marks."""
    return "".join(_ESCAPES.get(character, character) for character in text.encode("utf-8", "replace").decode())


def _unescaped(text: str) -> str:
    return re.sub(r"\\.", lambda found: _UNESCAPED.get(found[0], found[0]), text)
