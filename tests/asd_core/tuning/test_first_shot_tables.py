import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.tune import tune
from asd_core.tuning.first_shot_tables import CUT_OUT, KEPT, Searches, tables
from asd_core.tuning.request import SearchRequest
from asd_core.tuning.space.space import new_space
from asd_core.tuning.validations import labelled_validations
from tests.asd_core.tuning.first_shot import store_in
from tests.asd_core.tuning.gather.recordings import parts, write_machines

RECIPE = load_recipe("fs-twfr-gmm")


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    clips = write_machines(folder / "archive", {"fan": ["00"]})
    store, (found, _) = store_in(folder / "store"), labelled_validations(*parts(clips))
    records = [
        tune(
            store, RECIPE, clips, found, SearchRequest(new_space({"encoder.r": r}), objective="twfr-sum"), LocalEngine()
        )
        for r in ({"low": 0.0, "high": 1.1, "step": 0.1}, {"grid": [0.0, 1.0, 1.1]})
    ]
    return store, records


def test_each_table_has_its_rows_and_figures_of_the_real_search_alone(searched):
    store, (fine, coarse) = searched
    found = tables(store, RECIPE, Searches(fine, coarse, fine), CUT_OUT)
    assert [(row["highest"], row["silence"]) for row in found["choices"]] == [
        (1.0, KEPT),
        (1.0, CUT_OUT),
        (1.1, KEPT),
        (1.1, CUT_OUT),
    ]
    assert [row["name"] for row in found["training_data"]] == ["r = 0", "r = 1", "FS-TWFR-GMM", "TWFR-GMM"]
    assert found["training_data"][2]["r"] == found["choices"][3]["r"] == found["training_data"][3]["r"]
    assert found["training_data"][2]["mean"] == pytest.approx(
        (found["training_data"][2]["auc"] + found["training_data"][2]["pauc"]) / 2
    )
    assert found["training_data"][3]["official"] >= found["training_data"][0]["official"] - 0.2
    assert found["r"][0]["difference"] == 0


def test_without_labels_there_are_choices_and_no_figures(searched):
    store, (fine, coarse) = searched
    found = tables(store, RECIPE, Searches(coarse, fine, None), KEPT)
    assert [row["data"] for row in found["training_data"]] == ["none", "none", "synthetic"]
    assert all(row["auc"] is None and not row["machines"] for row in found["training_data"])
    assert found["r"][0]["real"] is None and found["r"][0]["synthetic"] == found["choices"][2]["r"]["fan"]
