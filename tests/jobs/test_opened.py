import pytest

from asd_core.errors import UsageError
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from jobs.opened import changes_of, key_of, open_both, open_recipe, open_store_of
from tests.many_nights.runs import kept_runs


def test_settings_are_read_as_json_and_anything_else_as_text():
    changes = changes_of(["detector.k=8", "encoder.kind = twfr", "encoder.r=[0, 1]", "encoder.level=true"])
    assert changes == {"detector.k": 8, "encoder.kind": "twfr", "encoder.r": [0, 1], "encoder.level": True}
    with pytest.raises(UsageError, match="--set takes KEY=VALUE, such as detector.k=8, got 'k'"):
        changes_of(["k"])
    for text in ("[" * 5000, "9" * 400, "9" * 5000, "[[1]]", '{"a": 1}'):  # none of these is a value of any setting
        assert changes_of([f"detector.k={text}"]) == {"detector.k": text}
    assert open_recipe("twfr-knn", ["detector.k=8"]).for_machine("").detector.k == 8


def test_a_recipe_and_its_store_are_opened_together(tmp_path):
    options = {"recipe_name": "twfr-knn", "settings": ["encoder.r=0.5"], "store_url": str(tmp_path)}
    recipe, store = open_both({**options, "encoder_name": None}, channel=1)
    assert (recipe.for_machine("").encoder.channel, store.files.url) == (1, f"file://{tmp_path}")
    with pytest.raises(UsageError, match="no encoder 'own'"):
        open_both({**options, "encoder_name": "own"}, channel=None)


def test_a_file_is_no_store(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file: name a folder"):
        open_store_of(str(tmp_path / "file"))


def test_a_recipe_is_named_by_its_name_or_by_its_key(tmp_path):
    files = LocalFiles(tmp_path)
    for path, data in kept_runs(("fleet-1", "2026-11-17", "18T05")).items():
        files.write(path, data)
    assert key_of(Store(files), "fleet-1") == "fleet-1"
    assert key_of(Store(files), "twfr-knn") == load_recipe("twfr-knn").key()
    with pytest.raises(UsageError, match="no recipe 'fleet-2'"):
        key_of(Store(files), "fleet-2")
