import subprocess
import sys

import pytest

from tests.command import asd, asd_process
from tests.fleet import write_fleet


def test_the_script_prints_all_and_leaves_with_the_code_of_what_happened():
    line = [
        sys.executable,
        "-c",
        "import atexit; from jobs.main import script; atexit.register(print, 'farewell'); script()",
    ]
    for arguments, code, said in [(["--help"], 0, "nightly"), (["nigthly"], 2, "did you mean")]:
        done = subprocess.run([*line, *arguments], capture_output=True, text=True, timeout=120)
        assert done.returncode == code and said in done.stdout + done.stderr and "farewell" not in done.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_fleet(tmp_path_factory.mktemp("fleet") / "archive", dates=["2026-11-01", "2026-11-02"], clips=3)


FIT = ("--recipe", "twfr-knn", "--local", "--store")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nigthly"], 2, "no command 'nigthly'; did you mean 'nightly'"),
        (["fit", "ARCHIVE", "--recipe", "twfr-gm", "--store", "STORE"], 2, "no recipe 'twfr-gm'; did you mean"),
        (["fit", "ARCHIVE", *FIT, "STORE", "--set", "detector.kk=3"], 2, "no key 'kk'; did you mean 'k'"),
        (["fit", "ARCHIVE", *FIT, "STORE", "--set", "k"], 2, "--set takes KEY=VALUE"),
        (["fit", "ARCHIVE", *FIT, "STORE", "--set", "detector.k=0"], 2, "k = 0: must be a whole number"),
        (["fit", "ARCHIVE", *FIT, "STORE"], 2, "name them with --since and --until"),
        (["fit", "ARCHIVE", *FIT, "STORE", "--since", "yesterday"], 2, "'yesterday' is no date"),
        (["fit", "ARCHIVE", *FIT, "STORE", "--since", "2026-11-02", "--until", "2026-11-01"], 2, "ends before it beg"),
        (["fit", "ARCHIVE", *FIT, "STORE", "--since", "2027-01-01"], 2, "no normal clip is left of 12"),
        (["fit", "NOWHERE", *FIT, "STORE", "--since", "2026-11-01"], 2, "no such folder, or nothing in it"),
        (["fit", "NOWHERE.csv", *FIT, "STORE", "--since", "2026-11-01"], 2, "cannot read the manifest"),
        (["fit", "ARCHIVE", *FIT, "FILE", "--since", "2026-11-01"], 2, "is a file: name a folder"),
        (["fit", *FIT, "STORE", "--since", "2026-11-01"], 1, "no embeddings of recipe twfr-knn: name an archive"),
        (["fit", *FIT, "STORE", "--encoder", "x"], 2, "the store has no encoder 'x'"),
        (["fit", "--recipe", "imported-knn", "--store", "STORE"], 2, "with --encoder NAME"),
        (["fit", "ARCHIVE", "--recipe", "imported-knn", "--store", "STORE"], 2, "leave ARCHIVE out"),
        (["fit", "ARCHIVE", *FIT, "STORE", "--ray-address", "auto", "--since", "2026-11-01"], 2, "exclude each other"),
        (["nightly", "ARCHIVE", *FIT, "STORE", "--date", "2026-12-24"], 2, "no clip is of 2026-12-24; the latest are"),
        (["nightly", "ARCHIVE", *FIT, "STORE", "--date", "christmas"], 2, "'christmas' is no date"),
        (["nightly", "ARCHIVE", *FIT, "STORE", "--max-error-rate", "2"], 2, "not in the range"),
        (["report", "--recipe", "twfr-knn", "--store", "STORE"], 1, "nothing is scored"),
        (["import-embeddings", "EMPTY", "--encoder", "x", "--store", "STORE"], 2, "no .npz or .parquet file in"),
        (["nightly", "ARCHIVE", *FIT, "STORE", "--set", "encoder.kind=no.such:Class"], 2, "cannot be imported"),
    ],
)
def test_a_wrong_command_is_one_line_and_an_exit_code(tmp_path, archive, arguments, code, message):
    (tmp_path / "FILE").write_text("")
    (tmp_path / "EMPTY").mkdir()
    places = {name: tmp_path / name for name in ("STORE", "FILE", "EMPTY", "NOWHERE", "NOWHERE.csv")}
    said = asd(*[{**places, "ARCHIVE": archive}.get(word, word) for word in arguments])
    assert said.code == code, said.err
    assert message in " ".join(said.err.split())
    assert said.out == "" and "Traceback" not in said.err and said.err.count("Error:") == 1
    assert not (tmp_path / "STORE").exists()


def test_a_failure_in_a_process_of_its_own_has_no_traceback(tmp_path):
    said = asd_process("fit", tmp_path / "nowhere", *FIT, tmp_path / "store")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Error: no such folder") and said.err.count("\n") == 1


def test_a_store_that_cannot_be_read_is_one_line(tmp_path, archive):
    span = ("--since", "2026-11-01", "--quiet")
    assert asd("fit", archive, *FIT, tmp_path / "store", *span).code == 0
    for kind, message in {
        "shards": "is gone or broken",
        "index": "remove the folder it is in, which is made again",
    }.items():
        for path in (tmp_path / "store").rglob(f"{kind}/*.parquet"):
            path.write_bytes(b"PAR1 the disk was full")
        said = asd("fit", archive, *FIT, tmp_path / "store", *span)
        assert (said.code, said.out) == (1, "") and said.err.count("\n") == 1
        assert message in said.err


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert version("asd-fleet") in asd("--version").out


def test_a_gpu_that_fails_in_this_process_is_one_line(archive, tmp_path):
    recipe = tmp_path / "gpu.toml"
    encoder = f'[encoder]\nkind = "tests.cluster.killers:GpuFails"\nmarker = "{tmp_path}/failed"\n'
    recipe.write_text(encoder + '[detector]\nkind = "memory_bank"\n')
    said = asd("embed", archive, "--recipe", recipe, "--local", "--store", tmp_path / "store")
    assert said.code == 1 and "Traceback" not in said.err
    line = "the GPU failed: CUDA error: an illegal memory access was encountered; the same command goes on from here"
    assert said.err.splitlines()[-1].endswith(line)
    assert asd("embed", archive, "--recipe", recipe, "--local", "--store", tmp_path / "store").code == 0
