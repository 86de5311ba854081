"""Dockerfiles: their instructions, stage by stage."""

import json
import re
import shlex
from typing import NamedTuple


class Step(NamedTuple):
    """An instruction, such as ``COPY`` with ``--from=build /wheels /opt/asd/wheels``."""

    name: str
    text: str

    @property
    def words(self):
        """Its arguments, without options of the instruction itself."""
        if self.text.startswith("["):
            return json.loads(self.text)
        return [word for word in shlex.split(self.text) if not word.startswith("--")]

    @property
    def origin(self):
        """The stage that a COPY takes from; "" for the folder of the project."""
        found = re.match(r"--from=(\S+)", self.text)
        return found[1] if found else ""

    @property
    def commands(self):
        """The commands of a RUN, which end at the first that fails."""
        return [command.strip() for command in self.text.split("&&")]


def stages(text):
    """Name → steps, in the order of the file; the last one is named ``""``.

    Args:
        text: of a Dockerfile.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()
    found = {}
    for line in joined:
        name, _, rest = line.partition(" ")
        if name == "FROM":
            steps = found.setdefault(rest.partition(" AS ")[2], [])
        else:
            steps.append(Step(name, rest.strip()))
    return found
