"""The application as a whole: only what is a page is found, and what fails is a page too."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from asd_core.serving.application import build_application
from asd_core.store.store import Store, open_store
from tests.asd_core.serving.clients import local_client, raw_answer
from tests.asd_core.serving.stores import FAN, keep_night, plant
from tests.fleet import files_of
from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import KEY, day, keep_record

# Of files that are there: a secret beside the store, one in it that no page needs, and one of this computer.
OUTSIDE, INSIDE, SYSTEM = "../secret.json", f"evidence/{KEY}/secret.json", "/etc/passwd"
DOTS = ("..", "%2e%2e", "%252e%252e", ".%2e", "..%00", "%c0%ae%c0%ae", "..;")
SLASHES = ("/", "%2f", "%252f", "%5c", "\\", "//", "/./")
BEGINNINGS = ("", "/nights", "/machines/fan", "/machines", "/clips", "/reports", "/tables", "/tuning", "/pseudo_labels")


def variants():
    for beginning in BEGINNINGS:
        for dots in DOTS:
            yield from (f"{beginning}{slash}{dots}{slash}secret.json" for slash in SLASHES)
        yield f"{beginning}/{INSIDE}"
        yield f"{beginning}/{INSIDE.replace('/', '%2f')}"
        for slash in SLASHES:
            yield f"{beginning}{slash}{SYSTEM[1:].replace('/', slash)}"
            yield f"{beginning}/file:{slash}{slash}{slash}{SYSTEM[1:].replace('/', slash)}"


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    store = plant(open_store(str(root / "store")))
    store.files.write(INSIDE, b"SECRET")
    (root / "secret.json").write_bytes(b"SECRET")
    return build_application(store)


def test_no_path_leads_past_the_pages(application):
    for path in variants():
        status, body = raw_answer(application, path)
        assert status == 404 and b"SECRET" not in body and b"root:" not in body, path


@pytest.mark.parametrize(
    "query", ["key=../..", "key=%2e%2e", f"key={KEY}/../..", "key=%00", "last=../x", "page=1e9", "key=" + "x" * 5000]
)
def test_no_query_leads_past_the_store(application, query):
    client = local_client(application.state.store)
    for path in ("/", "/nights", "/nights/2026-11-19", "/machines/fan/00"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code in (200, 404) and "SECRET" not in answer.text


def test_what_is_not_there_is_a_plain_page_that_repeats_nothing(tmp_path):
    answer = local_client(open_store(str(tmp_path))).get("/<script>alert(1)</script>")
    assert answer.status_code == 404 and "alert" not in answer.text and "Nothing here" in answer.text


def test_another_method_is_refused(tmp_path):
    assert local_client(open_store(str(tmp_path))).put("/login").status_code == 405


def test_reading_writes_nothing(tmp_path):
    store = plant(open_store(str(tmp_path)))
    before, client = files_of(tmp_path), local_client(store)
    for path in ("/", "/nights", "/nights/2026-11-18", "/machines/fan/00", "/reports"):
        assert client.get(path).status_code == 200
    assert files_of(tmp_path) == before


def test_a_warm_page_asks_a_bucket_a_few_times_and_a_thousand_nights_change_little():
    asked = {}
    for nights in (10, 1000):
        bucket = Bucket({})
        for number in range(nights):
            keep_night(Store(bucket), day(number), {FAN: "A"}) if number >= nights - 2 else keep_run(bucket, number)
        client = local_client(Store(bucket))
        assert "1 machine of 1 is in alarm" in client.get("/").text
        bucket.requests.clear()
        assert client.get("/").status_code == 200
        asked[nights] = bucket.asked().total()
    assert asked[10] <= 12 and asked[1000] <= asked[10] + 2, asked


def keep_run(bucket, number):
    """A night that is scored and of which nothing is read."""
    files = {}
    keep_record(files, {"run_id": f"nightly-{number}", "job": "nightly", "score_files": {}}, day(number))
    for path, data in files.items():
        bucket.put(path, data)


def test_many_readers_at_once_see_the_same(tmp_path):
    store = plant(open_store(str(tmp_path)))
    client = local_client(store)
    paths = ["/", "/nights", "/nights/2026-11-18", "/machines/fan/00", "/machines/valve/02"] * 6
    with ThreadPoolExecutor(8) as pool:
        told = [answer.text for answer in pool.map(client.get, paths)]
    assert all(told[place] == told[place % 5] for place in range(len(paths)))


def test_a_store_that_cannot_be_read_is_a_page_and_the_next_request_looks_again(tmp_path):
    store = plant(open_store(str(tmp_path)))
    client = local_client(store)
    store.files.write("runs/broken.json", b"no record")
    answer = client.get("/")
    assert answer.status_code == 503 and "runs/broken.json" in answer.text
    store.files.delete("runs/broken.json")
    assert client.get("/").status_code == 200


def test_a_broken_file_of_alarms_costs_its_own_night(tmp_path):
    store = plant(open_store(str(tmp_path)))
    store.files.write(f"alarms/{KEY}/date=2026-11-19.parquet", b"broken")
    client = local_client(store)
    assert "The alarms of this night are not known" in client.get("/").text
    assert "1 machine of 3 is in alarm" in client.get("/nights/2026-11-18").text
    assert client.get("/nights").status_code == client.get("/machines/fan/00").status_code == 200
