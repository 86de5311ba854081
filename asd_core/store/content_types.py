"""Types of files, as a browser is told them."""

from __future__ import annotations

_CONTENT_TYPES = {
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "flac": "audio/flac",
    "html": "text/html; charset=utf-8",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "svg": "image/svg+xml",
    "toml": "application/toml",
    "txt": "text/plain; charset=utf-8",
    "wav": "audio/wav",
}


def content_type(path: str) -> str:
    """The type that a browser is told for a file: without it a page is saved instead of shown."""
    return _CONTENT_TYPES.get(path.rpartition(".")[2].lower(), "application/octet-stream")
