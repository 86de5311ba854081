"""A process that asks an LLM for captions and can be killed: arguments as JSON, answers to stdout."""

import json
import sys
from dataclasses import asdict
from functools import partial

from asd_core.captions.answers import check_answer
from asd_core.llm.captioner import LlmCaptioner
from asd_core.llm.gate import Gate
from asd_core.llm.requests import caption_request
from asd_core.llm.settings import LlmSettings


def requests_of(settings, count):
    """So many requests whose prompts end in a word of their own."""
    return [caption_request(f"clip{i}", "test", f"say loud{i}", settings.name) for i in range(count)]


def main(kind, store, settings, count, window):
    given = LlmSettings(**settings)
    if kind == "local":
        return ask(LlmCaptioner(given, store, check_answer, open_gate=partial(Gate, window)), given, count)
    from cluster.caption import RayGate
    from cluster.session import session

    with session(cpus=1):
        return ask(LlmCaptioner(given, store, check_answer, open_gate=partial(RayGate, window)), given, count)


def ask(captioner, settings, count):
    """All answers, as they come."""
    try:
        captioner.submit(requests_of(settings, count))
        for answer in captioner.answers():
            print(json.dumps(asdict(answer)), flush=True)
    finally:
        captioner.close()


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
