import numpy as np
import pytest

from asd_core.errors import UsageError
from asd_core.evaluation.evaluate import evaluate
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.combine import combine
from asd_core.runs.embed import stored_clips
from asd_core.runs.evaluate import scored_for_evaluation
from asd_core.runs.import_embeddings import import_rows
from asd_core.runs.import_scores import import_scores
from asd_core.runs.new_ensemble import new_ensemble
from asd_core.runs.score_files import read_scores
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store


def write(path, seed, train=0, test=20):
    """Scores of one section: half of the test clips are anomalous and a little higher."""
    generator, rows = np.random.default_rng(seed), ["file,machine_type,anomaly_score"]
    for number in range(train):
        rows.append(f"section_00_source_train_normal_{number:04d}_x.wav,fan,{generator.normal()}")
    for number in range(test):
        condition = ("normal", "anomaly")[number % 2]
        domain = ("source", "target")[number // 2 % 2]
        score = generator.normal() + number % 2
        rows.append(f"section_00_{domain}_test_{condition}_{number:04d}_x.wav,fan,{score}")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path / "store"))


def test_scores_of_given_normals_set_the_threshold(store, tmp_path):
    recipe, record = import_scores(store, "a", [write(tmp_path / "a.csv", 0, train=19)])
    assert (record["counts"]["scored"], record["counts"]["errors"]) == (20, 0)
    rows = store.read_scores(record)
    normals = np.sort([float(line.split(",")[2]) for line in (tmp_path / "a.csv").read_text().splitlines()[1:20]])
    np.testing.assert_allclose(rows["decision_threshold"].to_numpy(), normals[17])
    assert rows["nearest_uris"].to_pylist() == [[]] * 20
    assert not recipe.for_machine("fan").detector.transductive


def test_without_normals_scores_are_judged_by_one_another_and_still_evaluated(store, tmp_path):
    recipe, record = import_scores(store, "a", [write(tmp_path / "a.csv", 0)])
    assert recipe.for_machine("fan").detector.transductive
    rows = scored_for_evaluation(store, recipe, stored_clips(store, recipe), LocalEngine())
    assert rows["split"].to_pylist() == ["test"] * 20
    assert evaluate(rows).machines[0].counts.anomalous == 10
    assert sum(store.read_scores(record)["is_flagged"].to_pylist()) == 1  # above the 19th of 20


def test_the_rank_mean_of_imported_scores_is_that_of_their_ranks(store, tmp_path):
    from scipy.stats import rankdata

    scores = []
    for seed, name in enumerate("ab"):
        recipe, record = import_scores(store, name, [write(tmp_path / f"{name}.csv", seed)])
        rows = {row["uri"]: row["anomaly_score"] for row in store.read_scores(record).to_pylist()}
        scores.append([rows[uri] for uri in sorted(rows)])
    fused = new_ensemble(store, "fused", {"a": "a", "b": "b"}, {}, "rank")
    combine(store, fused, LocalEngine())
    rows = scored_for_evaluation(store, fused, stored_clips(store, fused), LocalEngine())
    found = [row["anomaly_score"] for row in sorted(rows.to_pylist(), key=lambda row: row["uri"])]
    np.testing.assert_allclose(found, (rankdata(scores[0]) + rankdata(scores[1])) / 2 / 21)
    assert rows["split"].to_pylist() == ["test"] * 20


def test_a_clip_that_one_system_has_no_score_of_is_an_error_that_names_it(store, tmp_path):
    import_scores(store, "a", [write(tmp_path / "a.csv", 0)])
    import_scores(store, "b", [write(tmp_path / "b.csv", 1, test=18)])
    fused = new_ensemble(store, "fused", {"a": "a", "b": "b"}, {}, "z")
    combine(store, fused, LocalEngine())
    rows = scored_for_evaluation(store, fused, stored_clips(store, fused), LocalEngine()).to_pylist()
    failed = [row for row in rows if row["error"]]
    assert len(rows) == 20 and len(failed) == 2
    assert {row["error"] for row in failed} == {"member b: it holds nothing of this clip: import it, or run asd embed"}


def test_another_score_of_a_clip_under_the_same_name_is_refused(store, tmp_path):
    import_scores(store, "a", [write(tmp_path / "a.csv", 0)])
    import_scores(store, "a", [write(tmp_path / "a.csv", 0)])
    with pytest.raises(UsageError, match="stored as a with another"):
        import_scores(store, "a", [write(tmp_path / "a.csv", 1)])
    with pytest.raises(UsageError, match="a is taken"):
        import_scores(store, "a", [write(tmp_path / "a.csv", 0, train=5)])


def test_a_recipe_of_imported_scores_is_no_built_in_one(store, tmp_path):
    recipe, _ = import_scores(store, "a", [write(tmp_path / "a.csv", 0)])
    assert isinstance(recipe, Recipe) and recipe.key().startswith("a-")


def test_an_import_that_broke_off_before_its_recipe_was_kept_is_finished_by_the_same_command(store, tmp_path):
    path = write(tmp_path / "a.csv", 0)
    import_scores(store, "a", [path])
    store.files.delete("recipes/a.json")
    assert import_scores(store, "a", [path])[1]["counts"]["scored"] == 20
    import_rows(store, "b", [path], read_scores)
    with pytest.raises(UsageError, match="b is taken: embeddings were imported by that name"):
        import_scores(store, "b", [path])
