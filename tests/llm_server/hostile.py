"""Answers that no honest server gives: odd values, bombs, drips and redirects."""

import gzip
import json
import zlib

from tests.llm_server.completions import completion

GOOD = "This sound is loud."
LONE = "This sound is lo\ud800ud."  # json.dumps writes it as an escape


def _with(**changes):
    return json.dumps(completion(GOOD) | changes).encode()


def _said(content, **message):
    value = completion(content)
    value["choices"][0]["message"] |= message
    return json.dumps(value).encode()


def _used(prompt, answer):
    return _with(usage={"prompt_tokens": prompt, "completion_tokens": answer})


ODD = {
    "surrogate": _said(LONE),
    "surrogate-within": _said('{"caption": "This sound is lo\\ud800ud."}'),
    "surrogate-refusal": _said(None, refusal="no \ud800"),
    "surrogate-names": _with(id="\ud800", model="\udfff\x00"),
    "surrogate-end": _said("").replace(b'"stop"', b'"\\ud800"'),
    "usage-huge": _used(10**30, 10**30),
    "usage-long": _used(1, 1).replace(b'_tokens": 1', b'_tokens": ' + b"9" * 5000),
    "usage-negative": _used(-5, -(10**30)),
    "usage-nan": _used(float("nan"), float("inf")),
    "usage-text": _used("twenty", ["7"]),
    "content-null": _said(None),
    "content-list": _said([{"type": "text", "text": GOOD}, 3, None]),
    "content-number": _said(12.5),
    "content-huge": _said("This sound is " + "loud " * 150_000),
    "choices-number": b'{"choices": [7]}',
    "brackets": b"[" * 200_000,
    "objects": b'{"a":' * 100_000,
    "deep": _with(extra=json.loads("[" * 400 + "]" * 400)),
    "twice": _with().replace(b'"usage"', b'"choices": 1, "choices": [{"message": {"content": "x"}}], "usage"'),
    "cut": _said(GOOD)[:-40],
    "page": b"<!doctype html><h1>Please sign in</h1>\x1b[2J",
    "controls": _said("This sound is \x00lo\x1b[31mud\u202e\u2066."),
    "utf-16": _said(GOOD).decode().encode("utf-16"),
    "latin-1": _said("This sound is lou\u00e9.").replace(b"\\u00e9", b"\xe9"),
    "many": b"[" + b"{}," * 330_000 + b"{}]",
    "nothing": b"",
}
"""Name → body of an answer with status 200."""

REFUSALS = {
    "refused-surrogate": (400, json.dumps({"error": {"message": "no \ud800\x1b]0;x\x07", "code": "\ud800"}}).encode()),
    "refused-deep": (400, b'{"error":' * 100_000),
    "refused-long": (500, b"no " * 4_000_000),
    "limited-long": (429, b"no " * 4_000_000),
}
"""Name → status and body."""

REDIRECTS = (301, 302, 303, 307, 308)
BLANKS = 64 << 20  # bytes of a bomb, unpacked


def _bomb(encoding):
    packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    piece = b" " * (1 << 20)
    return b"".join([*(packer.compress(piece) for _ in range(BLANKS >> 20)), packer.flush()])


def _chunked(handler, piece, pause):
    """Chunks without end, until the client goes or the server stops."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not handler.llm.stopped.wait(pause):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.llm.poured += len(piece)


def answer_oddly(handler, name):
    """Answer a request as the name says."""
    handler.close_connection = True
    if name in ODD:
        handler._send(200, ODD[name])
    elif name in REFUSALS:
        handler._send(*REFUSALS[name])
    elif name.startswith("redirect-"):
        handler._send(int(name.split("-")[1]), b"{}", headers={"Location": handler.llm.elsewhere})
    elif name.startswith("later-"):
        handler._send(429, b"{}", headers={"Retry-After": name.removeprefix("later-")})
    elif name in ("bomb-gzip", "bomb-deflate"):
        packed = _bomb(name.removeprefix("bomb-"))
        handler._send(200, packed, headers={"Content-Encoding": name.removeprefix("bomb-")})
    elif name == "packed":
        handler._send(200, gzip.compress(_said(GOOD)), headers={"Content-Encoding": "gzip"})
    elif name in ("packed-br", "packed-zstd"):
        handler._send(200, b"\x28\xb5\x2f\xfd", headers={"Content-Encoding": name.removeprefix("packed-")})
    elif name == "packed-wrongly":
        handler._send(200, b"not gzip", headers={"Content-Encoding": "gzip"})
    elif name == "endless":
        _chunked(handler, b" " * (1 << 16), 0.0)
    elif name == "drip":
        _chunked(handler, b" ", 0.1)
    else:
        return False
    return True
