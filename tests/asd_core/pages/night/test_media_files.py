from asd_core.digest import name_hash
from asd_core.pages.night.media_files import NO_AUDIO, write_media
from asd_core.pages.night.summary import summarise
from asd_core.store.local_files import LocalFiles


def clips_of(make, *names):
    return summarise(make.night([make.scored(name, 2.0) for name in names], [make.record()])).flagged


def test_the_addresses_are_relative_to_the_page_and_lead_to_files(make, tmp_path):
    media = write_media(clips_of(make, "a"), LocalFiles(tmp_path), "r", make.read_audio, map)
    (files,) = media.values()
    assert files.nearest_uri == "file:///plant/normal_0.flac"
    for address in (files.audio, files.image, files.nearest_audio, files.nearest_image):
        assert (tmp_path / "r" / address).stat().st_size > 1000


def test_a_normal_clip_that_several_share_is_written_once_but_drawn_for_each(make, tmp_path):
    media = write_media(clips_of(make, "a", "b"), LocalFiles(tmp_path), "", make.read_audio, map)
    one, two = media.values()
    assert one.nearest_audio == two.nearest_audio == f"media/{name_hash('file:///plant/normal_0.flac')}.flac"
    assert one.nearest_image != two.nearest_image
    assert len(list((tmp_path / "media").iterdir())) == 7


def test_without_audio_nothing_is_written_and_the_reason_is_said(make, tmp_path):
    media = write_media(clips_of(make, "a"), LocalFiles(tmp_path), "r", None, map)
    assert media == {"file:///plant/a.flac": NO_AUDIO} and not list(tmp_path.iterdir())
