"""`python -m tests.docs.walk`: a newcomer's way from a clone to a night on S3, its page and a message, timed.

Every command is taken from the pages. What a newcomer has elsewhere stands on this machine: a bucket (moto), a browser
(Chromium, without a window) and a receiver of messages. `--environment fresh` installs everything anew, as a newcomer
does; without it `.venv` of the clone is made of links to this environment.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.docs.blocks import ROOT, blocks_of
from tests.docs.outside import BUCKET, bucket, read_page, upload
from tests.message_receiver import MessageReceiver

SERVING, MESSAGES = "docs/serving.md", "docs/messages.md"
RECEIVER = "http://localhost:8065/hooks"  # of a page's receivers
_SECONDS = 1800


class Step(NamedTuple):
    """One step, done.

    Attributes:
        name: in the reader's words.
        page: that has the commands; "" where the pages leave it to the reader.
        commands: as typed.
        seconds: that it took.
        seen: what told that it went well.
    """

    name: str
    page: str
    commands: list[str]
    seconds: float
    seen: str


class Walk:
    """A newcomer's shell in a folder.

    Attributes:
        folder: of the clone.
        steps: done so far.
        variables: exported in the shell.
        names: words of the pages → what they are called here.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps: list[Step] = []
        self.variables: dict[str, str] = {}
        self.names: dict[str, str] = {}

    def type(self, name: str, page: str, begins: str, sees: str, *, first: int = 99) -> str:
        """Type the commands of the block of a page that has a line which begins so; gives what they print.

        Args:
            name: of the step.
            page: path in the repository.
            begins: of a line of the block.
            sees: a pattern that what is printed must have.
            first: number of its commands that are typed.
        """
        commands = [self.named(line) for line in commands_of(page, begins)[:first]]
        started = time.monotonic()
        printed = "".join(self.shell(command) for command in commands)
        found = re.search(sees, printed)
        assert found, f"{name}: no {sees!r} in\n{printed}"
        self.steps.append(Step(name, page, commands, time.monotonic() - started, found[0]))
        return printed

    def shell(self, command: str) -> str:
        """Run a line as a shell does; gives what it printed."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    def environment(self) -> dict[str, str]:
        """The variables of the shell: the clone's code comes first, also where its environment is another's."""
        path = os.pathsep.join([str(self.folder / ".venv" / "bin"), os.environ["PATH"]])
        return os.environ | {"PATH": path, "PYTHONPATH": str(self.folder)} | self.variables

    def named(self, text: str) -> str:
        """A text of the pages with the names of this machine."""
        for word, here in self.names.items():
            text = text.replace(word, here)
        return text

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """The server of pages as `docs/serving.md` starts it, on a free port; gives its address. Ctrl-C ends it."""
        command = shlex.split(self.named(commands_of(SERVING, "asd serve")[0])) + ["--port", "0"]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        server = subprocess.Popen(command, cwd=self.folder, env=self.environment(), **pipes)
        try:
            said = iter(server.stdout.readline, "")
            yield next(found[0] for line in said if (found := re.search(r"http://\S+", line)))
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(60) == 0

    @contextlib.contextmanager
    def step(self, name: str, page: str = "", command: str = "") -> Iterator[list[str]]:
        """A step that is no command of a page; what was seen is appended to the list."""
        started, seen = time.monotonic(), []
        yield seen
        self.steps.append(Step(name, page, [command], time.monotonic() - started, "; ".join(seen)))

    def table(self) -> str:
        """All steps."""
        rows = [
            f"| {number} | {step.name} | {step.page or 'yours'} | {step.seconds:.1f} s | {step.seen} |"
            for number, step in enumerate(self.steps, 1)
        ]
        whole = sum(step.seconds for step in self.steps)
        return "\n".join(["| | step | page | time | seen |", "|---|---|---|---|---|", *rows, f"\n{whole:.0f} s in all"])


def commands_of(page: str, begins: str) -> list[str]:
    """The commands of a page's first block with a line that begins so, whether tests run it or not."""
    for block in blocks_of(page, (ROOT / page).read_text("utf-8")):
        if any(line.startswith(begins) for line in block.lines):
            return block.lines
    raise LookupError(f"{page} has no command that begins with {begins!r}")


def titled(page: str, title: str) -> str:
    """The text of a page's file of that name."""
    return next(block.text for block in blocks_of(page, (ROOT / page).read_text("utf-8")) if block.title == title)


def clone(folder: Path, environment: str) -> None:
    """Clone the project; make its `.venv` of links to this environment, unless it is to be installed."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    if environment == "fresh":
        return
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != ".installed":
            (folder / ".venv" / part.name).symlink_to(part)
    (folder / ".venv" / ".installed").touch()


def report_of(printed: str) -> str:
    """The address behind `report:`."""
    return re.findall(r"^report: (\S+)$", printed, re.MULTILINE)[-1]


def walk(folder: Path, environment: str = "this") -> Walk:
    """All steps in an empty folder."""
    here = Walk(folder / "asd")
    with here.step("clone", command="git clone ...") as seen:
        clone(here.folder, environment)
        seen.append("README.md")
    here.type("install and see the demo", "README.md", "make demo", r"report: .*", first=1)
    printed = here.type("the two commands of daily work", "README.md", ".venv/bin/asd fit", r"\d+ machines? .*alarm.*")
    with here.step("read the page in a browser", "README.md", "open the address behind `report:`") as seen:
        seen.append(read_page(Path(report_of(printed)).as_uri()))
    with bucket() as variables:
        here.variables |= variables
        copying = commands_of("docs/s3.md", "aws s3 sync")[0]
        with here.step("put recordings into a bucket", "docs/s3.md", copying) as seen:
            seen.append(f"{upload(here.folder / 'demo' / 'recordings', variables)} files")
        printed = here.type("a night on S3", "docs/s3.md", "asd fit s3://", r"\d+ machines? .*alarm.*")
        address = report_of(printed).replace("s3://", variables["AWS_ENDPOINT_URL"] + "/")
        with here.step("read its page from the bucket", "docs/s3.md", "open it at http://host:port/plant/...") as seen:
            seen.append(read_page(address))
        here.names |= {"--store store": f"--store s3://{BUCKET}/store", " recordings ": f" s3://{BUCKET}/recordings "}
        command = here.named(commands_of(SERVING, "asd serve")[0])
        with here.step("serve the store", SERVING, command) as seen, here.serving() as served:
            seen.append(read_page(served))
        with MessageReceiver() as receiver:
            listed = titled(MESSAGES, "receivers.txt").replace(RECEIVER, receiver.url)
            (here.folder / "receivers.txt").write_text(listed + "\n", "utf-8")
            here.type("be told of alarms", MESSAGES, "asd notify", r"\d+ machines? .*alarm.*")
            with here.step("read the messages", MESSAGES, "the receiver's window") as seen:
                seen.append(f"{len(receiver.taken)} messages")
                seen.append(" ".join(receiver.taken[-1]["text"].split()))
    return here


def main() -> None:
    """Walk, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", choices=("this", "fresh"), default="this")
    with tempfile.TemporaryDirectory(prefix="walk-") as folder:
        print(walk(Path(folder), parser.parse_args().environment).table())


if __name__ == "__main__":
    main()
