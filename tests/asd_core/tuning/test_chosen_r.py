import json

import numpy as np
import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.tune import tune
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.tuning.chosen_r import chosen_r, figures_at
from asd_core.tuning.evaluate_settings import evaluate_machine
from asd_core.tuning.gather.gather import gather
from asd_core.tuning.request import SearchRequest
from asd_core.tuning.space.space import new_space
from asd_core.tuning.validations import labelled_validations
from tests.asd_core.tuning.gather.recordings import parts, write_machines

RECIPE = load_recipe("fs-twfr-gmm")
SPACE = new_space({"encoder.r": {"grid": [0.0, 0.9, 1.0, 1.1]}})


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Store, clips, validations and record of a search over r on labels."""
    folder = tmp_path_factory.mktemp("searched")
    clips = write_machines(folder / "archive", {"fan": ["00", "01"]})
    store, (found, _) = Store(LocalFiles(folder / "store")), labelled_validations(*parts(clips))
    request = SearchRequest(SPACE, objective="twfr-sum")
    return store, clips, found, tune(store, RECIPE, clips, found, request, LocalEngine("cpu"))


def test_the_best_r_of_a_search_and_of_a_narrower_range(searched):
    store, _, _, record = searched
    best = chosen_r(store, record)
    assert best == {"fan": record["best"]["fan"]["setting"]["encoder.r"]}
    assert chosen_r(store, record, 0.5) == {"fan": 0.0} and chosen_r(store, record, -1.0) == {}


def test_the_figures_of_any_r_are_those_of_an_evaluation_by_itself(searched, tmp_path):
    store, clips, found, record = searched
    machines = gather(store, RECIPE, clips, found, SPACE.encoder_settings(), str(tmp_path), LocalEngine("cpu")).machines
    figures = figures_at(store, RECIPE, record, {"fan": 0.9, "pump": 1.0})
    assert list(figures) == [("fan", "00"), ("fan", "01")]
    for machine in machines:
        (alone,) = evaluate_machine(machine, RECIPE, [{"encoder.r": 0.9}])
        own = figures[machine.machine_type, machine.machine_id]
        np.testing.assert_allclose(list(own.values()), alone.figures, rtol=1e-9)
    assert figures_at(store, RECIPE, record, {"fan": 0.77}) == {}


def test_a_search_whose_table_is_gone_says_so(searched):
    store, _, _, record = searched
    gone = json.loads(json.dumps(record)) | {"choices": {"tuning/none/settings.parquet": "0" * 32}}
    with pytest.raises(AsdError, match="gone or broken"):
        chosen_r(store, gone)
