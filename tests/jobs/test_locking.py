import json

from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.locks import lock_name
from tests.command import asd


def test_a_run_at_the_same_work_is_waited_for_or_said(tmp_path):
    asd("simulate", f"{tmp_path}/archive", "--nights", "2", "--machines-per-type", "1", "--seconds", "0.5")
    store, key = LocalFiles(tmp_path / "store"), load_recipe("twfr-knn").key()
    name = lock_name("nightly", key, LocalFiles(tmp_path / "archive").url, "2026-11-02")
    record = {"owner": "x", "host": "elsewhere", "pid": 7, "born": "", "renewals": 0}
    store.write(f"locks/{name}/000001.json", json.dumps(record).encode())
    command = ["nightly", f"{tmp_path}/archive", "--recipe", "twfr-knn", "--store", f"{tmp_path}/store", "--local"]
    result = asd(*command, "--no-wait")
    assert result.code == 1 and "process 7 on elsewhere is at the same run" in result.err
    assert store.list("scores") == []
    assert "run asd fit" in asd(*command, "--no-wait", "--date", "2026-11-01").err
    assert [info.path for info in store.list("locks")] == [f"locks/{name}/000001.json"]
