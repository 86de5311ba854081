"""How names and figures are written on the page."""

from __future__ import annotations

import hashlib
import math
import unicodedata
import urllib.parse


def readable(text: str) -> str:
    """The text with its control characters escaped, and those that cannot be seen replaced."""
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


def name_hash(*parts: str) -> str:
    """16 hex digits that stand for a name where the name itself must not: in file names and ids."""
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def figure(value: float | None) -> str:
    """A score or distance with four significant digits; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    return _minus(f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:#.4g}")


def probability(value: float | None) -> str:
    """A p-value with two significant digits."""
    return "–" if value is None else f"{value:.2g}"


def cosine(value: float) -> str:
    """A cosine similarity with three decimals."""
    return _minus(f"{value:.3f}")


def tick(value: float) -> str:
    """A round value beside an axis."""
    return _minus(f"{value:g}")


def signed(value: float | None) -> str:
    """A figure with its sign and two decimals."""
    if value is None or not math.isfinite(value):
        return "–"
    return _minus(f"{value:+.2f}" if abs(value) < 1e4 else f"{value:+.3g}")


def percent(value: float | None) -> str:
    """A share in [0, 1] as a percentage."""
    return "–" if value is None else f"{100 * value:.3g}\N{NO-BREAK SPACE}%"


def count(value: int) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}"


def counted(value: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 clip``, ``2 clips``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return character.encode("unicode_escape").decode("ascii")
    category = unicodedata.category(character)
    # Format characters turn the reading order round or hide, so that one name can look like another.
    return "\ufffd" if category in ("Cc", "Cs", "Cf") else character


def _minus(text: str) -> str:
    return text.replace("-", "−") if text.startswith("-") else text
