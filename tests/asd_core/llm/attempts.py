"""Single attempts at a server."""

import asyncio

from asd_core.llm.client import LlmClient
from asd_core.llm.settings import LlmSettings
from tests.llm_server import LlmServer


def outcome_of(settings, messages):
    """The outcome of one attempt."""

    async def once():
        client = LlmClient(settings)
        try:
            return await client.attempt(messages)
        finally:
            await client.close()

    return asyncio.run(once())


def at(server, prompt, **settings):
    """The outcome of one attempt at a server that runs."""
    given = {"base_url": server.url, "timeout_seconds": 20.0} | settings
    return outcome_of(LlmSettings(**given), [{"role": "user", "content": prompt}])


def attempt(fault="ok", messages=None, **settings):
    """The outcome of one attempt at a server that meets it so; and the server."""
    with LlmServer(lambda number, prompt: fault) as server:
        given = {"base_url": server.url, "timeout_seconds": 0.3 if fault == "hang" else 20.0} | settings
        return outcome_of(LlmSettings(**given), messages or [{"role": "user", "content": "say loud"}]), server
