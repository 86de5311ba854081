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


def flac_bomb(frames, channels=8, step=1000):
    """A FLAC stream that does not tell its length: some 35 bytes a frame hold 65,535 equal samples of each channel.

    Frames are 0 and ``step`` in turn.
    """
    info = struct.pack(">HH", 65_535, 65_535) + bytes(6)
    info += ((RATE << 44) | (channels - 1) << 41 | 15 << 36).to_bytes(8, "big") + bytes(16)
    stream = b"fLaC\x80\x00\x00\x22" + info
    for number in range(frames):
        head = b"\xff\xf8\x70" + bytes([(channels - 1) << 4 | 8]) + chr(number).encode() + b"\xff\xfe"
        body = head + bytes([checksum(head, 8, 0x07)])
        body += (b"\0" + struct.pack(">h", number % 2 * step)) * channels
        stream += body + checksum(body, 16, 0x8005).to_bytes(2, "big")
    return stream


def checksum(data, bits, polynomial):
    """The cyclic redundancy check of FLAC's frames."""
    crc, top, mask = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in data:
        crc ^= byte << (bits - 8)
        for _ in range(8):
            crc = (crc << 1 ^ (polynomial if crc & top else 0)) & mask
    return crc
