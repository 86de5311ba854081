import tomllib
from pathlib import Path

from tests.infra.manifests import ROOT
from tests.infra.packages import data_files


def test_a_wheel_takes_every_page_recipe_and_list_of_words_along():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = pyproject["tool"]["setuptools"]["package-data"]
    taken = {
        str(path.relative_to(ROOT))
        for package, globs in patterns.items()
        for pattern in globs
        for path in (ROOT / package).glob(pattern)
    }
    assert len(data_files()) > 30 and set(data_files()) == taken
    assert {Path(path).suffix for path in taken} >= {".html", ".css", ".js", ".toml", ".txt"}
