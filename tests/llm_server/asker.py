"""A process that asks an LLM for captions and can be killed: arguments as JSON, answers to stdout."""

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

from asd_core.captions.answers import check_answer
from asd_core.llm.captioner import LlmCaptioner
from asd_core.llm.gate import Gate
from asd_core.llm.requests import caption_request
from asd_core.llm.settings import LlmSettings
from asd_core.llm.turn import Turn
from asd_core.store.addresses import open_files


def requests_of(settings, count, first=0):
    """So many requests whose prompts end in a word of their own."""
    return [caption_request(f"clip{i}", "test", f"say loud{i}", settings.name) for i in range(first, first + count)]


def main(kind, store, settings, count, window, first=0, takes_turns=False, tells_peak=False):
    given = LlmSettings(**settings)
    if kind == "local":
        turn = Turn(open_files(store), given.name) if takes_turns else None
        captioner = LlmCaptioner(given, store, check_answer, open_gate=partial(Gate, window), turn=turn)
        ask(captioner, given, count, first)
        if tells_peak:  # of this program: what a parent is told begins with the parent's own
            print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
        return None
    from cluster.caption import RayGate
    from cluster.session import session

    with session(cpus=1):
        captioner = LlmCaptioner(given, store, check_answer, open_gate=partial(RayGate, window))
        return ask(captioner, given, count, first)


def ask(captioner, settings, count, first):
    """All answers, as they come."""
    try:
        captioner.submit(requests_of(settings, count, first))
        for answer in captioner.answers():
            print(json.dumps(asdict(answer)), flush=True)
    finally:
        captioner.close()


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
