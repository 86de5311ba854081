from asd_core.runs.fine_tuning_record import fine_tuning_counts, fine_tuning_line
from asd_core.training.checkpoints import Progressed
from asd_core.training.usable_clips import Unusable


def test_listed_clips_are_trained_on_or_errors():
    unusable = [
        Unusable(str(number), "", reason, "", False) for number, reason in enumerate(("silent", "empty", "silent"))
    ]
    counts = fine_tuning_counts(range(10), unusable, 4, Progressed(step=7))
    assert counts["listed"] == counts["trained"] + counts["errors"] == 10
    assert counts["errors_by_reason"] == {"empty": 1, "silent": 2}
    assert (counts["captions"], counts["steps"]) == (4, 7)


def test_a_fine_tuning_is_told_in_one_line():
    record = {
        "name": "plant",
        "network": {"parameters": 2000, "trained": 10},
        "counts": {"trained": 6, "captions": 2, "steps": 5},
        "last": {"loss": 0.25},
    }
    assert fine_tuning_line(record) == (
        "fine-tuned plant (10 of 2,000 weights) on 6 clips with 2 captions in 5 steps: loss 0.25"
    )
