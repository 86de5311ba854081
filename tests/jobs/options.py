"""Options of nearly every command under test."""


def options(tmp_path, recipe="twfr-knn"):
    return ["--recipe", recipe, "--store", tmp_path / "store", "--local", "--json"]
