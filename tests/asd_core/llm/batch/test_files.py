import json

import pytest

from asd_core.llm.batch.files import chunks, read_results, request_line
from asd_core.llm.cleaning import clean_text
from asd_core.llm.replies import Answered, NotAnswered, Refused
from asd_core.llm.settings import LlmSettings


def test_files_are_bounded_in_requests_and_bytes():
    lines = [(str(i), b"x" * 30) for i in range(7)]
    assert [list(chunk) for chunk in chunks(lines, most_bytes=90)] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert [len(chunk) for chunk in chunks(lines, most_requests=4)] == [4, 3]
    assert list(chunks([])) == []


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x1c", "\r"])
def test_only_a_line_feed_ends_a_line_of_results(separator):
    body = {"choices": [{"message": {"content": f"This sound is{separator}loud."}}]}
    line = {"custom_id": "a", "response": {"status_code": 200, "body": body}}
    data = json.dumps(line, ensure_ascii=False).encode() + b"\r\n"
    ((request_id, outcome, _),) = read_results(data, LlmSettings(), {})
    assert (request_id, outcome.text) == ("a", clean_text(f"This sound is{separator}loud."))


def test_a_line_is_what_a_single_request_would_send():
    line = json.loads(request_line("r1", "m", [{"role": "user", "content": "é\n"}], {"max_tokens": 5}))
    assert line == {
        "custom_id": "r1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "m", "messages": [{"role": "user", "content": "é\n"}], "max_tokens": 5},
    }


def test_lines_of_a_file_of_results_are_read_whatever_they_hold():
    lines = [
        {"custom_id": "a", "response": {"status_code": 200, "body": {"choices": [{"message": {"content": "x"}}]}}},
        {"custom_id": "b", "response": {"status_code": 429, "body": {}}},
        {"custom_id": "c", "response": {"status_code": 400, "body": {"error": {"message": "no"}}}},
        {"custom_id": "d", "response": None, "error": {"code": "batch_expired"}},
        {"custom_id": "e", "response": {"status_code": "200", "body": None}},
        {"custom_id": ["f"], "response": None},
        {"other": 1},
        7,
    ]
    data = "\n".join(map(json.dumps, lines)).encode() + b"\nnot json\n\xff\n"
    found = {request_id: outcome for request_id, outcome, _ in read_results(data, LlmSettings(), {})}
    kinds = {"a": Answered, "b": NotAnswered, "c": Refused, "d": NotAnswered, "e": NotAnswered}
    assert {request_id: type(outcome) for request_id, outcome in found.items()} == kinds


def test_an_answer_in_a_file_of_results_comes_without_its_reasoning():
    body = {"choices": [{"message": {"content": "<think>It is louder.</think>\nCaption: This sound is loud."}}]}
    line = {"custom_id": "a", "response": {"status_code": 200, "body": body}}
    ((_, outcome, _),) = read_results(json.dumps(line).encode(), LlmSettings(), {})
    assert outcome.text == "This sound is loud."


@pytest.mark.parametrize(
    "line",
    [
        b'{"custom_id": "a", "response": ' + b"[" * 200_000,
        b'{"custom_id": "a", "response": "' + b"x" * 2_000_000 + b'"}',
        b'{"custom_id": "a", "response": {"status_code": 200, "body',
    ],
    ids=["deep", "long", "cut"],
)
def test_a_line_that_cannot_be_read_is_the_failure_of_its_own_request(line):
    good = b'{"custom_id": "b", "response": {"status_code": 200, "body": {"choices": [{"message": {"content": "x"}}]}}}'
    found = {each: outcome for each, outcome, _ in read_results(line + b"\n" + good, LlmSettings(), {})}
    assert (found["a"].reason, found["a"].may_cost, found["b"].text) == ("no_completion", True, "x")
