"""An image without a container engine: a Dockerfile's steps done on a copy-on-write view of this computer.

`python -m tests.infra.image infra/Dockerfile.cpu FOLDER` builds into a folder and needs root on Linux. In place of the
image that the file starts from there is this computer with a clean virtual environment of Python 3.11 in PATH, and
what `apt-get` would install must be here. Everything else is done as the file says, at the paths that it says: in a
mount namespace of its own, on an overlay whose lower layer is this computer's root.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.infra.dockerfile import stages
from tests.infra.manifests import ROOT

BASE = "/usr/local/base"  # the clean environment
OF_THE_BASE = ("apt-get ", "rm -rf /var/lib/apt")
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")  # what a command leaves running ends with it
KEPT = ("PIP_", "SSL_", "HTTP", "http", "NO_PROXY", "no_proxy", "REQUESTS_")


class Image:
    """A built image.

    Attributes:
        folder: of its layers: ``upper`` holds what the steps wrote.
        variables: that ENV set.
        place: the folder that commands start in.
        user: ``uid:gid`` that commands run as.
        command: that CMD names.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        users = self.folder / "upper/etc"
        users.mkdir(parents=True, exist_ok=True)
        for name in ("passwd", "group"):  # of this computer the image knows root alone
            (users / name).write_text("root:x:0:0:root:/root:/bin/sh\n" if name == "passwd" else "root:x:0:\n")
        self.variables = {"PATH": f"{BASE}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.place, self.user, self.command = "/", "0:0", []

    def inside(self, command, *, user="0:0", variables=(), mounts=(), read_only=False, place=None, **options):
        """Run a command in the image; gives the finished process.

        Args:
            command: words.
            user: uid and gid, which need no entry anywhere.
            variables: beside those of the image.
            mounts: pairs of a folder here and its path in the image.
            read_only: the image may not be written; /tmp and the home are empty folders in memory.
            place: folder that the command starts in; None: the image's own.
            options: of `subprocess.run`.
        """
        root = shlex.quote(str(self.folder / "root"))
        layers = f"lowerdir=/,upperdir={self.folder / 'upper'},workdir={self.folder / 'work'}"
        lines = [f"mount -t overlay overlay -o {shlex.quote(layers)} {root}", f"mount -t proc proc {root}/proc"]
        lines += [f"mount --rbind /dev {root}/dev"]
        for here, there in mounts:
            lines += [f"mkdir -p {root}{there}", f"mount --bind {shlex.quote(str(here))} {root}{there}"]
        if read_only:
            lines += [f"mount -o remount,ro {root}"]
            lines += [f"mount -t tmpfs -o mode=1777 tmpfs {root}{path}" for path in ("/tmp", "/home/asd", "/dev/shm")]
        uid, _, gid = user.partition(":")
        run = f"cd {shlex.quote(place or self.place)} && exec {shlex.join(map(str, command))}"
        who = f"setpriv --reuid {uid} --regid {gid} --clear-groups --no-new-privs --bounding-set=-all "
        become = who if uid != "0" else ""
        lines += [f"exec chroot {root} {become}sh -c {shlex.quote(run)}"]
        settings = {**self.variables, **dict(variables)}
        return subprocess.run([*ALONE, "sh", "-e", "-c", "\n".join(lines)], env=settings, check=False, **options)

    def do(self, step, built):
        """One step of the file.

        Args:
            step: of `tests.infra.dockerfile.stages`.
            built: name → image of the stages before.
        """
        if step.name == "WORKDIR":
            self.place = step.text
            (self.folder / "upper" / step.text.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif step.name == "ENV":
            self.variables |= dict(one.split("=", 1) for one in step.words)
        elif step.name == "USER":
            self.user = step.text
        elif step.name == "CMD":
            self.command = step.words
        elif step.name == "COPY":
            self._copy(step, built[step.origin].folder / "upper" if step.origin else ROOT)
        elif step.name == "RUN":
            passed = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
            commands = [command for command in step.commands if not command.startswith(OF_THE_BASE)]
            self.inside(["sh", "-c", " && ".join(commands) or "true"], variables=passed).check_returncode()
        else:
            raise ValueError(f"{step.name} {step.text}: this step is not known here")

    def _copy(self, step, origin):
        *sources, target = step.words
        place = self.folder / "upper" / (self.place if not target.startswith("/") else "").lstrip("/")
        for source in sources:
            found = origin / source.lstrip("/")
            to = place / target.lstrip("/")
            if found.is_dir():
                shutil.copytree(found, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                to.mkdir(parents=True, exist_ok=True)
                shutil.copy(found, to)


def build(dockerfile, folder):
    """Do every step of a Dockerfile.

    Args:
        dockerfile: its path.
        folder: for the layers; some 6 GB.
    """
    built = {}
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, steps in stages(Path(dockerfile).read_text("utf-8")).items():
        built[name] = Image(Path(folder) / (name or "image"))
        built[name].inside(["/usr/bin/python3.11", "-m", "venv", BASE]).check_returncode()
        for step in steps:
            print(f"{step.name} {step.text}", flush=True)
            built[name].do(step, built)
    return built[""]


if __name__ == "__main__":
    build(*sys.argv[1:])
