import json

import pytest

from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from tests.asd_core.llm.batch.backfill import Clock, Dying, asked, stop


def test_a_batch_that_the_server_forgets_is_waited_for_and_not_paid_for_again(server, tmp_path):
    clock, told = Clock(), []
    server.batches.unknown = {"batch-0"}
    answers = asked(server, LocalFiles(tmp_path), 3, clock=clock, say=told.append)
    assert {answer.error_reason for answer in answers.values()} == {"llm_unavailable"}
    assert "does not know batch batch-0" in answers["loud0"].error and answers["loud0"].error in told
    assert clock.time >= 1_800_000_000 + 120 and len(server.batches.made) == 1
    (record,) = LocalFiles(tmp_path).list("batches")
    assert f"remove {tmp_path / record.path}" in answers["loud0"].error
    server.batches.unknown = set()
    assert all(answer.text for answer in asked(server, LocalFiles(tmp_path), 3).values())
    assert len(server.batches.made) == 1


def test_a_batch_that_turns_up_late_is_collected(server, tmp_path):
    clock = Clock()
    clock.sleep = lambda seconds: server.batches.unknown.clear()
    server.batches.unknown = {"batch-0"}
    answers = asked(server, LocalFiles(tmp_path), 3, clock=clock)
    assert all(answer.text for answer in answers.values()) and len(server.batches.made) == 1


def test_with_the_key_of_another_project_nothing_is_asked_again(server, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        asked(server, LocalFiles(tmp_path), say=stop)
    server.batches.unknown = {"batch-0"}
    answers = asked(server, LocalFiles(tmp_path))
    assert {answer.error_reason for answer in answers.values()} == {"llm_unavailable"}
    assert len(server.batches.made) == 1
    server.batches.unknown = set()
    assert all(answer.text for answer in asked(server, LocalFiles(tmp_path)).values())


def test_a_crash_between_creating_a_batch_and_writing_its_number_down_never_submits_twice(server, tmp_path):
    dying = Dying(tmp_path, lambda path, data: path.startswith("batches/") and json.loads(data)["batch_id"])
    with pytest.raises(KeyboardInterrupt):
        asked(server, dying)
    assert len(server.batches.made) == 1
    answers = asked(server, LocalFiles(tmp_path))
    assert len(answers) == 10 and all(answer.text and answer.attempts == 1 for answer in answers.values())
    assert len(server.batches.made) == 1 and max(server.answered.values()) == 1


def test_a_crash_before_a_batch_was_created_has_it_created_by_the_next_run(server, tmp_path):
    clock, created = Clock(), server.batches.create
    server.batches.create = lambda body: 1 / 0  # the connection breaks, and nothing was made
    with pytest.raises(AsdError, match="does not say whether it took a batch"):
        asked(server, LocalFiles(tmp_path), clock=clock)
    server.batches.create = created
    answers = asked(server, LocalFiles(tmp_path), clock=clock)
    assert len(answers) == 10 and len(server.batches.made) == 1


def test_an_answer_to_creation_that_is_lost_is_looked_for_before_anything_is_created_again(server, tmp_path):
    server.batches.drops_created = 1
    answers = asked(server, LocalFiles(tmp_path))
    assert len(answers) == 10 and len(server.batches.made) == 1
