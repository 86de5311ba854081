from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.combine import combine
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from tests.asd_core.pipeline.ensembles.fleets import fitted_ensemble
from tests.fleet import NIGHTS, listed


def test_combining_again_adds_no_scorer_until_a_member_is_fitted_again(tmp_path):
    archive, store, recipe = fitted_ensemble(tmp_path, machines=("00",))
    record, _ = combine(store, recipe, LocalEngine())
    assert (record["counts"]["fitted"], record["counts"]["new_scorers"]) == (1, 0)
    assert record["dates"] == NIGHTS[:2]
    fit(store, recipe.members["near"], listed(archive), LocalEngine())
    record, (outcome,) = combine(store, recipe, LocalEngine())
    assert record["counts"]["new_scorers"] == 1
    assert outcome.normal_clips == 8  # the clips that both members have unseen scores of


def test_an_ensemble_scores_with_the_members_that_it_was_made_of(tmp_path):
    archive, store, recipe = fitted_ensemble(tmp_path, machines=("00",))
    clips = listed(archive, date=NIGHTS[2])
    record = score(store, recipe, clips, LocalEngine())
    before, before_notes = store.read_scores(record), record["notes"]
    fit(store, recipe.members["near"], listed(archive), LocalEngine())
    again = score(store, recipe, clips, LocalEngine(), job="nightly")
    assert store.read_scores(again)["anomaly_score"] == before["anomaly_score"]
    assert before_notes == []
    assert [note.partition(":")[0] for note in again["notes"]] == ["member near was fitted again since"]
