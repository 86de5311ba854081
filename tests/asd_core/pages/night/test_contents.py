def test_the_notes_of_a_machine_are_its_scorers_and_its_embeddings(make):
    record = make.record(notes=("a fallback",), embeddings_note="imported")
    assert (record.all_notes, make.record().all_notes) == (("a fallback", "imported"), ())


def test_random_weights_are_known_by_the_notes(make):
    assert make.record(embeddings_note="the encoder has random weights").is_random
    assert not make.record(notes=("a fallback",)).is_random
