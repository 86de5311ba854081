"""A night's page whose sounds and pictures are removed: its words stay."""

from __future__ import annotations

import re

_PICTURE = re.compile(rb'<img\b[^>]*\bsrc="media/[^"]*"[^>]*>')
_SOUND = re.compile(rb'<audio\b[^>]*\bsrc="media/[^"]*"[^>]*>\s*</audio>')
_INSTEAD = b'<p class="muted">Sound and picture were removed.</p>'


def without_media(page: bytes) -> bytes | None:
    """A night's page without its sounds and pictures; None where it would still name one."""
    changed = _SOUND.sub(_INSTEAD, _PICTURE.sub(b"", page))
    return None if b'"media/' in changed else changed
