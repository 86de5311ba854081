from asd_core.llm.permission import TooLarge


def test_an_attempt_above_the_limit_is_told_with_both_figures_and_the_cure():
    assert str(TooLarge(230, 100)) == "it takes about 230 tokens, and the limit is 100 a minute: raise the limit"
