import pytest

from asd_core.errors import UsageError
from jobs.opened import changes_of, open_both, open_recipe, open_store_of


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
