"""Receivers of messages: the address and the form that each expects.

An address may hold a secret, as those of Slack do. It is never shown, logged or stored: a receiver is named by its host
and a hash of its address.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from asd_core.digest import name_hash
from asd_core.errors import UsageError
from asd_core.readable import readable
from asd_core.store.layout import safe_name

Form = Literal["webhook", "slack", "alertmanager"]

_FORMS: dict[str, Form] = {"slack": "slack", "alertmanager": "alertmanager"}
_SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
_ALERTS = "/api/v2/alerts"
_HOW = "write https://host/path, slack+https://host/path or alertmanager+http://host:9093"


@dataclass(frozen=True)
class Receiver:
    """A receiver of messages.

    Attributes:
        form: ``webhook`` takes JSON with all fields, ``slack`` a text alone, ``alertmanager`` lists of alerts.
        url: where messages are posted to; may hold a secret.
    """

    form: Form
    url: str = field(repr=False)

    @property
    def host(self) -> str:
        """Host and port, for people."""
        address = urllib.parse.urlsplit(self.url)
        return readable(address.netloc.rpartition("@")[2])

    @property
    def name(self) -> str:
        """A file name that stands for the receiver, and tells no more of its address than the host."""
        return f"{safe_name(self.host)}-{name_hash(self.form, self.url)}"


def receiver_of(address: str, where: str) -> Receiver:
    """The receiver at an address.

    Args:
        address: ``http(s)://...``, with ``slack+`` or ``alertmanager+`` before it where those forms are wanted.
            Addresses of Slack itself need no such word.
        where: the place where the address stands, for messages.

    Raises:
        UsageError: it is no such address; the message does not show it.
    """
    word, plus, rest = address.partition("+")
    form, url = (_FORMS[word], rest) if plus and word in _FORMS else ("webhook", address)
    try:
        parts = urllib.parse.urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"an address in {where} is no address of a receiver: {_HOW}")
    if form == "webhook" and parts.hostname in _SLACK_HOSTS:
        form = "slack"
    if form == "alertmanager" and not parts.path.rstrip("/").endswith(_ALERTS):
        url = urllib.parse.urlunsplit(parts._replace(path=parts.path.rstrip("/") + _ALERTS, fragment=""))
    return Receiver(form, url)


def receivers_of(addresses: Iterable[str], where: str) -> list[Receiver]:
    """The receivers at addresses, each once.

    Raises:
        UsageError: one of them is no address.
    """
    return list(dict.fromkeys(receiver_of(address, where) for address in addresses))


def addresses_in(text: str) -> list[str]:
    """The addresses in a file: one a line; blank lines and those that begin with ``#`` are passed over."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
