"""Committed scorers as they lie in a store: their heads, their unchanged files, and the clips that they learnt."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from asd_core.detectors.imported_scores import ImportedScoresConfig
from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.pipeline.scorer_versions import FIT_AGAIN
from asd_core.store.broken_files import json_object, named_if_broken
from asd_core.store.store import Store


def stored_head(store: Store, folder: str, version: str) -> dict[str, Any]:
    """The head of a committed scorer: the object in its ``scorer.json``, whose bytes are as they were written.

    Raises:
        AsdError: it is gone or its bytes have changed.
    """
    path = f"{folder}/{version}/scorer.json"
    return json_object(path, unchanged_file(store, folder, version, "scorer.json", version[-8:]), FIT_AGAIN)


def unchanged_file(store: Store, folder: str, version: str, name: str, digest: str) -> bytes:
    """The bytes of a scorer's file, if their hash still begins with these digits."""
    with suppress(FileNotFoundError):
        data = store.files.read(f"{folder}/{version}/{name}")
        if content_hash(data).startswith(digest):
            return data
    raise AsdError(f"the scorer in {folder}/{version} has changed since: remove that folder and run asd fit again")


def training_uris(store: Store, versions: Mapping[str, str]) -> set[str]:
    """The clips that scorers were fitted on.

    Args:
        store: where they are.
        versions: scorer folder → version, as in the record of a run that scored with them.

    Raises:
        AsdError: one is gone.
    """
    uris: set[str] = set()
    for folder, version in versions.items():
        try:
            path = f"{folder}/{version}/scorer.json"
            data = store.files.read(path)
            with named_if_broken(path, FIT_AGAIN):
                uris.update(learnt_uris(json_object(path, data, FIT_AGAIN)))
        except FileNotFoundError as error:
            raise AsdError(
                f"the scorer in {folder}/{version} is gone, so which clips it was fitted on is not known: "
                "run asd fit again"
            ) from error
    return uris


def learnt_uris(head: Mapping[str, Any]) -> list[str]:
    """The clips that the scorer with this head was fitted on; none where scores were imported."""
    kind = head["recipe"].get("detector", {}).get("kind")
    return [] if kind == ImportedScoresConfig.kind else head.get("learnt_uris", head["uris"])
