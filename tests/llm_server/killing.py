"""A process that asks, killed in the middle, and what that did."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from tests.cluster.kills import processes


def ask_until_killed(kind, settings, store, server, count, after, key, window=2.0, cluster=None):
    """Ask for so many captions, and kill the process with all of its own once the server has sent some answers.

    Args:
        kind: ``local``, or ``ray``.
        settings: the LLM's.
        store: where intents and answers are kept.
        server: the LLM.
        count: of requests.
        after: answers.
        key: in its environment.
        window: of the limits, in seconds.
        cluster: address of a Ray that is joined in the place of its own.
    """
    told = {"model": settings.model, "base_url": settings.base_url}
    told |= {name: getattr(settings, name) for name in ("requests_per_minute", "concurrency", "timeout_seconds")}
    arguments = {"kind": kind, "store": store, "settings": told, "count": count, "window": window}
    line = [sys.executable, "-m", "tests.llm_server.asker", json.dumps(arguments)]
    environment = os.environ | {"OPENAI_API_KEY": key} | ({"RAY_ADDRESS": cluster} if cluster else {})
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, env=environment, start_new_session=True)
    while sum(server.answered.values()) < after and process.poll() is None:
        time.sleep(0.005)
    assert process.poll() is None, "it was done before it could be killed"
    while members := [pid for pid, (_, session, _) in processes().items() if session == process.pid]:
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.poll()
    time.sleep(2 * server.seconds)  # for the server to be done with what was under way


def twice_answered(server):
    """How many prompts were answered twice; none ever more often."""
    assert max(server.answered.values()) <= 2
    return sum(times - 1 for times in server.answered.values())


def unknown_of(answers):
    """How many attempts were counted as unknown."""
    return sum(answer.unknown for answer in answers.values())
