"""Settings of an LLM: its address, its limits and prices; and its key, which stays in the environment."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass

from asd_core.errors import UsageError
from asd_core.llm.limits import Budget, Cost, Limits

KEY_VARIABLE = "OPENAI_API_KEY"
OPENAI_URL = "https://api.openai.com/v1"

Message = dict[str, str]
"""``role`` and ``content``, as chat completions have them."""

_BYTES_PER_TOKEN = 3  # English has four; three leaves room, and is one token a character in most other scripts
_TOKENS_PER_MESSAGE = 8

# What stands in for a key where a server wants none (``none``, ``ollama``) may be a word of a caption; a real key is
# long, or has what words have not.
_SURELY_A_KEY = 16  # characters
_PERHAPS_A_KEY = 8


@dataclass(frozen=True)
class LlmSettings:
    """An LLM behind an OpenAI-compatible address, and what one job may ask of it.

    Of jobs that share a cluster the strictest limits hold. Clusters know nothing of each other:
    split a quota between them here.

    Attributes:
        model: as the server calls it. The default is OpenAI's small one: a sentence from a few lines of evidence asks
            no more.
        base_url: ``https://host/v1``; None is OpenAI's own.
        timeout_seconds: of one attempt, from connecting to the last byte.
        max_output_tokens: of one answer; 40 words are about 60 tokens.
        temperature: 0 is as repeatable as it gets; None leaves it to the server.
        requests_per_minute: attempts of any outcome, in any 60 s.
        tokens_per_minute: input and output, in any 60 s; None: no limit.
        concurrency: attempts under way at once. To use up the requests it takes requests per second times the mean
            seconds an attempt lasts.
        max_attempts: at one request in one run. At 30 % of failing attempts 8 leave 1 request in 15,000 without an
            answer, 6 leave 1 in 1,400.
        budget_tokens: that one job may spend, input and output; None: no limit.
        budget_usd: likewise in US dollars; needs both prices.
        usd_per_million_input: price of input tokens.
        usd_per_million_output: price of output tokens.
        longest_retry_after: in seconds. A server that asks to be left alone for longer is ``llm_unavailable``.

    Raises:
        UsageError: a value that cannot be, or a budget in dollars without prices.
    """

    model: str = "gpt-5.4-mini"
    base_url: str | None = None
    timeout_seconds: float = 60.0
    max_output_tokens: int = 200
    temperature: float | None = 0.0
    requests_per_minute: int = 60
    tokens_per_minute: int | None = None
    concurrency: int = 8
    max_attempts: int = 8
    budget_tokens: int | None = None
    budget_usd: float | None = None
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    longest_retry_after: float = 600.0

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise UsageError("the LLM has no name: give --llm-model")
        address = urllib.parse.urlsplit(self.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UsageError(f"the LLM's address {self.url!r} is no http(s) URL: write https://host/v1")
        if address.username is not None or address.query:  # it is shown, and stored with each answer
            raise UsageError(
                f"the LLM's address may hold no user, password or query: the key comes from {KEY_VARIABLE}"
            )
        for name in ("requests_per_minute", "tokens_per_minute", "concurrency", "max_attempts", "max_output_tokens"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise UsageError(f"LLM setting {name} = {value} must be at least 1")
        if not self.timeout_seconds > 0:
            raise UsageError(f"LLM setting timeout_seconds = {self.timeout_seconds:g} must be above 0")
        if self.budget_usd is not None and self.usd(0, 0) is None:
            raise UsageError("a budget in dollars needs the LLM's prices: give both, in dollars per million tokens")

    @property
    def url(self) -> str:
        """The address that is asked."""
        return (self.base_url or OPENAI_URL).rstrip("/")

    @property
    def name(self) -> str:
        """``<model> at <host>``: what request ids and rows call this LLM."""
        return f"{self.model} at {urllib.parse.urlsplit(self.url).netloc}"

    @property
    def limits(self) -> Limits:
        """Limits of what is asked in any minute, and at once."""
        return Limits(self.requests_per_minute, self.tokens_per_minute, self.concurrency)

    def budget(self) -> Budget:
        """A new budget of one job."""
        return Budget(self.budget_tokens, self.budget_usd)

    def usd(self, input_tokens: int, output_tokens: int) -> float | None:
        """US dollars for so many tokens; None where the prices are not known."""
        if self.usd_per_million_input is None or self.usd_per_million_output is None:
            return None
        return (input_tokens * self.usd_per_million_input + output_tokens * self.usd_per_million_output) / 1e6

    def cost(self, input_tokens: int, output_tokens: int) -> Cost:
        """Tokens, and their price as far as it is known, as a budget counts them."""
        return input_tokens + output_tokens, self.usd(input_tokens, output_tokens) or 0.0

    def reservation(self, messages: Sequence[Message]) -> tuple[int, int]:
        """Input and output tokens that an attempt is taken to cost until the LLM says; meant to be too many."""
        told = sum(tokens_of(message["content"]) + _TOKENS_PER_MESSAGE for message in messages)
        return told, self.max_output_tokens


def tokens_of(text: str) -> int:
    """About how many tokens a text is, rather too many: a third of its UTF-8 bytes."""
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


def api_key() -> str:
    """The key, from this process's environment only.

    Raises:
        UsageError: there is none, or it holds what no HTTP header can.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise UsageError(
            f"{KEY_VARIABLE} is not set in the environment: set it (any text where the server wants no key), "
            "or take --captioner acoustic"
        )
    if not key.isascii() or not key.isprintable():
        raise UsageError(f"{KEY_VARIABLE} holds characters that no key has: set it again")
    return key


def without_key(text: str) -> str:
    """A text from outside with the key, should it hold it, taken out.

    A key under 16 characters is left in if it is under 8 too, or letters only: then it may be an ordinary word.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    is_secret = len(key) >= _SURELY_A_KEY or (len(key) >= _PERHAPS_A_KEY and not key.isalpha())
    return text.replace(key, f"[{KEY_VARIABLE}]") if is_secret else text
