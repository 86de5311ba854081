"""Who may ask: whoever knows the token, or this computer alone; and the names under which the server is known."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path

from asd_core.errors import UsageError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
LEAST_CHARACTERS = 20
"""Of a token."""

SESSION_SECONDS = 30 * 24 * 3600
"""A browser asks for the token again after these."""

_MOST_BYTES = 4096  # of the file of a token


@dataclass(frozen=True)
class Access:
    """The rule by which requests are let in.

    Attributes:
        token: the secret; None lets in this computer alone.
        names: of hosts that requests may be addressed to, in small letters.
        any_address: requests may be addressed to an IP address too. A page of a foreign site has a name, never one.
        form_secret: what a form of ours bears, so that no page of another site can send it.
    """

    token: str | None = field(default=None, repr=False)
    names: frozenset[str] = LOOPBACK_NAMES
    any_address: bool = False
    form_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def is_addressed(self, host: str) -> bool:
        """Tell if a request with this ``Host`` is meant for this server."""
        name = host_name(host)
        return name in self.names or (self.any_address and is_address(name))

    def is_token(self, given: str) -> bool:
        """Tell if somebody gave the token, in a time that tells nothing about it."""
        return self.token is not None and hmac.compare_digest(_hash(given), _hash(self.token))

    def new_session(self, now: float | None = None) -> str:
        """The cookie of a browser that gave the token; it holds neither the token nor anything to guess it by."""
        until = int((time.time() if now is None else now) + SESSION_SECONDS)
        body = f"{until}-{secrets.token_hex(8)}"
        return f"{body}-{self._signature(body)}"

    def is_session(self, cookie: str, now: float | None = None) -> bool:
        """Tell if a cookie is one of `new_session`, for this token and not yet too old."""
        body, _, signature = cookie.rpartition("-")
        if self.token is None or not hmac.compare_digest(_hash(signature), _hash(self._signature(body))):
            return False
        return int(body.partition("-")[0]) > (time.time() if now is None else now)

    def is_form(self, given: str) -> bool:
        """Tell if a form is one of this server's own pages."""
        return hmac.compare_digest(_hash(given), _hash(self.form_secret))

    def _signature(self, body: str) -> str:
        key = hashlib.sha256(b"asd session" + (self.token or "").encode()).digest()
        return hmac.new(key, body.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def read_token(path: str | os.PathLike[str]) -> str:
    """The token in a file.

    Raises:
        UsageError: the file cannot be read, all users of the computer can read it, or it holds no good token.
    """
    make = f"make one with: (umask 077; openssl rand -hex 32 > {path})"
    try:
        status = os.stat(path)
        data = Path(path).read_bytes()[:_MOST_BYTES] if stat.S_ISREG(status.st_mode) else None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"the token file {path} cannot be read: {why}; {make}") from error
    if data is None:
        raise UsageError(f"the token file {path} is no regular file; {make}")
    if status.st_mode & stat.S_IROTH:
        raise UsageError(f"everybody on this computer can read the token file {path}: chmod o-rwx it")
    try:
        token = data.decode("ascii").strip()
    except UnicodeDecodeError:
        token = " "
    if any(not "!" <= character <= "~" for character in token):
        raise UsageError(f"the token file {path} must hold one word of letters, digits and signs; {make}")
    if len(token) < LEAST_CHARACTERS:
        raise UsageError(f"the token in {path} has {len(token)} characters: take at least {LEAST_CHARACTERS}; {make}")
    return token


def host_name(host: str) -> str:
    """The name in a ``Host``, without a port and without the brackets of an IPv6 address, in small letters."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") <= 1 else name


def is_address(name: str) -> bool:
    """Tell if a name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Tell if a name stands for this computer alone."""
    return name == "localhost" or (is_address(name) and ipaddress.ip_address(name).is_loopback)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
