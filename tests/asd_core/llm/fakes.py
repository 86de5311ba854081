"""In the place of a store and of an LLM, for tests in virtual time."""

import asyncio

from asd_core.llm.replies import Answered
from asd_core.store.files import FileInfo


class MemoryFiles:
    """A folder of files in memory."""

    url = "memory://"

    def __init__(self):
        self.kept = {}

    def list(self, prefix=""):
        found = [path for path in self.kept if not prefix or path.startswith(prefix + "/")]
        return [FileInfo(path, len(self.kept[path]), "1") for path in sorted(found)]

    def read(self, path):
        if path not in self.kept:
            raise FileNotFoundError(path)
        return self.kept[path]

    def write(self, path, data):
        self.kept[path] = data

    def write_new(self, path, data):
        return self.kept.setdefault(path, data) is data

    def exists(self, path):
        return path in self.kept

    def remove_leftovers(self, seconds):
        """Writes leave none."""

    def delete(self, path):
        self.kept.pop(path, None)

    def uri(self, path):
        return f"memory://{path}"

    def address(self, path):
        return path


class FakeLlm:
    """Answers as it is told to.

    Args:
        outcome: (number of the attempt, messages) → an Outcome, or None for an answer as asked for.
        seconds: that an attempt takes.
    """

    def __init__(self, outcome=lambda number, messages: None, seconds=0.5):
        self._outcome, self._seconds = outcome, seconds
        self.sent = []
        self.is_closed = False

    async def attempt(self, messages):
        number = len(self.sent)
        self.sent.append((asyncio.get_running_loop().time(), messages))
        await asyncio.sleep(self._seconds)
        return self._outcome(number, messages) or good(messages)

    async def close(self):
        self.is_closed = True


def good(messages):
    """An answer as asked for, that tells which prompt it is to."""
    return Answered(f"This sound is {messages[0]['content']}.", input_tokens=20, output_tokens=7)
