from asd_core.pages.night.removed_media import without_media

WORDS = b"<figure><figcaption>Clip</figcaption>"


def test_sounds_and_pictures_go_and_words_stay():
    media = (
        b'<img src="media/a&gt;.png" loading="lazy" alt="x"><audio controls src="media/a.flac" aria-label="y"></audio>'
    )
    changed = without_media(WORDS + media + b'<img src="data:,">')
    assert changed == WORDS + b'<p class="muted">Sound and picture were removed.</p><img src="data:,">'
    assert without_media(changed) == changed


def test_a_page_that_names_media_otherwise_is_left_alone():
    assert without_media(WORDS + b'<a href="media/a.flac">a</a>') is None
