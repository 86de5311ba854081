"""Files of the packages that are no Python."""

from tests.infra.manifests import ROOT


def data_files():
    """Their paths from the root of the project."""
    return sorted(
        str(path.relative_to(ROOT))
        for package in ("asd_core", "cluster", "jobs")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    )
