"""Recordings that nobody should have to expect, as the bytes of their files."""

import io
import os
import struct

import numpy as np
import soundfile

RATE = 16_000
THREE_HOURS = 3 * 3600 * 768_000  # frames
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 40


def noise(seconds=1.0, rate=RATE, channels=1, seed=0):
    """Normal sound of the tests: (T, channels) float."""
    return np.random.default_rng(seed).normal(0, 0.1, (round(seconds * rate), channels))


def wav(samples, rate=RATE, subtype=None, form="WAV"):
    sink = io.BytesIO()
    soundfile.write(sink, samples, rate, format=form, subtype=subtype)
    return sink.getvalue()


def with_one(value, at=100):
    samples = noise()
    samples[at] = value
    return wav(samples, subtype="FLOAT")


def unknown_codec():
    data = bytearray(wav(noise()))
    data[20:22] = struct.pack("<H", 0x1234)
    return bytes(data)


def cut_flac():
    data = wav(noise(4.0), form="FLAC")
    return data[: len(data) * 3 // 4]


def damaged_flac():
    data = bytearray(wav(noise(4.0), form="FLAC"))
    data[len(data) // 2] ^= 0x55
    return bytes(data)


def flac_that_promises(frames):
    """A second of FLAC whose header tells of so many frames; its 655,350 Hz are the most that it can tell."""
    data = bytearray(wav(noise(40.96), form="FLAC"))
    told = int.from_bytes(data[18:26], "big")
    told = told & ((1 << 44) - 1) & ~((1 << 36) - 1) | 655_350 << 44 | frames
    data[18:26] = told.to_bytes(8, "big")
    return bytes(data)


def write_three_hours(path):
    """Three hours at 768 kHz of 64 channels, as a recorder would write it (RF64), in a file of holes."""
    channels, frame = 64, 128
    size = THREE_HOURS * frame
    head = b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, size + 72, size, THREE_HOURS, 0)
    head += b"fmt " + struct.pack("<IHHIIHH", 16, 1, channels, 768_000, 768_000 * frame, frame, 16)
    head += b"data\xff\xff\xff\xff"
    with open(path, "wb") as file:
        file.write(head)
        os.truncate(path, len(head) + size)
