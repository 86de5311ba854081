import pytest

from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.type_scorers import (
    borrowed_name,
    can_borrow,
    is_borrowed,
    name_in_rows,
    newest_of_types,
    scorer_place,
    type_folder,
)
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store


@pytest.mark.parametrize("folder", [type_folder("key", "fan"), scorer_folder("key", "fan", "07")])
def test_the_name_in_a_row_leads_back_to_the_scorer(folder):
    name = name_in_rows(folder, "v000001-abc")
    assert scorer_place("key", "fan", "07", name) == (folder, "v000001-abc")
    assert is_borrowed(name) == (name == borrowed_name("v000001-abc")) == folder.startswith("type_scorers/")


def test_clips_of_an_unknown_machine_borrow_nothing_and_errors_borrowed_nothing():
    assert can_borrow("fan", "07") and not can_borrow("fan", "unplaced") and not can_borrow("unplaced", "07")
    assert not is_borrowed(None)


def test_the_highest_version_of_each_type_is_its_newest(tmp_path):
    store = Store(LocalFiles(tmp_path))
    for version in ("v000001-a", "v000002-b"):
        store.files.write(f"newest_{type_folder('key', 'fan')}/{version}", b"")
    assert newest_of_types(store, "key") == {type_folder("key", "fan"): "v000002-b"}
