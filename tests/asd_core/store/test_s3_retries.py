import pytest
from aiohttp import ClientPayloadError
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from asd_core.store.s3_retries import MOST_TRIES, AnswerCutShort, code_of, is_passing, tried


def answer(code, status):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")


def caused_by(error):
    try:
        raise OSError("as s3fs says it") from error
    except OSError as raised:
        return raised


PASSING = [
    answer("SlowDown", 503),
    answer("500", 500),
    answer("ConditionalRequestConflict", 409),
    caused_by(answer("InternalError", 500)),
    ReadTimeoutError(endpoint_url="http://x"),
    ResponseParserError("cut"),
    ClientPayloadError("cut"),
    AnswerCutShort("cut"),
    ConnectionResetError(),
]
LASTING = [
    answer("AccessDenied", 403),
    answer("PreconditionFailed", 412),
    FileNotFoundError(),
    PermissionError(),
    ValueError("ours"),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_passes_is_tried_again_with_growing_pauses_until_it_works(error):
    pauses = []

    def request(earlier):
        if earlier < 3:
            raise error
        return earlier

    assert tried(request, pauses.append) == 3 and is_passing(error)
    assert len(pauses) == 3 and all(pause <= 0.5 * 2**number for number, pause in enumerate(pauses))


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_what_does_not_pass_is_raised_at_once(error):
    def request(earlier):
        assert earlier == 0
        raise error

    with pytest.raises(type(error)):
        tried(request, lambda seconds: None)


def test_tries_end_and_sooner_where_nobody_listens():
    made = []

    def request(error):
        def fail(earlier):
            made.append(earlier)
            raise error

        return fail

    with pytest.raises(AnswerCutShort):
        tried(request(AnswerCutShort()), lambda seconds: None)
    assert made == list(range(MOST_TRIES))
    made.clear()
    with pytest.raises(EndpointConnectionError):
        tried(request(EndpointConnectionError(endpoint_url="http://x")), lambda seconds: None)
    assert 1 < len(made) < MOST_TRIES


def test_the_servers_code_is_found_among_causes():
    assert code_of(caused_by(answer("SlowDown", 503))) == "SlowDown" and code_of(ValueError()) == ""
