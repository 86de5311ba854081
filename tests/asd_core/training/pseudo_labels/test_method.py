import pytest

from asd_core.errors import UsageError
from asd_core.training.pseudo_labels.method import PseudoLabelMethod


def test_words_name_every_choice():
    plain = PseudoLabelMethod("twfr").words
    assert (
        plain == "space twfr; UMAP fitted to training normals only; number of clusters by BIC on the points fitted to"
    )
    code = PseudoLabelMethod("clap", transductive=True, bic="held-out", seed=3).words
    assert all(part in code for part in ("space clap", "(transductive)", "held-out folds", "seed 3"))


def test_the_target_domain_has_a_limit_of_its_own():
    method = PseudoLabelMethod("twfr")
    assert [method.most(domain) for domain in ("source", "", "target")] == [16, 16, 2]


@pytest.mark.parametrize("wrong", [{"bic": "aic"}, {"most_source": 0}, {"most_target": 1.5}, {"seed": -1}])
def test_a_choice_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError):
        PseudoLabelMethod("twfr", **wrong)
