from datetime import UTC, datetime, timedelta

from asd_core.runs.pruning.caption_evidence import old_caption_evidence
from asd_core.runs.pruning.prunable import Limit
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket


def test_only_files_of_old_nights_alone_may_go():
    spans = ["2026-11-01,2026-11-02", "2026-11-01,2026-11-12", "undated,undated", "2026-11-01,undated"]
    names = [f"{folder}/{span},0.parquet" for folder in ("measures/mix", "tags/0", "clip_captions/0") for span in spans]
    limit = Limit.of(timedelta(days=10), datetime(2026, 11, 20, tzinfo=UTC))
    found = old_caption_evidence(Store(Bucket(dict.fromkeys([*names, "measures/mix/0.parquet"], b""))), limit)
    assert [one.name for one in found] == [name for name in names if spans[0] in name]
