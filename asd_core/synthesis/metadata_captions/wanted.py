"""The clips that are wanted of target machines, and their captions: eq. 4 of Zhang et al. (FS-TWFR-GMM)."""

from __future__ import annotations

import urllib.parse
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Literal, TypeVar

import pyarrow as pa

from asd_core.clips.selection import training_clips
from asd_core.errors import UsageError
from asd_core.store.tables import rows_of
from asd_core.synthesis.metadata_captions.caption import anomaly_caption, caption_of_clip

WANTED = pa.schema(
    [
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("domain", pa.string(), nullable=False),  # of the label
        pa.field("attributes", pa.string(), nullable=False),  # of the label
        pa.field("label", pa.string(), nullable=False),  # name of the first real normal recording of this label
        pa.field("condition", pa.string(), nullable=False),  # "normal" or "anomalous"
        pa.field("caption", pa.string(), nullable=False),
    ]
)
"""One row per clip to generate."""

_Name = TypeVar("_Name", bound=Hashable)


def wanted(
    clips: pa.Table,
    targets: Sequence[str],
    count: int,
    normals: pa.Table | None = None,
    domains: Literal["as-recorded", "equal"] = "as-recorded",
) -> pa.Table:
    """The clips to generate: for each machine of the targets, `count` of each condition.

    A label is what the name of a real normal recording tells: its domain and its attributes. The clips of a machine
    are spread over its labels as its real normal recordings are (see `spread`), first over domains, then over the
    attributes in each; or evenly over domains. Both conditions get the same labels: the anomalous captions are the
    normal ones with "anomaly" for "normal" (section 2.1.2).

    Args:
        clips: rows of CLIPS.
        targets: machine types.
        count: of clips for each machine and condition.
        normals: the normal clips to fit on; None: as `training_clips` chooses them.
        domains: of a machine: in proportion to its recordings, or ``equal``.

    Returns:
        Rows of `WANTED`, sorted by machine, condition, domain and attributes; equal rows are as many as the clips.

    Raises:
        UsageError: nothing says which clips are normal, or a target has none.
    """
    normals = training_clips(clips) if normals is None else normals
    uris: dict[tuple[str, str], dict[str, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(dict))
    columns = ("machine_type", "machine_id", "domain", "attributes", "uri")
    for machine_type, machine_id, domain, attributes, uri in rows_of(normals, *columns):
        if machine_type in targets:
            uris[machine_type, machine_id][domain].setdefault(attributes, []).append(uri)
    if missing := sorted(set(targets) - {machine_type for machine_type, _ in uris}):
        raise UsageError(f"target {missing[0]!r} has no normal clip to take captions from: leave it out")
    rows = []
    for machine in sorted(uris):
        labels = _labels(uris[machine], count, evenly=domains == "equal")
        for condition in ("normal", "anomalous"):
            rows += [_row(*machine, *label, condition) for label in labels]
    return pa.Table.from_pylist(rows, schema=WANTED)


def spread(count: int, sizes: Mapping[_Name, int]) -> dict[_Name, int]:
    """Divide a count over groups in proportion to their sizes; groups that get none are left out.

    Each group gets at least one while there is room. The rest goes by largest remainder (Hamilton); what is equal goes
    by size, then by the groups' order. Where there are more groups than `count`, the largest get one each.

    Args:
        count: 0 or more.
        sizes: of the groups, 1 or more.

    Example:
        >>> spread(100, {"source": 990, "target": 10})
        {'source': 99, 'target': 1}
        >>> spread(10, {"source": 990, "target": 10})
        {'source': 9, 'target': 1}
    """
    names = list(sizes)
    by_size = sorted(names, key=lambda name: -sizes[name])
    if count <= len(names):
        chosen = set(by_size[:count])
        return {name: 1 for name in names if name in chosen}
    total = sum(sizes.values())
    shares = {name: max(1, count * sizes[name] // total) for name in names}

    def lacks(name: _Name) -> int:
        return count * sizes[name] - shares[name] * total

    while sum(shares.values()) < count:
        shares[max(by_size, key=lacks)] += 1
    while sum(shares.values()) > count:  # where small groups were given more than their part
        shares[min((name for name in by_size if shares[name] > 1), key=lacks)] -= 1
    return shares


def _labels(uris: Mapping[str, Mapping[str, list[str]]], count: int, *, evenly: bool) -> list[tuple[str, str, str]]:
    """Domain, attributes and name of a recording, of each of `count` clips."""
    sizes = {domain: 1 if evenly else sum(map(len, uris[domain].values())) for domain in sorted(uris)}
    labels = []
    for domain, in_domain in spread(count, sizes).items():
        groups = uris[domain]
        for attributes, clips in spread(in_domain, {name: len(groups[name]) for name in sorted(groups)}).items():
            labels += [(domain, attributes, _name(min(groups[attributes])))] * clips
    return labels


def _name(uri: str) -> str:
    return urllib.parse.unquote(uri).rpartition("/")[2]


def _row(
    machine_type: str, machine_id: str, domain: str, attributes: str, label: str, condition: str
) -> dict[str, str]:
    caption = caption_of_clip(machine_type, attributes, "normal")
    return {
        "machine_type": machine_type,
        "machine_id": machine_id,
        "domain": domain,
        "attributes": attributes,
        "label": label,
        "condition": condition,
        "caption": caption if condition == "normal" else anomaly_caption(caption),
    }
