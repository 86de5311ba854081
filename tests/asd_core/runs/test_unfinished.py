from asd_core.runs.unfinished import UnfinishedNight, unfinished
from asd_core.store.layout import attempted_path, pending_path, score_part_path, sent_path
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket
from tests.many_nights.runs import kept_runs

DATE = "2026-11-19"


def test_a_night_with_parts_of_scores_and_no_record_is_not_finished_and_no_part_is_opened():
    parts = [
        score_part_path("fleet-1", DATE, run, part, "ab12") for run in ("nightly-0", "nightly-9") for part in (0, 1)
    ]
    store = Store(Bucket(kept_runs(("fleet-1", DATE, "19T23")) | dict.fromkeys(parts, b"")))
    assert unfinished(store).nights == [UnfinishedNight("fleet-1", DATE, "nightly-9", 2)]
    assert store.files.requests["read", "score_parts"] == 0


def test_a_part_of_before_has_no_hash_in_its_name():
    store = Store(Bucket({score_part_path("fleet-1", "undated", "nightly-9", 0): b""}))
    assert unfinished(store).nights == [UnfinishedNight("fleet-1", "undated", "nightly-9", 1)]


def test_requests_to_a_language_model_count_once_whether_answered_or_not():
    store = Store(Bucket(dict.fromkeys(["intents/a.json", "intents/b.json", "answers/a.json"], b"")))
    assert (unfinished(store).requests, unfinished(store).answers) == (2, 1)


def test_runs_that_embed_are_told_by_their_marks():
    files = kept_runs(("fleet-1", DATE, "19T23"))
    files["runs/nightly-0.json"] = files["runs/nightly-0.json"].replace(
        b'"dates"', b'"fingerprints": {"": "f"}, "dates"'
    )
    store = Store(Bucket(files | {"embeddings/f/unindexed/1": b"", "embeddings/other/unindexed/1": b""}))
    assert unfinished(store).embedding == {"f": 1}


def test_messages_wait_that_are_pending_and_no_others():
    paths = [pending_path("host-1", "2026-11-19", "a"), pending_path("host-2", "2026-11-19", "a")]
    paths += [sent_path("host-1", "b"), attempted_path("host-1", "a")]
    assert unfinished(Store(Bucket(dict.fromkeys(paths, b"")))).messages == 2
