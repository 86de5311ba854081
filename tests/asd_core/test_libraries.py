from importlib.metadata import PackageNotFoundError, version

import pytest

from asd_core.libraries import library_version


def test_versions_are_those_of_what_is_installed():
    for name in ("numpy", "pyarrow", "numpy"):
        assert library_version(name) == version(name)


def test_a_library_that_is_not_there_has_no_version():
    with pytest.raises(PackageNotFoundError):
        library_version("no-such-library")
