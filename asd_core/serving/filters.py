"""The choices of a reader in the address of a page: which machines of a night, and in which order."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from asd_core.store.layout import safe_name

TIERS = {
    "alarm": "in alarm",
    "watched": "watched",
    "acknowledged": "acknowledged",
    "well": "within chance",
    "open": "not decided",
    "silent": "not heard",
}
"""Groups of machines, and their words."""

SORTS = {
    "evidence": "strongest evidence",
    "flagged": "most flagged clips",
    "drift": "farthest drift",
    "name": "name",
}
"""Orders of machines, and their words; the first is the order of a report."""

_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Filters:
    """The choices; the defaults choose every machine.

    Attributes:
        key: of the fleet; "" for that of the newest night.
        tier: of `TIERS`, or "".
        type: machine type, or "".
        q: a part of the machine's name, or "".
        drift: machines that drift alone.
        sort: of `SORTS`.
        page: from 1.
    """

    key: str = ""
    tier: str = ""
    type: str = ""
    q: str = ""
    drift: bool = False
    sort: str = "evidence"
    page: int = 1

    def query(self, **changes: Any) -> str:
        """The end of an address with these choices and some changes; the first page where the choices change."""
        changed = replace(self, **({"page": 1} | changes))
        given = [(name, value) for name, value in asdict(changed).items() if value != getattr(_NONE, name)]
        words = [(name, "yes" if value is True else str(value)) for name, value in given]
        return f"?{urllib.parse.urlencode(words, errors='replace')}" if words else ""

    @property
    def is_narrow(self) -> bool:
        """Some machines are left out."""
        return bool(self.tier or self.type or self.q or self.drift)


_NONE = Filters()


def filters_of(query: Mapping[str, str]) -> Filters:
    """The choices in an address; what is no choice is passed over."""
    tier, sort, page = query.get("tier", ""), query.get("sort", ""), query.get("page", "")
    return Filters(
        key=query.get("key", ""),
        tier=tier if tier in TIERS else "",
        type=query.get("type", ""),
        q=query.get("q", "").strip()[:_MOST_CHARACTERS],
        drift=query.get("drift", "") == "yes",
        sort=sort if sort in SORTS else "evidence",
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 8 and int(page) else 1,
    )


def night_link(date: str, key: str = "") -> str:
    """The address of the page of a night."""
    return f"/nights/{_quoted(date)}{Filters(key=key).query()}"


def machine_link(machine_type: str, machine_id: str, key: str = "") -> str:
    """The address of the page of a machine, however odd its name is."""
    return f"/machines/{_quoted(machine_type)}/{_quoted(machine_id)}{Filters(key=key).query()}"


def _quoted(word: str) -> str:
    # A file's name has neither a slash nor dots alone; its own percent signs are quoted again, so that no server or
    # browser on the way undoes them.
    return urllib.parse.quote(safe_name(word), safe="")
