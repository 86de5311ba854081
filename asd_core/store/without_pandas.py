"""Arrow without pandas, which it imports at its first array wherever it is installed: a third of a second a process."""

from __future__ import annotations

import sys


class _NoPandas:
    """A finder of modules for which there is no pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not looked for", name=name)


def keep_pandas_out() -> None:
    """Let Arrow's one look for pandas find none, unless it is imported already.

    Arrow asks whether what it is given is a series of pandas, and nothing here is. ``to_pandas`` imports it all the
    same, and so may anybody else.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)
