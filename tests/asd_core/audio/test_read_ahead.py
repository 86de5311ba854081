import threading
import time

from asd_core.audio.read_ahead import AT_ONCE, read_ahead
from asd_core.errors import ClipError

FAR = [(f"s3://fleet/{number}.wav", str(number)) for number in range(60)]


def numbered(uri, clip_id):
    time.sleep(0.001 * (int(clip_id) % 7))
    if clip_id in ("0", "7"):
        raise ClipError("vanished", uri, transient=True)
    return clip_id.encode()


def test_every_recording_comes_at_its_place_wherever_it_lies():
    mixed = [(uri if number % 5 else f"file:///{clip_id}", clip_id) for number, (uri, clip_id) in enumerate(FAR)]
    for clips in (FAR, mixed):
        found = list(read_ahead(clips, numbered))
        assert [each.reason for each in (found[0], found[7])] == ["vanished", "vanished"]
        assert [each for each in found if isinstance(each, bytes)] == [
            clip_id.encode() for _, clip_id in clips if clip_id not in ("0", "7")
        ]


def test_from_s3_so_many_are_asked_for_at_once():
    together = threading.Barrier(AT_ONCE)

    def read(uri, clip_id):
        if 1 <= int(clip_id) <= AT_ONCE:
            together.wait(30)  # raises where fewer come
        return b"sound"

    assert len(list(read_ahead(FAR, read))) == len(FAR)


def begun(clips, size, consumed):
    """How many reads are begun once some recordings were taken."""
    started = []

    def read(uri, clip_id):
        started.append(clip_id)
        return size

    stream = read_ahead(clips, read)
    for _ in range(consumed):
        next(stream)
    stream.close()
    return len(started)


def test_large_files_are_not_hoarded_and_those_of_a_folder_are_read_at_their_turn():
    assert begun(FAR, bytes(20 * 2**20), 10) <= 10 + 3
    assert begun(FAR, bytes(100 * 2**20), 10) <= 10 + 1
    assert begun([(f"file:///{number}", "") for number in range(9)], b"", 5) == 5


def test_who_stops_in_the_middle_leaves_no_thread():
    stream = read_ahead(FAR, numbered)
    next(stream), next(stream)
    stream.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]
