"""What all HTML pages share."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources


def page_texts(*names: str) -> str:
    """The packaged files of these names, below ``asd_core/pages``, one after another."""
    package = resources.files("asd_core.pages")
    return "\n".join((package / name).read_text("utf-8") for name in names)


def csp_hash(text: str) -> str:
    """The source expression that lets an inline style or script run under a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
