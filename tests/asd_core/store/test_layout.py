from asd_core.store.layout import safe_name, word_of


def test_any_word_becomes_one_file_name():
    for word in ["../../etc", "a/b", "..", "", "<script>", "new\nline", "ü"]:
        name = safe_name(word)
        assert "/" not in name and name not in ("", ".", "..")
    assert safe_name("fan 07") == "fan 07"


def test_a_name_gives_its_word_back():
    for word in ["", "a/b", ".x", "fan 07", "ü", "a,b", "%"]:
        assert word_of(safe_name(word)) == word and "," not in safe_name(word)
