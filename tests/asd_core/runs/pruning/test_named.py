import json

from asd_core.runs.pruning.named import Named
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import keep_record


def test_all_that_records_name_is_known_and_scorers_of_fits_apart():
    files, place = {}, "scorers/k/fan/0"
    keep_record(
        files, {"run_id": "fit-1", "job": "fit", "scorers": {place: "v1"}, "clips": "clips/fit-1"}, "2026-11-01"
    )
    keep_record(files, {"run_id": "fit-2", "job": "fit", "scorers": {place: "v2"}}, "2026-11-02")
    night = {"score_files": {"score_parts/a": "h"}, "scorers": {place: "v2"}, "clips": "clips/n"}
    keep_record(files, {"run_id": "n", "job": "nightly", **night}, "2026-11-03")
    search = {"choices": {"tuning/t/s": "h"}, "page": "tuning/t/p", "recipes": ["tuning/t/r"], "clips": None}
    keep_record(files, {"run_id": "t", "job": "tune", **search}, "2026-11-04")
    both = {"recipe": {"name": "both", "settings": {"ensemble": {}}}}
    keep_record(files, {"run_id": "fit-3", "job": "fit", **both}, "2026-11-05")
    key = json.loads(files["runs/fit-3.json"])["key"]
    named = Named.in_records(Store(Bucket(files)))
    assert named.run_ids == {"fit-1", "fit-2", "fit-3", "n", "t"} and named.ensembles == {key}
    assert named.paths == {"clips/fit-1", "score_parts/a", "clips/n", "tuning/t/s", "tuning/t/p", "tuning/t/r"}
    assert named.scorers == {f"{place}/v2"} and named.fit_manifests == {f"{place}/v1": ["clips/fit-1"]}
    assert [version for _, version in named.fits[place]] == ["v1", "v2"]


def test_the_fit_that_an_update_grew_from_is_needed():
    files, place = {}, "scorers/k/fan/0"
    for number, more in enumerate(({}, {}, {"update": {}}, {"update": {}}, {}), 1):
        told = {"run_id": f"fit-{number}", "job": "fit", "scorers": {place: f"v{number}"}, **more}
        keep_record(files, told, f"2026-11-{number:02d}")
    named = Named.in_records(Store(Bucket(files)))
    assert named.scorers == {f"{place}/v2"} and len(named.updated) == 1
