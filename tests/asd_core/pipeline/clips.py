"""Rows of CLIPS, and a reader of what is in memory."""

import io
import os
import urllib.parse

import numpy as np
import pyarrow as pa
import soundfile

from asd_core.clips.clip import clip_id
from asd_core.errors import ClipError
from asd_core.store.addresses import look_at
from asd_core.store.tables import CLIPS


def clips(uris):
    """Rows of CLIPS as a listing has them: of files, all made of one age, or of names alone."""
    count = len(uris)
    looks = []
    for uri in uris:
        path = urllib.parse.unquote(uri.removeprefix("file://"))
        if is_there := os.path.exists(path):
            os.utime(path, (0, 0))
        looks.append(look_at([uri])[0] if is_there else None)
    columns = {name: [""] * count for name in CLIPS.names}
    ids = [look and clip_id(uri, look.size, look.version) for uri, look in zip(uris, looks, strict=True)]
    columns |= {"clip_id": [name or f"{i:032x}" for i, name in enumerate(ids)], "uri": uris}
    return pa.table(
        {**columns, "recorded_at": [None] * count, "size": [look.size if look else 0 for look in looks]}, schema=CLIPS
    )


def read_from(files):
    def read(uri, listed_id):
        if uri not in files:
            raise ClipError("vanished", "gone", transient=True)
        return files[uri]

    return read


def wav(seconds, rate=16_000, seed=0):
    sink = io.BytesIO()
    soundfile.write(sink, np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate)), rate, format="WAV")
    return sink.getvalue()
