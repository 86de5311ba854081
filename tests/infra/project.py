"""What pyproject.toml and constraints.txt say."""

import re
import tomllib

from tests.infra.manifests import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def pinned(name):
    """The version of a distribution that the package asks for exactly."""
    (line,) = [line for line in PROJECT["dependencies"] if re.match(rf"{name}\b", line)]
    return line.partition("==")[2]
