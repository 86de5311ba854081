from asd_core.synthesis.metadata_captions.phrases import CLAUSES, ITEMS, KEYS


def test_every_phrase_has_one_place_for_its_value():
    assert all(form.count("{}") == 1 for form in [*ITEMS.values(), *CLAUSES.values()])


def test_no_key_has_two_phrases():
    assert not ITEMS.keys() & CLAUSES.keys()
    assert set(KEYS) < ITEMS.keys() | CLAUSES.keys()
