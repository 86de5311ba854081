"""Captions from rows of scores to published rows, with measurements as evidence and an LLM that answers at once."""

import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import soundfile

from asd_core.captions.answers import check_answer
from asd_core.captions.rows import TAKEN
from asd_core.captions.selection import CaptionOrder, flagged_in
from asd_core.errors import AsdError, UsageError
from asd_core.llm.captioner import LlmCaptioner
from asd_core.llm.requests import CaptionAnswer
from asd_core.llm.settings import LlmSettings
from asd_core.llm.turn import Turn
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.caption import CaptionRun
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from tests.asd_core.captions.squeals import squealing, squealing_night
from tests.fleet import KNN, NIGHTS, clip_path, files_of, fitted, listed
from tests.llm_server import LlmServer
from tests.llm_server.hostile import ODD, REFUSALS

MEASURED = CaptionOrder("acoustic")
ASKED = CaptionOrder("acoustic", llm="echo at test")


class Echo:
    """Answers each request at once; fails those of some clips."""

    def __init__(self, refused=()):
        self.requests, self._refused, self._waiting, self.closed = [], set(refused), [], False

    def begin(self):
        pass

    def submit(self, requests):
        self.requests += requests
        self._waiting += requests

    def answers(self):
        while self._waiting:
            request = self._waiting.pop(0)
            if request.clip_id in self._refused:
                yield CaptionAnswer(request.request_id, None, 9, 0, 8, 0, None, "llm_failed", "busy")
            else:
                yield CaptionAnswer(request.request_id, f"This sound is {request.clip_id}.", 100, 20, 1)

    def close(self):
        self.closed = True


class Parallel(LocalEngine):
    """An engine of two workers, so that captions are made in the background."""

    workers = 2


@pytest.fixture
def scored(tmp_path):
    return squealing_night(tmp_path)


def caption(store, rows, order=MEASURED, captioner=None, engine=None):
    opener = None if captioner is None else lambda: captioner
    with CaptionRun(store, KNN, order, engine or LocalEngine(), opener) as run:
        run.add(rows)
        return run.finish()


def test_a_measured_caption_names_the_squeal_and_the_normal_clips_it_was_compared_with(scored):
    summary = caption(scored[1], squealing(scored))
    rows = scored[1].captions(KNN.key()).to_pylist()
    assert (summary["asked"], summary["captioned"], summary["errors"], summary["tokens"]) == (
        len(rows),
        len(rows),
        0,
        0,
    )
    squeal = next(row for row in rows if row["uri"].endswith("/00.wav") and row["machine_id"] == "00")
    assert "a new tone at 1 kHz" in squeal["difference_caption"]
    assert len(squeal["normal_uris"]) == 4 and squeal["llm"] == "" and squeal["prompt"] == ""


def test_a_second_run_asks_nothing_and_adds_no_file(scored):
    caption(scored[1], squealing(scored))
    before = files_of(scored[1].files.root)
    assert caption(scored[1], squealing(scored))["asked"] == 0
    assert files_of(scored[1].files.root) == before


def test_a_language_model_is_told_the_measurements_and_its_answer_is_published(scored):
    echo = Echo()
    summary = caption(scored[1], squealing(scored), ASKED, echo)
    assert summary["tokens"] == 120 * summary["asked"] > 0
    row = scored[1].captions(KNN.key()).to_pylist()[0]
    assert row["difference_caption"] == f"This sound is {row['clip_id']}." and row["llm"] == "echo at test"
    assert row["findings"][0] in row["prompt"] == echo.requests[0].prompt


def test_what_failed_is_an_error_row_and_asked_again(scored):
    rows = squealing(scored)
    first = rows["clip_id"][0].as_py()
    assert caption(scored[1], rows, ASKED, Echo({first}))["errors_by_reason"] == {"llm_failed": 1}
    again = Echo()
    assert caption(scored[1], rows, ASKED, again)["captioned"] == 1
    assert [request.clip_id for request in again.requests] == [first]
    assert scored[1].captions(KNN.key())["error"].null_count == len(rows)


def test_measured_captions_do_not_count_as_the_language_models(scored):
    caption(scored[1], squealing(scored))
    assert caption(scored[1], squealing(scored), ASKED, Echo())["asked"] == len(squealing(scored))
    assert len(scored[1].captions(KNN.key())) == 2 * len(squealing(scored))


def test_what_is_added_twice_is_asked_once_also_in_the_background(scored):
    echo, rows = Echo(), squealing(scored)
    run = CaptionRun(scored[1], KNN, ASKED, Parallel(), lambda: echo)
    for _ in range(3):
        run.add(rows)
    assert run.finish()["asked"] == len(echo.requests) == len(rows)


