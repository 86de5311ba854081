from tests.asd_core.runs.feature_files import write_npz
from tests.command import asd
from tests.fleet import files_of
from tests.jobs.options import options


def test_imported_embeddings_go_through_fit_score_and_evaluate_without_an_archive(tmp_path):
    folder = tmp_path / "vectors"
    for machine in ("fan_id_00", "fan_id_02"):
        write_npz(folder, machine, train=100, normal=40, anomalous=40)
    said = asd("import-embeddings", folder, "--encoder", "here", "--store", tmp_path / "store", "--json")
    assert (said.json["listed"], said.json["decoded"], said.json["embedding_dim"]) == (360, 360, 8)
    before = files_of(tmp_path / "store")
    again = asd("import-embeddings", folder, "--encoder", "here", "--store", tmp_path / "store", "--json")
    assert again.json["decoded"] == 0 and files_of(tmp_path / "store") == before
    common = [*options(tmp_path, "imported-knn"), "--encoder", "here", "--set", "embedding.transform=log-zscore"]
    assert asd("fit", *common).json["fitted"] == 2
    assert asd("score", *common).json["scored"] == 160
    found = asd("evaluate", *common, "--out", tmp_path / "out").json
    assert len(found["machines"]) == 2 and found["mean"]["auc"] > 0.9
    assert len(list((tmp_path / "out/submission").glob("decision_result_fan_*02*.csv"))) == 1
