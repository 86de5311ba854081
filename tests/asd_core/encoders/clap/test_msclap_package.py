import logging
import warnings

import torch

from asd_core.encoders.clap.msclap_package import without_traces


def test_the_process_is_left_as_it_was():
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity(logging.WARNING)
    filters, state = list(warnings.filters), torch.get_rng_state()
    with without_traces():
        warnings.filterwarnings("ignore")
        transformers_logging.set_verbosity_error()
        torch.rand(3)
    assert list(warnings.filters) == filters and torch.equal(state, torch.get_rng_state())
    assert transformers_logging.get_verbosity() == logging.WARNING
