from fnmatch import fnmatch

import pytest

from tests.infra.dockerfile import Step, stages
from tests.infra.manifests import ROOT

FILES = {name: (ROOT / f"infra/Dockerfile.{name}").read_text("utf-8") for name in ("cpu", "gpu")}
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").split()


def steps_of(name):
    return [step for steps in stages(FILES[name]).values() for step in steps]


def test_lines_that_go_on_are_one_step_and_comments_are_none():
    text = 'FROM a AS build\n# no\nRUN one \\\n && two\nFROM b\nCOPY --from=build /x /y\nCMD ["asd", "--help"]\n'
    found = stages(text)
    assert list(found) == ["build", ""] and found["build"] == [Step("RUN", "one  && two")]
    assert found["build"][0].commands == ["one", "two"]
    assert found[""][0].origin == "build" and found[""][0].words == ["/x", "/y"]
    assert found[""][1].words == ["asd", "--help"]


@pytest.mark.parametrize("name", FILES)
def test_everything_that_is_copied_is_there_and_sent_to_the_build(name):
    for step in steps_of(name):
        if step.name == "COPY" and not step.origin:
            for source in step.words[:-1]:
                assert (ROOT / source).exists()
                assert not any(fnmatch(source, pattern) for pattern in IGNORED)


@pytest.mark.parametrize("name", FILES)
def test_an_image_runs_as_nobody_in_particular_and_writes_into_a_home_that_anybody_may_use(name):
    last = stages(FILES[name])[""]
    (user,) = [step.text for step in last if step.name == "USER"]
    assert all(part.isdecimal() and int(part) > 0 for part in user.split(":"))  # Kubernetes cannot tell what a name is
    settings = {one.split("=", 1)[0]: one.split("=", 1)[1] for step in last if step.name == "ENV" for one in step.words}
    assert settings["HOME"] == "/home/asd" and {"USER", "LOGNAME"} <= set(settings)
    assert any("chmod 1777 /home/asd" in step.text for step in last)


@pytest.mark.parametrize("name", FILES)
def test_an_image_keeps_no_cache_and_no_weights(name):
    for step in steps_of(name):
        for command in step.commands if step.name == "RUN" else ():
            assert not command.startswith(("pip install", "pip wheel")) or "--no-cache-dir" in command
            assert "download" not in command and "rm -rf /var/lib/apt/lists/*" in step.text or "apt-get" not in command


@pytest.mark.parametrize("name", FILES)
def test_what_asd_depends_on_is_a_layer_before_its_own_code(name):
    installs = [step for step in stages(FILES[name])[""] if "pip install" in step.text]
    assert [("--no-deps" in step.text) for step in installs] == [False, True]
    copied = [step.text for step in stages(FILES[name])[""] if step.name == "COPY" and not step.origin]
    assert copied == ["pyproject.toml constraints.txt README.md LICENSE ./"]
