"""Hashes that stand for names and bytes."""

from __future__ import annotations

import hashlib


def name_hash(*parts: str) -> str:
    """16 hex digits that stand for a name in file names and ids."""
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def content_hash(data: bytes) -> str:
    """32 hex digits that name these bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
