import subprocess
import sys


def said(lines):
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_arrow_looks_for_no_pandas_and_gives_a_data_frame_all_the_same():
    lines = (
        "import sys\n"
        "from asd_core.store.without_pandas import keep_pandas_out\n"
        "keep_pandas_out()\n"
        "import pyarrow as pa\n"
        "table = pa.table({'a': [1, None]})\n"
        "print('pandas' in sys.modules, len(table.to_pandas()), 'pandas' in sys.modules)\n"
        "import pandas\n"
        "print(len(pa.array(pandas.Series([1.0, 2.0]))))\n"
    )
    assert said(lines) == ["False", "2", "True", "2"]


def test_a_pandas_that_is_imported_is_left_alone():
    lines = (
        "import pandas\n"
        "from asd_core.store.without_pandas import keep_pandas_out\n"
        "keep_pandas_out()\n"
        "import pyarrow as pa\n"
        "print(pa.array(pandas.Series([1.0, float('nan')])).null_count)\n"
    )
    assert said(lines) == ["1"]
