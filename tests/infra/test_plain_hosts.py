import shlex
import shutil
import subprocess
from configparser import ConfigParser

import click
import pytest

from jobs.main import asd
from tests.infra.manifests import ROOT

UNITS = sorted((ROOT / "infra/systemd").iterdir())
CRON = [
    line
    for line in (ROOT / "infra/crontab").read_text("utf-8").splitlines()
    if line[:1].isdecimal() or line.startswith("*")
]


def read(path):
    """Sections of a unit file."""
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read_string(path.read_text("utf-8"))
    return unit


def check_command(words):
    asd.get_command(click.Context(asd), words[0]).make_context(words[0], words[1:])


def test_each_service_has_a_timer_that_starts_it():
    names = {path.name for path in UNITS}
    assert names == {f"asd-{job}.{kind}" for job in ("nightly", "refit") for kind in ("service", "timer")}


def complaints(name, folder, wrong=("", "")):
    """What systemd says of a unit beside the others, in which one word is another."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS:  # programs of /srv are not here: one that is takes their place
        text = unit.read_text("utf-8").replace("/srv/asd/.venv/bin/asd", "/bin/true").replace("=asd\n", "=root\n")
        (folder / unit.name).write_text(text.replace(*wrong) if unit.name == name else text)
    verify = ["systemd-analyze", "verify", "--recursive-errors=no", str(folder / name)]
    done = subprocess.run(verify, capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if name in line] + ["failed"] * (done.returncode != 0)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_wrong(path, tmp_path):
    assert complaints(path.name, tmp_path) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("asd-nightly.service", ("ProtectSystem=", "ProtectSystems=")),
        ("asd-refit.service", ("Type=oneshot", "Type=oneshots")),
        ("asd-nightly.timer", ("Europe/Berlin", "Europe/Berlins")),
    ],
)
def test_systemd_refuses_a_word_that_it_does_not_know(name, wrong, tmp_path):
    assert complaints(name, tmp_path, wrong)


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".timer"], ids=lambda path: path.name)
def test_a_timer_runs_by_the_clock_of_a_named_zone(path):
    when = read(path)["Timer"]["OnCalendar"]
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, text=True)
    assert done.returncode == 0 and "Europe/Berlin" in when and read(path)["Timer"]["Persistent"] == "true"


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_a_service_runs_a_command_that_there_is_and_may_write_the_store_alone(path):
    service = read(path)["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/srv/asd/.venv/bin/asd"
    check_command(words)
    assert service["ProtectSystem"] == "strict" and service["ReadWritePaths"] == "/srv/asd/store"
    assert service["NoNewPrivileges"] == "true" and service["CapabilityBoundingSet"] == ""


def test_cron_starts_commands_that_there_are_one_at_a_time():
    assert len(CRON) == 2
    for line in CRON:
        *_, user, command = line.split(maxsplit=6)
        assert user == "asd" and " && flock -n " in command and command.endswith(".log 2>&1")
        check_command(shlex.split(command.partition(" asd ")[2].partition(" >>")[0]))
