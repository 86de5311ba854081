import json

import pytest

from asd_core.errors import UsageError
from asd_core.recipe.recipe import load_recipe
from asd_core.synthesis.validation import SimulatedConfig, simulated_validation
from asd_core.tuning.request import SearchRequest, request_record, scopes_of, search_id
from asd_core.tuning.space.space import new_space
from tests.asd_core.pipeline.ensembles.members import fused
from tests.asd_core.synthesis.clips_of import clips_of
from tests.asd_core.tuning.searching import MACHINES

SPACE = new_space({"encoder.r": {"grid": [0.5, 1.0]}})
RECIPE = load_recipe("twfr-knn")
VALIDATIONS = [simulated_validation(clips_of([""] * 12), SimulatedConfig())]


def id_of(recipe=RECIPE, validations=VALIDATIONS, **asked):
    return search_id(recipe, validations, SearchRequest(**{"space": SPACE, **asked}))


def test_a_search_has_another_id_with_another_request_recipe_or_clips():
    others = [
        {"seed": 1},
        {"objective": "pauc"},
        {"per": "global"},
        {"space": new_space({"encoder.r": {"grid": [0.5]}})},
    ]
    changes = [*others, {"recipe": load_recipe("twfr-gmm")}, {"validations": VALIDATIONS * 2}]
    assert len({id_of(), *(id_of(**change) for change in changes)}) == len(changes) + 1


def test_the_folder_for_arrays_is_no_part_of_the_id():
    assert id_of(data="elsewhere") == id_of() == id_of()


def test_a_record_of_a_request_is_json_with_its_space():
    record = request_record(SearchRequest(SPACE, "random", 2, data="elsewhere"))
    assert json.loads(json.dumps(record))["space"]["encoder.r"]["choices"] == [0.5, 1.0]
    assert (record["method"], record["count"]) == ("random", 2) and "data" not in record


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"objective": "acu"}, "did you mean 'auc'"),
        ({"method": "tpe"}, "add --settings N"),
        ({"space": new_space({"encoder.r": {"low": 0.0, "high": 1.0}}), "method": "tpe", "count": 3}, "has no step"),
        ({"space": new_space({"encoder.s": {"grid": [1]}})}, "a recipe has no field 'encoder.s'"),
    ],
)
def test_an_impossible_search_is_refused_before_anything_is_read(asked, message):
    with pytest.raises(UsageError, match=message):
        SearchRequest(**{"space": SPACE, **asked}).check(RECIPE)


def test_scopes_are_types_or_machines_or_all():
    assert [(s.name, s.machines) for s in scopes_of(MACHINES, "machine-type")] == [("fan", (0, 1)), ("pump", (2,))]
    assert [s.name for s in scopes_of(MACHINES, "machine")] == ["fan 00", "fan 02", "pump 00"]
    assert [s.machines for s in scopes_of(MACHINES, "global")] == [(0, 1, 2)]


def test_an_ensemble_has_no_settings_to_search():
    with pytest.raises(UsageError, match="ensemble fused has no settings to search"):
        SearchRequest(SPACE).check(fused())
