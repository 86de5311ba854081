import pytest

from asd_core.errors import UsageError
from jobs.validation_options import Judged, judged_on


def test_words_name_a_kind_and_anything_else_is_the_place_of_generated_clips(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    assert judged_on("real", None, False) == Judged("real")
    assert judged_on("./real", None, True) == Judged("generated", "./real", True)
    assert judged_on("s3://bucket/made", None, False) == Judged("generated", "s3://bucket/made")
    assert judged_on("generated", "clips", False) == Judged("generated", "clips")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("simulatd", None, False), "no such folder, and none of real, simulated, generated; did you mean 'simulated'"),
        (("generated", None, False), "belong together"),
        (("simulated", "clips", False), "belong together"),
        (("s3://bucket/a", "clips", False), "leave --generated out"),
        (("real", None, True), "--keep-silence is for generated clips"),
    ],
)
def test_what_names_no_clips_is_one_line(given, message):
    with pytest.raises(UsageError, match=message):
        judged_on(*given)
