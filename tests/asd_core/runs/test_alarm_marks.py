from datetime import UTC, datetime

import pyarrow as pa

from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.runs.alarm_marks import digests_of_nights, told_by
from asd_core.store.alarm_schemas import LABELS, MAINTENANCE

WINDOW = {"machine_type": "fan", "machine_id": "00", "since": "2026-11-10", "until": None, "reason": None}
WINDOW |= {"named_by": None, "is_removed": False, "named_at": datetime(2026, 11, 10, tzinfo=UTC)}


def marks(rows, date):
    table = pa.Table.from_pylist(rows, MAINTENANCE)
    return told_by(AlarmConfig(), [], digests_of_nights(LABELS.empty_table(), table), date)


def test_maintenance_marks_the_nights_from_its_first_on_and_none_before():
    without = told_by(AlarmConfig(), [], digests_of_nights(LABELS.empty_table()), "2026-11-20")
    assert marks([], "2026-11-20") == without == marks([WINDOW], "2026-11-09")
    assert marks([WINDOW], "2026-11-10") != without != marks([WINDOW], "2026-11-20")
    later = WINDOW | {"named_at": datetime(2026, 11, 12, tzinfo=UTC)}
    assert marks([later], "2026-11-20") == marks([WINDOW], "2026-11-20")
