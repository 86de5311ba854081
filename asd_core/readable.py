"""Names from files, metadata and language models, made safe to read."""

from __future__ import annotations

import unicodedata
import urllib.parse


def readable(text: str) -> str:
    """The text with control characters escaped and invisible ones replaced."""
    return "".join(_visible(character) for character in text)


def readable_lines(text: str) -> str:
    """The same, with line breaks kept."""
    return "\n".join(readable(line) for line in text.split("\n"))


def readable_uri(uri: str) -> str:
    """A percent-encoded address, decoded for reading; bytes that are no UTF-8 become U+FFFD."""
    return readable(urllib.parse.unquote(uri, errors="replace"))


def clip_name(uri: str) -> str:
    """The last part of an address, decoded for reading."""
    # Split before decoding: a name may hold an encoded slash.
    return readable_uri(uri.rstrip("/").rpartition("/")[2]) or readable_uri(uri)


def machine_name(machine_type: str, machine_id: str) -> str:
    """A machine's type and id as one name."""
    return " ".join(part for part in (readable(machine_type), readable(machine_id)) if part) or "(no name)"


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return character.encode("unicode_escape").decode("ascii")
    category = unicodedata.category(character)
    # Format characters turn the reading order round or hide, so that one name can look like another.
    return "\ufffd" if category in ("Cc", "Cs", "Cf") else character
