import pytest

from asd_core.errors import UsageError
from asd_core.recipe.near_names import check_override, near_file, near_recipe, near_setting
from asd_core.recipe.recipe import load_recipe

BUILT_IN = ("twfr-gmm", "twfr-knn")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    for name in ("mine.toml", "recipes/site.toml", "old.txt"):
        (tmp_path / name).write_text("[detector]\nkind = 'memory_bank'\n")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mine", "; there is a file mine.toml: --recipe mine.toml"),
        ("recipes/site", "; there is a file recipes/site.toml: --recipe recipes/site.toml"),
        ("old.txt", "; the file of a recipe ends in .toml: rename old.txt"),
        ("TWFR-GMM", "; did you mean 'twfr-gmm'?"),
        ("recipes/sit", "; did you mean 'recipes/site.toml'?"),
        ("nothing of that kind", "; known: twfr-gmm, twfr-knn"),
        ("", "; known: twfr-gmm, twfr-knn"),
    ],
)
def test_a_name_that_is_no_recipe_has_a_hint(name, hint):
    assert near_recipe(name, BUILT_IN) == hint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mien.toml", "; did you mean 'mine.toml'?"),
        ("recipes/Sites.toml", "; did you mean 'recipes/site.toml'?"),
        ("twfr-gmm.toml", "; twfr-gmm is built in: --recipe twfr-gmm"),
        ("nowhere/zzz.toml", ""),
    ],
)
def test_a_file_that_is_not_there_has_a_hint(name, hint):
    assert near_file(name, BUILT_IN) == hint
    with pytest.raises(UsageError, match="there is no such file"):
        load_recipe(name)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("k", "; did you mean detector.k or captions.k?"),
        ("r", "; did you mean encoder.r?"),
        ("quantile", "; did you mean threshold.quantile?"),
        ("detektor.k", "; did you mean 'detector.k'?"),
        ("machine.fan.encoder.r", "; overrides for one machine type stand in a recipe's file, as [machine.TYPE]"),
        ("zzz", ""),
        ("zzz.k", ""),
    ],
)
def test_a_setting_without_its_table_has_a_hint(key, hint):
    recipe = load_recipe("twfr-knn")
    assert near_setting(key, recipe.for_machine("")) == hint
    with pytest.raises(UsageError, match="tables: encoder, "):
        recipe.with_settings({key: 1})


def test_a_recipe_with_a_mark_of_its_byte_order_is_read(tmp_path):
    (tmp_path / "excel.toml").write_bytes("\ufeff[detector]\nkind = 'memory_bank'\n".encode())
    assert load_recipe("excel.toml").for_machine("").detector.kind == "memory_bank"


def test_a_machine_type_has_no_alarms_of_its_own():
    check_override("fan", "threshold.quantile")
    with pytest.raises(UsageError, match=r"\[machine.fan\] alarm.rule: alarms are counted over the fleet"):
        check_override("fan", "alarm.rule")
    with pytest.raises(UsageError, match=r"no key 'rule': write table.key"):
        check_override("fan", "rule")