def test_captions_are_asked_for_before_the_scores_are_published(scored, tmp_path):
    archive, store = fitted(tmp_path / "again")
    shutil.copytree(scored[0] / "machine_type=fan", archive / "machine_type=fan", dirs_exist_ok=True)
    echo, published = Echo(), []

    def on_scored(outcome):
        run.add(flagged_in(store, outcome.files))
        published.append(len(store.runs("score")))

    run = CaptionRun(store, KNN, ASKED, LocalEngine(), lambda: echo)
    record = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine(), on_scored=on_scored)
    assert set(published) == {0} and run.finish()["asked"] == record["counts"]["flagged"] > 0


def test_historical_clips_need_no_audio_where_they_were_measured(scored):
    caption(scored[1], squealing(scored))
    shutil.rmtree(scored[0])
    echo = Echo()
    order = CaptionOrder("acoustic", llm="echo at test", may_read_audio=False)
    assert caption(scored[1], squealing(scored), order, echo)["errors"] == 0


def test_what_a_night_keeps_of_its_flagged_clips_is_enough_for_a_later_caption(scored):
    run = CaptionRun(scored[1], KNN, CaptionOrder("acoustic", keeps_evidence=True), LocalEngine())
    run.add(squealing(scored))
    run.finish()
    shutil.rmtree(scored[0])
    later = CaptionOrder("acoustic", llm="echo at test", may_read_audio=False)
    assert caption(scored[1], squealing(scored), later, Echo())["errors"] == 0


def test_a_clip_of_which_nothing_is_stored_is_an_error_row_that_says_how_to_go_on(scored):
    summary = caption(scored[1], squealing(scored), CaptionOrder("acoustic", may_read_audio=False))
    assert summary["errors_by_reason"] == {"no_evidence": summary["asked"]}
    assert "--read-audio" in scored[1].captions(KNN.key())["error"][0].as_py()


def test_a_method_of_ms_clap_needs_a_recipe_that_names_it(scored):
    with pytest.raises(UsageError, match="captions.encoder"):
        CaptionRun(scored[1], KNN, CaptionOrder("hybrid", llm="echo at test"), LocalEngine(), Echo)


def test_an_error_in_the_background_is_raised_at_the_end(scored):
    class Broken(Parallel):
        def map(self, function, items, *, on_gpu=False):
            raise AsdError("the node died")

    with pytest.raises(AsdError, match="the node died"):
        caption(scored[1], squealing(scored), engine=Broken())


def test_answers_that_came_before_a_failure_are_published(scored):
    class Lost(Echo):
        def answers(self):
            yield next(super().answers())
            raise AsdError("nobody is left to ask")

    lost, again = Lost(), Echo()
    with pytest.raises(AsdError, match="nobody is left"):
        caption(scored[1], squealing(scored), ASKED, lost)
    assert len(scored[1].captions(KNN.key())) == 1
    summary = caption(scored[1], squealing(scored), ASKED, again)
    assert summary["explained"] == 1 and len(again.requests) == len(lost.requests) - 1


def test_what_goes_wrong_while_clips_are_added_is_raised_at_the_end(scored):
    caption(scored[1], squealing(scored))
    shutil.rmtree(scored[1].files.root / "captions")
    run = CaptionRun(scored[1], KNN, MEASURED, LocalEngine())
    run.add(squealing(scored))
    run.add_flagged(["scores/gone.parquet"])
    with pytest.raises(AsdError, match="gone from the store"):
        run.finish()


def test_evidence_that_cannot_be_kept_is_a_note_and_the_captions_are_published(scored):
    recipe = KNN.with_settings({"captions.encoder": "clap", "captions.weights": "/no/such/weights"})
    for engine in (LocalEngine(), Parallel()):
        run = CaptionRun(scored[1], recipe, CaptionOrder("acoustic", keeps_evidence=True, asks_again=True), engine)
        run.add(squealing(scored))
        summary = run.finish()
        assert summary["captioned"] == summary["asked"] > 0 and "was not kept" in summary["notes"][0]
    assert len(scored[1].captions(KNN.key())) == summary["captioned"]


