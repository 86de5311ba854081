import numpy as np
import pytest
import soundfile

from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.ensembles.combined_files import load_members
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.recipe.recipe import Recipe
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.ensembles.fleets import fitted_ensemble
from tests.asd_core.pipeline.ensembles.members import fused
from tests.fleet import NIGHTS, by_uri, clip_path, listed, write_wav


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Rows of the ensemble and of each member for the last night; one recording of it is broken."""
    archive, store, recipe = fitted_ensemble(tmp_path_factory.mktemp("fleet"), fused(near=4.0))
    clip_path(archive, "00", NIGHTS[2], 3).write_bytes(b"no audio")
    write_wav(clip_path(archive, "07", NIGHTS[2], 0), 5)  # a machine without a scorer
    clips = listed(archive, date=NIGHTS[2])
    rows = {}
    for name, one in {"fused": recipe, **recipe.members}.items():
        rows[name] = by_uri(store.read_scores(score(store, one, clips, LocalEngine())))
    return store, recipe, rows


def test_a_score_is_the_weighted_mean_of_standardised_scores(night):
    store, recipe, rows = night
    versions = {}
    for name, one in recipe.members.items():
        (versions[name],) = {v for f, v in newest_versions(store, one.key()).items() if f.endswith("/00")}
    members = load_members(store, recipe, "fan", "00", versions)
    for uri, row in rows["fused"].items():
        if row["machine_id"] == "00" and row["error_reason"] is None:
            own = {name: np.array([rows[name][uri]["anomaly_score"]]) for name in members}
            parts = {name: members[name].standardised(scores)[0] for name, scores in own.items()}
            assert row["anomaly_score"] == pytest.approx(0.8 * parts["near"] + 0.2 * parts["spread"])
            assert row["member_scores"] == pytest.approx([parts["near"], parts["spread"]])


def test_the_member_that_decides_gives_the_nearest_clips(night):
    _, _, rows = night
    deciding = {row["decided_by"] for row in rows["fused"].values() if row["error_reason"] is None}
    assert deciding == {"near", "spread"}
    for uri, row in rows["fused"].items():
        if row["error_reason"] is None:
            own = rows[row["decided_by"]][uri]
            assert {name: row[name] for name in ("nearest_uris", "nearest_distances", "level_db", "seconds")} == {
                name: own[name] for name in ("nearest_uris", "nearest_distances", "level_db", "seconds")
            }
            assert row["is_flagged"] == (row["anomaly_score"] > row["decision_threshold"])
            assert 0 < row["p_value"] <= 1


def test_a_recording_that_no_member_can_read_is_an_error_as_it_is_for_each(night):
    _, _, rows = night
    (uri,) = [uri for uri, row in rows["near"].items() if row["error_reason"] == "not_audio"]
    assert rows["fused"][uri]["error"] == rows["near"][uri]["error"]
    assert rows["fused"][uri]["anomaly_score"] is rows["fused"][uri]["decided_by"] is None


def test_a_machine_without_a_combined_scorer_is_an_error(night):
    _, _, rows = night
    (row,) = [row for row in rows["fused"].values() if row["machine_id"] == "07"]
    assert (row["error_reason"], row["anomaly_score"]) == ("no_scorer", None)


def test_a_clip_that_one_member_cannot_score_names_that_member(tmp_path):
    # The second member hears a channel that the last recording has not.
    members = {"near": {"recipe": "twfr-knn"}, "right": {"recipe": "twfr-knn"}}
    settings = fused().members["near"].with_settings({"encoder.channel": 1}).settings
    members["right"]["settings"] = settings
    recipe = Recipe("fused", {"ensemble": {"members": members}})
    archive = tmp_path / "archive"
    for night in NIGHTS:
        for number in range(5):
            path = clip_path(archive, "00", night, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng([number, int(night[-1])]).normal(0, 0.1, (16_000, 2))
            is_mono = (night, number) == (NIGHTS[2], 4)
            soundfile.write(path, noise[:, 0] if is_mono else noise, 16_000)
    store = Store(LocalFiles(tmp_path / "store"))
    fit(store, recipe, listed(archive, until=NIGHTS[1]), LocalEngine())
    record = score(store, recipe, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert (record["counts"]["scored"], record["counts"]["errors"]) == (4, 1)
    (row,) = [row for row in store.read_scores(record).to_pylist() if row["error"]]
    assert row["error"].startswith("member right: ") and "near" not in row["error"]
    assert row["uri"].endswith("04.wav")
