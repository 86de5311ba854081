from hypothesis import strategies as st

from tests.fuzz.__main__ import run, run_batch


def no_large_number(number):
    assert number < 1000


def test_a_finding_is_a_line_that_finds_it_again_and_batches_go_on():
    targets, state = {"numbers": (st.integers(), no_large_number)}, {"numbers": 4}
    findings, done = run(targets, 0, state)
    assert (state, done) == ({"numbers": 5}, {"numbers": 100})
    assert findings[0].startswith("python -m tests.fuzz --target numbers --batch 4: AssertionError")
    assert findings[0].endswith("with 1000")  # the smallest
    assert run_batch("numbers", targets["numbers"], 4) == findings[0]
    assert run_batch("numbers", (st.integers(0, 9), no_large_number), 4) == ""
