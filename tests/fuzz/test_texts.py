import random
import tomllib
from collections import Counter

from tests.fuzz import texts


def test_a_seed_makes_one_file():
    for maker in (texts.recipe, texts.space, texts.setting, texts.manifest, texts.json_text):
        assert maker(random.Random(3)) == maker(random.Random(3)) != maker(random.Random(4))


def test_some_files_are_still_read_and_some_are_not():
    read = Counter()
    for seed in range(40):
        try:
            read[bool(tomllib.loads(texts.recipe(random.Random(seed)).decode()))] += 1
        except (ValueError, RecursionError):
            read["refused"] += 1
    assert read[True] > 5 and read["refused"] > 5
