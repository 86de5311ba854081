"""Asking a server for captions by batches, in time that passes only where it is slept."""

from asd_core.captions.answers import check_answer
from asd_core.llm.batch.batches import Batches
from asd_core.llm.batch.captioner import BatchCaptioner
from asd_core.llm.settings import LlmSettings
from asd_core.store.local_files import LocalFiles
from tests.llm_server.asker import requests_of

KEY = "sk-never-to-be-seen-anywhere"


class Clock:
    """Time that passes only where it is slept."""

    def __init__(self):
        self.time = 1_800_000_000.0

    def sleep(self, seconds):
        self.time += seconds

    def now(self):
        return self.time


def settings_for(server, **changes):
    return LlmSettings(**{"model": "m", "base_url": server.url} | changes)


def opened(server, files, **options):
    clock = options.pop("clock", None) or Clock()
    settings = settings_for(server, **options.pop("settings", {}))
    batches = Batches(settings, files, "run-1", say=options.pop("say", print), sleep=clock.sleep, now=clock.now)
    return BatchCaptioner(settings, files, check_answer, batches, **options)


def asked(server, files, count=10, **options):
    """The answers to so many requests, by the word that their prompt ends in."""
    captioner = opened(server, files, **options)
    wanted = {request.request_id: request.prompt[4:] for request in requests_of(settings_for(server), count)}
    captioner.submit(requests_of(settings_for(server), count))
    answers = {wanted[answer.request_id]: answer for answer in captioner.answers()}
    captioner.close()
    return answers


class Dying(LocalFiles):
    """A store whose process is killed at a file that says so."""

    def __init__(self, root, at):
        super().__init__(root)
        self._at = at

    def write(self, path, data):
        if self._at(path, data):
            raise KeyboardInterrupt
        super().write(path, data)


def stop(line):
    """Stand in for a kill once a batch is under way."""
    if "done" in line or "asked for" in line:
        raise KeyboardInterrupt
