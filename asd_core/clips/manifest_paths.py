"""The files that a manifest names: addresses, absolute and relative paths, and paths as Windows writes them."""

from __future__ import annotations

import os
import posixpath
import re
import urllib.parse
from collections.abc import Sequence

from asd_core.errors import UsageError
from asd_core.store.addresses import canonical_uri, look_at
from asd_core.store.files import Files

_SCHEME = re.compile(r"(file|s3|s3a|s3n)://", re.IGNORECASE)
_FILE = re.compile(r"file:(?://localhost)?/(?!/)", re.IGNORECASE)  # the spellings of file:/// that programs use
_DRIVE = re.compile(r"(?:file:/+)?/?[A-Za-z]:[\\/]|\\\\|//[^/]", re.IGNORECASE)


def uris_of(url: str, folder: Files, texts: Sequence[str]) -> list[str]:
    """The address that each row names, "" for a row that names none.

    A path with backslashes is one with slashes, unless there is a file of exactly that name.

    Args:
        url: of the manifest, for messages.
        folder: that relative paths begin at.
        texts: of the rows.

    Raises:
        UsageError: an address of another scheme, or a path of a Windows drive or server, with its row.
    """
    uris = [_uri(url, folder, text, row) for row, text in enumerate(texts, 1)]
    windows = [row for row, text in enumerate(texts) if "\\" in text or _DRIVE.match(text)]
    looks = look_at([uris[row] for row in windows])
    for row, look in zip(windows, looks, strict=True):
        if look is None and _DRIVE.match(texts[row]):
            raise UsageError(
                f"row {row + 1} of {url} names {texts[row]!r}, a path of a Windows drive or server: "
                "write it relative to the manifest's folder"
            )
        if look is None:
            uris[row] = _uri(url, folder, texts[row].replace("\\", "/"), row + 1)
    return uris


def _uri(url: str, folder: Files, text: str, row: int) -> str:
    if not text:
        return ""
    if ":" in text:
        text = _FILE.sub("file:///", text, count=1)
    if "://" in text:
        text = _SCHEME.sub(lambda found: f"{'file' if found[1].lower() == 'file' else 's3'}://", text, count=1)
        try:
            return canonical_uri(text)
        except UsageError as error:
            raise UsageError(f"row {row} of {url}: {error}") from error
    if text.startswith("/") and folder.url.startswith("file://"):
        return canonical_uri("file://" + urllib.parse.quote_from_bytes(os.fsencode(text)))
    scheme, _, path = folder.uri(text).partition("://")
    if {".", ".."} & set(text.split("/")):
        path = posixpath.normpath(path)
    return canonical_uri(f"{scheme}://{path}")
