"""Nonsense on the command line: one line, the nearest right one, and never a traceback."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.command import asd
from tests.fleet import write_fleet

COMMON = ("--recipe", "twfr-knn", "--local", "--quiet")
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
BYTES = st.binary(max_size=8).map(lambda text: text.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
NEAR = st.text(st.sampled_from("0123456789-:T{}[]().*=_/\\ machine_typeid"), max_size=24)
NUMBERS = st.one_of(st.integers().map(str), st.floats().map(str))
NONSENSE = st.one_of(WORDS, BYTES, NEAR, NUMBERS)
KEYS = ["threshold.quantile", "threshold.kind", "detector.k", "detector.density", "detector.whitening", "encoder.r"]


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A fleet, and where no store is yet."""
    folder = tmp_path_factory.mktemp("options")
    write_fleet(folder / "archive", machines=["00"], dates=["2026-11-01"], clips=4)
    return folder / "archive", folder / "store"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--recipe", "twfr-gnm"], "there is no recipe 'twfr-gnm'; did you mean 'twfr-gmm'?"),
        ([*COMMON, "--set", "detector.n_neighbours=3"], "[detector] has no key 'n_neighbours'"),
        (
            [*COMMON, "--set", "detektor.k=3"],
            "got 'detektor.k'; did you mean 'detector.k'?; tables: encoder, embedding",
        ),
        ([*COMMON, "--set", "detector.kind=memory_bnak"], "did you mean 'memory_bank'?"),
        ([*COMMON, "--set", "detector.whitening=hlaf"], "did you mean 'half'?"),
        ([*COMMON, "--set", "threshold.quantile=2"], "quantile = 2"),
        ([*COMMON, "--layout", "flet"], "'flet' is not one of"),
        ([*COMMON, "--pattern", "{machine_typ}/{}.wav"], "unknown field 'machine_typ'; did you mean 'machine_type'?"),
        ([*COMMON, "--cpus-per-worker", "0"], "0.0 is not in the range x>0"),
        ([*COMMON, "--gpus", "-1"], "-1.0 is not in the range x>=0"),
        ([*COMMON, "--gpus", "nan"], "'nan' is not a finite number"),
        ([*COMMON, "--recpie", "x"], "No such option '--recpie'"),
    ],
)
def test_what_is_misspelt_is_named_with_the_nearest_right_one(places, arguments, message):
    archive, store = places
    said = asd("nightly", archive, "--store", store, *arguments)
    assert (said.code, said.out, said.err.count("Error: ")) == (2, "", 1)
    assert message in " ".join(said.err.split())
    assert not store.exists()


def test_a_pattern_of_many_wildcards_is_matched_at_once(tmp_path):
    write_fleet(tmp_path, machines=["a" * 60], dates=["2026-11-01"], clips=1)
    said = asd(
        "fit", tmp_path, *COMMON, "--store", tmp_path / "s", "--pattern", "{machine_type}/" + "{}" * 30 + "z.wav"
    )
    assert said.code == 2 and "none of 1 recordings fits --pattern" in said.err


@pytest.mark.parametrize("setting", ["clip_seconds=Infinity", "clip_seconds=1e308", f"n_mels={10**24}", "f_max=1e-308"])
def test_an_encoder_beyond_all_measure_is_refused(places, setting):
    archive, store = places
    said = asd("fit", archive, *COMMON, "--store", store, "--until", "2026-11-01", "--set", f"encoder.{setting}")
    assert said.code == 2 and setting.split("=")[0] in said.err


def may_be_refused(said):
    assert said.code in (0, 1, 2)
    if said.code:
        assert said.err.count("Error: ") == 1 and "Traceback" not in said.err
        (line,) = [line for line in said.err.splitlines() if line.startswith("Error: ")]
        assert line.isprintable()


@pytest.mark.parametrize(
    "option", ["--since", "--until", "--pattern", "--normal-list", "--set", "--channel", "--encoder"]
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nonsense=NONSENSE)
def test_no_text_makes_an_option_of_fit_crash(places, option, nonsense):
    archive, store = places
    may_be_refused(asd("fit", archive, *COMMON, "--store", store, "--until", "2026-11-01", f"{option}={nonsense}"))


@pytest.mark.parametrize("option", ["--date", "--max-error-rate", "--recipe", "--layout"])
@settings(max_examples=25, deadline=None)
@given(nonsense=NONSENSE)
def test_no_text_makes_an_option_of_nightly_crash(places, option, nonsense):
    archive, store = places
    may_be_refused(asd("nightly", archive, *COMMON, "--store", store, "--no-report", f"{option}={nonsense}"))


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=15, deadline=None)
@given(value=NONSENSE)
def test_no_value_makes_a_setting_crash(places, key, value):
    archive, store = places
    until = ("--until", "2026-11-01")
    may_be_refused(asd("fit", archive, *COMMON, "--store", store, *until, "--set", f"{key}={value}"))
