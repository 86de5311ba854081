import pytest

from cluster.own_modules import own_module_paths


def test_a_file_and_a_package_of_ones_own_are_found_once_wherever_a_recipe_names_them(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "only_a_file.py").write_text("")
    (tmp_path / "whole_package/inner").mkdir(parents=True)
    (tmp_path / "whole_package/__init__.py").write_text("")
    settings = {
        "encoder": {"kind": "only_a_file:Encoder"},
        "machine": {"fan": {"detector": {"kind": "whole_package.inner.module:Detector"}}},
        "detector": {"kind": "ensemble", "members": [{"kind": "only_a_file:Detector"}]},
    }
    found = own_module_paths(settings)
    assert sorted(found) == [str(tmp_path / "only_a_file.py"), str(tmp_path / "whole_package")]


@pytest.mark.parametrize("kind", ["twfr", "json.decoder:JSONDecoder", "numpy:ndarray", "no_such_package:Class", ":x"])
def test_what_is_built_in_installed_or_not_there_is_not_sent(kind):
    assert own_module_paths({"encoder": {"kind": kind}}) == []
