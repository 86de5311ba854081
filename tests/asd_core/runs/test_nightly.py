"""A night from its clips to its pages, and whose failure is whose."""

import numpy as np
import pytest
import soundfile

from asd_core.captions.selection import CaptionOrder
from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.nightly import nightly
from asd_core.runs.report import report_path
from tests.fleet import KNN, NIGHTS, clip_path, files_of, fitted, listed

ASKED = CaptionOrder("acoustic", llm="echo at test")


class Captioner:
    """Answers nothing, and breaks where it is told to."""

    def __init__(self, breaks_at=""):
        self.breaks_at, self.is_closed = breaks_at, False

    def begin(self):
        pass

    def submit(self, requests):
        pass

    def answers(self):
        if self.breaks_at == "answers":
            raise AsdError("nobody\nanswers")
        return iter(())

    def close(self):
        self.is_closed = True
        if self.breaks_at == "close":
            raise AsdError("the door sticks")


@pytest.fixture
def plant(tmp_path):
    """A fleet, scorers of its first two nights, and a squeal in the third."""
    archive, store = fitted(tmp_path)
    tone = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
    soundfile.write(clip_path(archive, "00", NIGHTS[2], 0), tone, 16_000)
    return listed(archive, date=NIGHTS[2]), store


def test_a_night_is_scored_explained_and_reported(plant):
    clips, store = plant
    seen = []
    night = nightly(store, KNN, clips, LocalEngine(), lambda *progress: seen.append(progress))
    assert night.record["counts"]["scored"] == 8 and night.failure is None
    assert night.captions["captioned"] == night.record["counts"]["flagged"] > 0
    assert night.reports == [store.files.address(report_path(KNN, NIGHTS[2]))]
    assert "a new tone at 1 kHz" in store.files.read(report_path(KNN, NIGHTS[2])).decode()
    assert seen[-1] == ("writing reports", 1, 1) and {"embedding clips", "scoring machines"} < {s for s, _, _ in seen}


def test_a_finished_night_is_not_repeated(plant):
    clips, store = plant
    first = nightly(store, KNN, clips, LocalEngine())
    before = files_of(store.files.root)
    again = nightly(store, KNN, clips, LocalEngine())
    assert files_of(store.files.root) == before and again.reports == first.reports
    assert again.record["already_complete"] and again.captions["asked"] == 0


def test_a_finished_night_whose_page_tells_other_alarms_has_it_written_again(plant):
    clips, store = plant
    nightly(store, KNN, clips, LocalEngine())
    path = report_path(KNN, NIGHTS[2])
    page = store.files.read(path)
    store.files.write(path, page.replace(b'name="asd-alarms" content="', b'name="asd-alarms" content="0'))
    assert nightly(store, KNN, clips, LocalEngine()).record["already_complete"]
    assert store.files.read(path) == page


def test_captions_that_a_finished_night_lacks_are_made_and_its_page_is_written_again(plant):
    clips, store = plant
    bare = nightly(store, KNN, clips, LocalEngine(), captions=None)
    page = store.files.read(report_path(KNN, NIGHTS[2]))
    later = nightly(store, KNN, clips, LocalEngine())
    assert bare.captions is None and later.captions["captioned"] == bare.record["counts"]["flagged"] > 0
    assert store.files.read(report_path(KNN, NIGHTS[2])) != page


def test_without_reports_no_page_is_written(plant):
    clips, store = plant
    assert nightly(store, KNN, clips, LocalEngine(), writes_reports=False).reports == []
    assert not store.files.exists(report_path(KNN, NIGHTS[2]))


def refuse_to_open():
    raise AsdError("no actor")


@pytest.mark.parametrize(
    ("opener", "message"),
    [
        (refuse_to_open, "the scores are published, the captions are not: no actor; asd caption goes on from here"),
        (lambda: Captioner("answers"), "the captions are not: nobody answers; asd caption goes on from here"),
        (lambda: Captioner("close"), "scores and captions are published, and then something went wrong: the door"),
    ],
)
def test_whatever_goes_wrong_with_captions_the_scores_and_the_report_are_published(plant, opener, message):
    clips, store = plant
    night = nightly(store, KNN, clips, LocalEngine(), captions=ASKED, open_captioner=opener)
    assert message in str(night.failure) and isinstance(night.failure.__cause__, AsdError)
    assert len(store.scores(KNN.key())) == 8 and store.files.exists(report_path(KNN, NIGHTS[2]))


def test_scores_that_fail_are_no_failure_of_captions_and_the_captioner_is_closed(plant):
    clips, store = plant
    captioner = Captioner("close")
    clip_path(store.files.root.parent / "archive", "00", NIGHTS[2], 1).write_bytes(b"")
    with pytest.raises(AsdError, match="more than --max-error-rate 0: nothing is published"):
        nightly(
            store,
            KNN,
            clips,
            LocalEngine(),
            captions=ASKED,
            open_captioner=lambda: captioner,
            max_error_rate=0.0,
        )
    assert captioner.is_closed and not store.runs("nightly")


def test_captions_that_the_recipe_does_not_allow_are_refused_before_anything_is_done(plant):
    clips, store = plant
    before = files_of(store.files.root)
    with pytest.raises(UsageError, match="need MS-CLAP"):
        nightly(store, KNN, clips, LocalEngine(), captions=CaptionOrder("hybrid", llm="echo"))
    assert files_of(store.files.root) == before
