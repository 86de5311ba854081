from asd_core.digest import name_hash


def test_names_that_read_alike_joined_have_different_hashes():
    assert name_hash("a b", "c") != name_hash("a", "b c")
