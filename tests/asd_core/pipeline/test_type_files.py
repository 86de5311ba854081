import numpy as np
import pytest

from asd_core.pipeline.groups_left_out import GroupsLeftOut
from asd_core.pipeline.type_files import save_type_scorer, stored_lent_nights
from asd_core.pipeline.type_scorers import type_folder
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS
from tests.asd_core.pipeline.nights import night_values, scorer_of, training_rows


@pytest.mark.parametrize("dates", [["2026-11-01", "2026-11-02"], ["undated"] * 2])
def test_lent_nights_are_those_of_each_machine_scored_without_its_clips(tmp_path, dates):
    values, machines = night_values(6, 4), np.repeat([0, 1, 2], 8)
    rows = training_rows(values, np.tile(np.repeat(dates, 4), 3))
    rows = rows.set_column(rows.schema.get_field_index("machine_id"), "machine_id", [[f"{n}" for n in machines]])
    scorer = scorer_of(rows, values, groups=GroupsLeftOut("machine", machines))
    store, folder = Store(LocalFiles(tmp_path)), type_folder("key", "fan")
    version, is_new = save_type_scorer(store, "key", scorer, rows.select(CLIPS.names))
    found = stored_lent_nights(store, folder, version)
    is_known = dates[0] != "undated"
    assert is_new and found.lenders == 3 and len(found.nights) == (6 if is_known else 24)
    np.testing.assert_array_equal(np.sort(found.nights.scores), scorer.unseen)
    (tmp_path / folder / version / "lent.parquet").unlink()
    assert stored_lent_nights(store, folder, version) is None
