import pyarrow as pa

from asd_core.pipeline.ensembles.same_clips import file_name, places_of


def clips(*rows):
    return pa.table(
        {
            "clip_id": [one for one, _ in rows],
            "uri": [uri for _, uri in rows],
            "machine_type": ["fan"] * len(rows),
            "machine_id": ["00"] * len(rows),
        }
    )


def test_clips_are_the_same_by_id_then_address_then_file_name():
    own = clips(("1", "file:///a.wav"), ("2", "file:///b.wav"), ("3", "file:///x/c.wav"), ("4", "file:///d.wav"))
    others = clips(("9", "import:y/c.wav"), ("8", "file:///b.wav"), ("1", "file:///a.wav"))
    assert places_of(own, others).to_pylist() == [2, 1, 0, None]


def test_a_file_name_that_stands_twice_tells_nothing():
    own = clips(("1", "file:///p/a.wav"), ("2", "file:///q/a.wav"), ("3", "file:///b.wav"))
    others = clips(("7", "import:a.wav"), ("8", "import:x/b.wav"), ("9", "import:y/b.wav"))
    assert places_of(own, others).to_pylist() == [None, None, None]


def test_a_file_name_is_read_as_people_write_it():
    assert file_name("file:///a%20b/c%23d.wav") == "c#d.wav"


def test_recordings_at_real_addresses_are_never_the_same_by_file_name():
    own, others = clips(("1", "file:///one/00.wav")), clips(("2", "file:///two/00.wav"))
    assert places_of(own, others).to_pylist() == [None]
