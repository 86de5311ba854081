from tests.command import asd


def write(path, scores):
    names = [
        f"section_00_{d}_test_{c}_000{n}_x.wav"
        for n in (0, 1)
        for d in ("source", "target")
        for c in ("normal", "anomaly")
    ]
    rows = [f"{name},fan,{score}" for name, score in zip(names, scores, strict=True)]
    path.write_text("\n".join(["file,machine_type,anomaly_score", *rows]) + "\n")
    return path


def test_imported_scores_are_evaluated_and_combined(tmp_path):
    store, systems = tmp_path / "store", {"good": [0, 1] * 4, "bad": [1, 0] * 4}
    for name, scores in systems.items():
        said = asd("import-scores", write(tmp_path / f"{name}.csv", scores), "--as", name, "--store", store, "--json")
        assert (said.code, said.json["scored"]) == (0, 8), said.err
        assert said.json["key"].startswith(f"{name}-")
        assert any("transductive" in note for note in said.json["notes"])
    auc = {name: asd("evaluate", "--recipe", name, "--store", store, "--json") for name in systems}
    assert [one.json["mean"]["auc"] for one in auc.values()] == [1.0, 0.0]
    asd("ensemble", "good=good", "bad=bad", "--weight", "bad=0.25", "--as", "both", "--store", store)
    assert asd("evaluate", "--recipe", "both", "--store", store, "--json").json["mean"]["auc"] == 1.0


def test_what_cannot_be_imported_is_one_line(tmp_path):
    path = write(tmp_path / "a.csv", range(8))
    for name, more, line in (
        ("twfr-knn", [], "twfr-knn is the name of a built-in recipe"),
        ("a", ["--system", "x"], "no column 'system'"),
        ("a b", [], "a recipe's name may hold"),
    ):
        said = asd("import-scores", path, "--as", name, "--store", tmp_path / "store", *more)
        assert said.code == 2 and line in said.err
    assert not (tmp_path / "store").exists()


def test_recordings_cannot_be_scored_by_imported_scores(tmp_path):
    asd("import-scores", write(tmp_path / "a.csv", range(8)), "--as", "a", "--store", tmp_path / "store")
    said = asd("nightly", tmp_path, "--recipe", "a", "--store", tmp_path / "store")
    assert said.code == 2 and "leave ARCHIVE out" in said.err
