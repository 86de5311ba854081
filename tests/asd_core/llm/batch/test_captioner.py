import pytest

from asd_core.store.local_files import LocalFiles
from tests.asd_core.llm.batch.backfill import KEY, Dying, asked, opened, settings_for, stop
from tests.llm_server.asker import requests_of


def test_a_batch_answers_every_request_by_its_own_id(server, tmp_path):
    answers = asked(server, LocalFiles(tmp_path))
    assert {word: answer.text for word, answer in answers.items()} == {
        f"loud{i}": f"This sound is loud{i}." for i in range(10)
    }
    assert {(answer.attempts, answer.input_tokens, answer.output_tokens) for answer in answers.values()} == {(1, 20, 7)}
    (batch,) = server.batches.made
    assert batch["endpoint"] == "/v1/chat/completions" and batch["metadata"]["asd_run"] == "run-1"
    assert LocalFiles(tmp_path).list("batches") == []


def test_the_next_run_finds_what_is_stored_and_creates_no_batch(server, tmp_path):
    first = asked(server, LocalFiles(tmp_path))
    assert asked(server, LocalFiles(tmp_path)) == first and len(server.batches.made) == 1
    assert len(asked(server, LocalFiles(tmp_path), 12)) == 12 and len(server.log) == 12


def test_nothing_submitted_asks_nobody(server, tmp_path):
    assert asked(server, LocalFiles(tmp_path), 0) == {} and server.keys == set()


def test_large_work_is_cut_into_files_of_bounded_size(server, tmp_path):
    answers = asked(server, LocalFiles(tmp_path), 10, most_requests=4)
    assert len(answers) == 10 and len(server.batches.made) == 3


def test_expired_requests_and_failed_ones_are_asked_again_and_others_are_not(server, tmp_path):
    def faults(custom_id, before):
        return "ok" if before or int(custom_id, 16) % 2 else ["expired", "error"][int(custom_id[-2], 16) % 2]

    server.batches.faults = faults
    answers = asked(server, LocalFiles(tmp_path), 20)
    assert all(answer.text for answer in answers.values()) and max(server.answered.values()) == 1
    again = [answer for answer in answers.values() if answer.attempts == 2]
    assert len(server.batches.made) == 2 and 0 < len(again) < 20


def by_turns(server, *faults):
    """Each request meets with the next of the faults, in every batch."""
    ids = [request.request_id for request in requests_of(settings_for(server), 20)]
    return lambda custom_id, before: faults[ids.index(custom_id) % len(faults)]


def test_a_refusal_is_final_and_a_fault_that_stays_is_asked_again_by_the_next_run(server, tmp_path):
    server.batches.faults = by_turns(server, "ok", "refused", "error")
    answers = asked(server, LocalFiles(tmp_path), 9)
    assert {answer.error_reason for answer in answers.values()} == {None, "llm_refused", "llm_failed"}
    server.batches.faults = lambda custom_id, before: "ok"
    later = asked(server, LocalFiles(tmp_path), 9)
    assert {(answers[word].error_reason, answer.error_reason) for word, answer in later.items()} == {
        (None, None),
        ("llm_refused", "llm_refused"),
        ("llm_failed", None),
    }


def test_a_server_that_refuses_whatever_is_in_a_batch_makes_nothing_final(server, tmp_path):
    server.batches.faults = lambda custom_id, before: "refused"
    answers = asked(server, LocalFiles(tmp_path), 8)
    assert {answer.error_reason for answer in answers.values()} == {"llm_unavailable"}
    assert len(server.batches.made) == 1 and LocalFiles(tmp_path).list("answers") == []


def test_a_parameter_that_is_refused_is_left_out_for_the_requests_of_every_file(server, tmp_path):
    server.batches.unsupported = "temperature"
    answers = asked(server, LocalFiles(tmp_path), 6, most_requests=2)
    assert all(answer.text and answer.attempts == 2 for answer in answers.values())
    assert len(server.batches.made) == 6 and all("temperature" not in body for body in server.bodies)


def test_a_complaint_goes_with_the_next_batch_once(server, tmp_path):
    server.batches.faults = lambda custom_id, before: "Loud." if before == 0 else "ok"
    answers = asked(server, LocalFiles(tmp_path), 3)
    assert all(answer.text.startswith("This sound is") and answer.warning is None for answer in answers.values())
    assert [arrival.messages for arrival in server.log] == [1] * 3 + [3] * 3
    server.batches.faults = lambda custom_id, before: "Loud."
    kept = asked(server, LocalFiles(tmp_path / "other"), 3)
    assert {(answer.text, answer.attempts) for answer in kept.values()} == {("Loud.", 2)}
    assert all(answer.warning.startswith("kept although: ") for answer in kept.values())


def test_a_crash_in_the_middle_of_collecting_counts_nothing_twice(server, tmp_path):
    stored = []

    def at(path, data):
        stored.append(path)
        return len([each for each in stored if each.startswith(("answers/", "intents/"))]) == 6

    server.batches.faults = lambda custom_id, before: "ok" if before or int(custom_id, 16) % 2 else "Loud."
    with pytest.raises(KeyboardInterrupt):
        asked(server, Dying(tmp_path, at), 12)
    answers = asked(server, LocalFiles(tmp_path), 12)
    odd = {word for word, times in server.answered.items() if times == 2}
    assert {answer.attempts for answer in answers.values()} == {1, 2} and max(server.answered.values()) == 2
    assert {f"say {word}" for word, answer in answers.items() if answer.attempts == 2} == odd
    assert len(server.batches.made) == 2


def test_the_batch_of_another_run_is_collected_for_requests_nobody_asks_for_now(server, tmp_path):
    captioner = opened(server, LocalFiles(tmp_path), say=stop)
    captioner.submit(requests_of(settings_for(server), 10))
    with pytest.raises(KeyboardInterrupt):
        list(captioner.answers())
    assert len(asked(server, LocalFiles(tmp_path), 4)) == 4
    assert len(LocalFiles(tmp_path).list("answers")) == 10 and len(server.batches.made) == 1


def test_a_batch_that_the_server_would_not_validate_is_told(server, tmp_path):
    errors = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": "too many tokens enqueued"}]}

    def fail(batch):
        batch |= {"status": "failed", "errors": errors, "output_file_id": None, "error_file_id": None}

    server.batches._finish = fail
    answers = asked(server, LocalFiles(tmp_path), 3)
    assert {answer.error_reason for answer in answers.values()} == {"llm_unavailable"}
    assert "too many tokens enqueued" in answers["loud0"].error


def test_a_budget_limits_what_is_submitted(server, tmp_path):
    answers = asked(server, LocalFiles(tmp_path), 10, settings={"budget_tokens": 1000})
    assert {answer.error_reason for answer in answers.values()} == {None, "budget"}
    assert len(server.log) == sum(answer.text is not None for answer in answers.values()) == 4


def test_the_key_is_nowhere_in_the_store(server, tmp_path):
    asked(server, Dying(tmp_path, lambda path, data: KEY.encode() in data))
    assert server.keys == {f"Bearer {KEY}"} and LocalFiles(tmp_path).list()
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.rglob("*.json"))
