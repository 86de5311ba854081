"""Options of encoders with trained weights: where the weights lie, and the digest that names them."""

from __future__ import annotations

import json

FROM_RANDOM = "random-"
"""Begins the digest of weights that were trained from random ones where pretrained ones are the rule."""


def digest_in(options: str) -> str:
    """The digest of trained weights in an encoder's options (JSON text); "" where there is none."""
    return str(json.loads(options).get("digest", "")) if '"digest"' in options else ""


def without_place(options: str) -> str:
    """Options (JSON text) without the place of weights whose digest they name: the place may change."""
    if not digest_in(options):
        return options
    given = json.loads(options)
    return json.dumps({key: value for key, value in given.items() if key != "weights"}, sort_keys=True)


def digest_note(digest: str) -> str:
    """One line that a reader must be told of trained weights; "" where nothing must."""
    if not digest.startswith(FROM_RANDOM):
        return ""
    return "trained from random weights, not from pretrained ones: a trial run, its scores say little of a machine"


def digest_of_folder(folder: str) -> str:
    """The digest by which a folder of trained weights is called, in whatever store it lies; "" for none."""
    return folder.rstrip("/").rpartition("/")[2]
