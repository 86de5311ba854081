"""Spectrograms of generated clips, drawn from the files of an archive."""

from __future__ import annotations

import io
from collections.abc import Sequence

import soundfile

from asd_core.pages.night.spectrogram_image import draw_spectrograms
from asd_core.store.addresses import open_files


def draw_pair(store_url: str, folder: str, paths: Sequence[str]) -> list[bytes]:
    """PNGs of clips that are compared, with one range of colours; none where one of them cannot be read.

    Args:
        store_url: address of the store.
        folder: of the archive, relative to the store.
        paths: of the clips, relative to the archive.
    """
    files = open_files(store_url)
    try:
        sounds = [soundfile.read(io.BytesIO(files.read(f"{folder}/{path}")), dtype="float32") for path in paths]
    except (OSError, soundfile.LibsndfileError):
        return []
    return draw_spectrograms(sounds)
