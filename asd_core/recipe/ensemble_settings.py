"""A recipe's ``[ensemble]``: which recipes it combines, how their scores are standardised, and their weights."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from asd_core.alarms.standardising import Rule
from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.errors import UsageError
from asd_core.settings import check_choices, check_keys, from_mapping

ENSEMBLE_TABLES = ("ensemble", "threshold", "alarm", "captions", "machine")
"""The tables of an ensemble's recipe; all else is its members'."""

_OWN = ("threshold", "alarm", "captions")


@dataclass(frozen=True)
class MemberConfig:
    """One member: a recipe and its weight.

    Attributes:
        recipe: its name; that of a built-in recipe where there are no settings.
        settings: its tables, as JSON text; "" for those of the built-in recipe.
        weight: of its standardised score in the mean, 0 or more.
        key: the KEY under which a store of before holds it; "" for its own.
    """

    recipe: str
    settings: str = ""
    weight: float = 1.0
    key: str = ""

    @property
    def tables(self) -> dict[str, Any]:
        """Its settings; empty for those of the built-in recipe."""
        return dict(json.loads(self.settings or "{}"))


@dataclass(frozen=True)
class EnsembleConfig:
    """A recipe's ``[ensemble]``.

    Attributes:
        rule: how members' scores are standardised on normals that they have not seen: ``z``, ``robust`` or ``rank``.
        members: name → member, in the order in which they are listed.
    """

    rule: Rule
    members: Mapping[str, MemberConfig]

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        check_choices(self)
        if len(self.members) < 2:
            raise UsageError(f"an ensemble combines two recipes or more, got {len(self.members)}: name another member")
        for name, member in self.members.items():
            if not math.isfinite(member.weight) or member.weight < 0:
                raise UsageError(f"the weight of member {name} is {member.weight:g}: it must be 0 or more")
        if not any(member.weight for member in self.members.values()):
            raise UsageError("every weight is 0: give a member a weight above 0")

    @property
    def shares(self) -> dict[str, float]:
        """Member → its share of the weights; they sum to 1."""
        total = sum(member.weight for member in self.members.values())
        return {name: member.weight / total for name, member in self.members.items()}


def ensemble_config(settings: Mapping[str, Any]) -> EnsembleConfig | None:
    """Check the table ``[ensemble]`` of a recipe; None where it has none.

    Raises:
        UsageError: tables that an ensemble does not take, an unknown key or value, one member, or weights that cannot
            be.
    """
    if "ensemble" not in settings:
        return None
    for table in settings:
        if table not in ENSEMBLE_TABLES:
            raise UsageError(f"an ensemble has no table [{table}], which is its members': change it there")
    for machine_type, own in settings.get("machine", {}).items():
        for key in own:
            if key.partition(".")[0] not in _OWN:
                raise UsageError(f"[machine.{machine_type}] {key} of an ensemble is its members': change it there")
    table = settings["ensemble"]
    check_keys(table, ["rule", "members"], "[ensemble]")
    members = table.get("members", {})
    if not isinstance(members, Mapping) or not all(isinstance(member, Mapping) for member in members.values()):
        raise UsageError("[ensemble] members are tables: write [ensemble.members.NAME] with recipe = ...")
    return EnsembleConfig(table.get("rule", "z"), {name: _member(name, own) for name, own in members.items()})


def check_setting(name: str, key: str) -> None:
    """Raise UsageError for a setting ``table.key`` that is the members', not the ensemble's of this name."""
    if key != "ensemble.rule" and key.partition(".")[0] not in _OWN:
        own = ", ".join(_OWN)
        raise UsageError(f"{key} of ensemble {name} is its members': change it there; the ensemble has {own}")


def facts(config: EnsembleConfig | None, keys: Mapping[str, str], judgement: Mapping[str, Any] | None) -> list[Any]:
    """All that the scores of an ensemble depend on, as JSON values.

    Args:
        config: its rule and weights.
        keys: member → KEY.
        judgement: the tables that judge its scores, which count unless they are the defaults; None to leave them out.
    """
    is_plain = judgement in (None, {"": {"threshold": asdict(ThresholdConfig())}})
    shares = {} if config is None else config.shares
    members = {name: [keys[name], share] for name, share in shares.items()}
    return [config and config.rule, members, *([] if is_plain else [judgement])]


def _member(name: str, table: Mapping[str, Any]) -> MemberConfig:
    where = f"[ensemble.members.{name}]"
    settings = table.get("settings", {})
    if "recipe" not in table or not isinstance(settings, Mapping):
        raise UsageError(f"{where} needs recipe = the name of a recipe, and its tables as settings if it is your own")
    if "ensemble" in settings:
        raise UsageError(f"member {name} is an ensemble itself: name its members instead")
    text = {"settings": json.dumps(settings)} if "settings" in table else {}
    return from_mapping(MemberConfig, {**table, **text}, where)
