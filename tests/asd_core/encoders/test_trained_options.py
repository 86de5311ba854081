from asd_core.encoders.trained_options import digest_in, digest_note, without_place


def test_the_place_of_weights_is_left_out_where_a_digest_names_them():
    assert without_place('{"digest": "ab", "weights": "/here"}') == '{"digest": "ab"}'
    assert without_place('{"digest": "", "weights": "/here"}') == '{"digest": "", "weights": "/here"}'


def test_a_digest_is_found_and_tells_of_random_weights():
    assert (digest_in('{"digest": "ab"}'), digest_in("{}")) == ("ab", "")
    assert digest_note("random-ab").startswith("trained from random weights") and digest_note("ab") == ""