def test_an_answer_is_paid_for_once_whichever_recipe_asks(scored):
    archive, store, _ = scored
    caption(store, squealing(scored), ASKED, Echo())
    recipe, echo = KNN.with_settings({"detector.density_k": 8}), Echo()
    fit(store, recipe, listed(archive, until=NIGHTS[1]), LocalEngine())
    record = score(store, recipe, listed(archive, date=NIGHTS[2]), LocalEngine())
    rows = store.read_scores(record)
    run = CaptionRun(store, recipe, ASKED, LocalEngine(), lambda: echo)
    run.add(rows.filter([uri in squealing(scored)["uri"].to_pylist() for uri in rows["uri"].to_pylist()]))
    told = run.finish()
    assert (told["asked"], told["captioned"], told["tokens"]) == (len(squealing(scored)),) * 2 + (0,)
    assert not echo.requests and told["notes"] == [TAKEN]
    assert store.captions(recipe.key())["difference_caption"][0].as_py().startswith("This sound is ")


def test_what_is_explained_is_counted_and_explained_anew_only_when_asked_for(scored):
    rows, echo = squealing(scored), Echo()
    caption(scored[1], rows, ASKED, Echo())
    assert caption(scored[1], rows, ASKED, echo)["explained"] == len(rows)
    again = caption(scored[1], rows, CaptionOrder("acoustic", "echo at test", asks_again=True), echo)
    assert (again["asked"], again["explained"], again["tokens"]) == (len(rows), 0, 0) and not echo.requests


def test_the_later_caption_holds_even_where_it_is_what_it_once_was(scored):
    for k in (4, 1, 4):
        recipe = KNN.with_settings({"captions.k": k})
        run = CaptionRun(scored[1], recipe, CaptionOrder("acoustic", asks_again=True), LocalEngine())
        run.add(squealing(scored))
        run.finish()
        (lengths,) = {len(uris) for uris in scored[1].captions(KNN.key())["normal_uris"].to_pylist()}
        assert lengths == k


def test_a_recording_that_was_replaced_since_it_was_scored_is_not_taken_for_it(scored):
    rows = squealing(scored)
    soundfile.write(clip_path(scored[0], "00", NIGHTS[2], 0), np.sin(np.arange(16_000) / 3), 16_000)
    assert caption(scored[1], rows)["errors_by_reason"] == {"no_evidence": 1}
    (error,) = scored[1].captions(KNN.key())["error"].drop_null().to_pylist()
    assert "not what was listed: replaced since" in error


def test_captions_settings_change_neither_key_nor_scorers():
    changed = KNN.with_settings({"captions.encoder": "clap", "captions.k": 2})
    assert changed.key() == KNN.key() and changed.for_machine("").captions.k == 2
    with pytest.raises(UsageError, match="captions.k"):
        load_recipe("twfr-knn").with_settings({"captions.k": 9})


def run_asking(store, rows, server, **options):
    """The counts of a run that asks a real server, taking its turn."""
    llm = LlmSettings("m", server.url, requests_per_minute=6000)
    turn = Turn(store.files, llm.name, **options)
    opener = partial(LlmCaptioner, llm, store.files.url, check_answer, turn=turn)
    with CaptionRun(store, KNN, CaptionOrder("acoustic", llm=llm.name), LocalEngine(), opener) as run:
        run.add(rows)
        return run.finish()


def test_two_runs_at_once_pay_for_a_caption_once(scored, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    said = []
    with LlmServer(seconds=0.3, answer=lambda prompt: "This sound is loud.") as server, ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run_asking, scored[1], squealing(scored), server, say=said.append) for _ in range(2)]
        counts = [run.result() for run in runs]
    assert max(Counter(arrival.prompt for arrival in server.log).values()) == 1
    assert [each["captioned"] for each in counts] == [2, 2] and len(said) == 1
    assert sum(each["tokens"] for each in counts) == 27 * len(server.log)


def counts_with(scored, kinds):
    """The counts of a run whose first prompts are always answered so, and the others well."""
    known = {}
    faults = lambda number, prompt: dict(enumerate(kinds)).get(known.setdefault(prompt, len(known)), "ok")  # noqa: E731
    with LlmServer(faults, answer=lambda prompt: "This sound is loud.") as server:
        return run_asking(scored[1], scored[1].read_scores(scored[2]), server)


def test_an_odd_answer_keeps_no_other_caption_from_being_published(scored, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    counts = counts_with(scored, ["surrogate-refusal", "surrogate", "usage-huge"])
    rows = scored[1].captions(KNN.key()).to_pylist()
    assert counts["asked"] == len(rows) == 8 and counts["errors_by_reason"] == {"llm_refused": 1}


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, len([*ODD, *REFUSALS]), 8))
def test_every_odd_answer_is_published_as_its_own_row(scored, monkeypatch, start):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    counts = counts_with(scored, [*ODD, *REFUSALS][start : start + 8])
    assert counts["asked"] == counts["captioned"] + counts["errors"] == 8
    assert len(scored[1].captions(KNN.key())) == 8
