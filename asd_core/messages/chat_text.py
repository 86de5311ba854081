"""Text for chats, with names and words of others made harmless: no mention, no link, no markup of theirs.

Slack asks that ``&``, ``<`` and ``>`` be escaped: https://docs.slack.dev/messaging/formatting-message-text. Other chats
take the same JSON and read more into a text, such as ``@all`` and ``[words](address)``; a zero-width space takes that
meaning away.
"""

from __future__ import annotations

from asd_core.readable import readable

MOST_CHARACTERS = 3000
"""Of a text; Slack asks for 4,000 at most."""

_APART = "\u200b"
_BROKEN = {"@": f"@{_APART}", "](": f"]{_APART}(", "://": f":{_APART}//", "`": "'"}


def escaped(text: str) -> str:
    """The text with ``&``, ``<`` and ``>`` as Slack takes them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def harmless(text: str) -> str:
    """A name or a sentence of others that mentions nobody and leads nowhere, escaped.

    >>> harmless("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    shown = readable(text)
    for mark, broken in _BROKEN.items():
        shown = shown.replace(mark, broken)
    return escaped(shown)


def within_limit(lines: list[str], last: str = "") -> str:
    """Lines joined, as many as a text may hold; the last one always stands.

    Args:
        lines: escaped. One that is too long by itself is cut.
        last: such as the link to the report.
    """
    kept, room = list[str](), MOST_CHARACTERS - len(last) - 60
    for number, line in enumerate(lines):
        if len(line) > room:
            kept.append(f"{_cut(line, room)}..." if not kept else f"... and {len(lines) - number} more lines")
            break
        kept.append(line)
        room -= len(line) + 1
    return "\n".join([*kept, *([last] if last else [])])


def _cut(line: str, room: int) -> str:
    """The beginning of a line, without half of an escaped character."""
    kept = line[:room]
    mark = kept.rfind("&")
    return kept[:mark] if mark >= 0 and ";" not in kept[mark:] else kept
