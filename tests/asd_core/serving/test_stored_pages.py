"""Pages of the past: those that runs wrote, with what lies beside them, and no other file of the store."""

import pytest

from asd_core.serving.stored_pages import POLICY, StoredPages
from asd_core.store.layout import night_page_path, nights_page_path
from tests.asd_core.serving.plants import KEY, NIGHT

PAGE = "/" + night_page_path(KEY, NIGHT)


def files_beside(plant):
    return [info.path for info in plant.store.files.list("reports") if not info.path.endswith(".html")]


def test_a_report_is_sent_as_it_was_written_and_runs_its_own_script_alone(plant):
    answer = plant.client.get(PAGE)
    assert answer.content == plant.store.files.read(PAGE[1:])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert "default-src 'none'" in POLICY and POLICY.startswith("sandbox") and "allow-popups" not in POLICY
    assert plant.client.get(PAGE.replace("=", "%3D")).content == answer.content


def test_its_media_are_sent_with_their_types_and_in_ranges(plant):
    paths = files_beside(plant)
    assert {path.rpartition(".")[2] for path in paths} == {"flac", "png"}
    for path in paths[:6]:
        answer, data = plant.client.get(f"/{path}"), plant.store.files.read(path)
        assert answer.content == data
        assert answer.headers["content-type"] == {"f": "audio/flac", "p": "image/png"}[path.rpartition(".")[2][0]]
        assert plant.client.get(f"/{path}", headers={"range": "bytes=-7"}).content == data[-7:]


def test_all_pages_are_listed(plant):
    page = plant.client.get("/reports").text
    assert PAGE.replace("=", "%3D") in page and nights_page_path(KEY) not in page and "None yet." in page
    plant.store.files.write(nights_page_path(KEY), b"<p>all</p>")
    plant.store.files.write("tuning/tune-1/index.html", b"<p>search</p>")
    plant.store.files.write("pseudo_labels/p/index.html", b"<p>labels</p>")
    record = {"run_id": "tune-1", "job": "tune", "page": "tuning/tune-1/index.html", "committed_at": "2026-12-01"}
    plant.store.commit_run(record)
    page = plant.client.get("/reports").text
    for path in (nights_page_path(KEY), "tuning/tune-1/index.html", "pseudo_labels/p/index.html"):
        assert f'href="/{path}"' in page
        assert plant.client.get(f"/{path}").content == plant.store.files.read(path)


@pytest.mark.parametrize(
    "path",
    [
        "/reports/",
        f"/reports/{KEY}",
        f"/reports/{KEY}/",
        f"/reports/{KEY}/date={NIGHT}",
        f"/reports/{KEY}/date={NIGHT}/",
        f"/reports/{KEY}/date={NIGHT}/media/",
        f"/reports/{KEY}/date={NIGHT}/../date={NIGHT}/index.html",
        f"/reports/{KEY}/date={NIGHT}/%2e%2e/%2e%2e/%2e%2e/secret.html",
        f"/reports/{KEY}/date={NIGHT}/..%2f..%2f..%2fsecret.html",
        f"/reports/{KEY}/date={NIGHT}/%252e%252e/%252e%252e/%252e%252e/secret.html",
        f"/reports/{KEY}/date={NIGHT}/..\\..\\..\\secret.html",
        f"/reports/{KEY}/date={NIGHT}//index.html",
        f"//reports/{KEY}/date={NIGHT}/index.html",
        f"/reports/{KEY}/date={NIGHT}/index.html%00",
        f"/reports/{KEY}/date={NIGHT}/index.html/",
        f"/reports/{KEY}/date={NIGHT}/notes.parquet",
        f"/reports/{KEY}/other/index.html",
        "/reports//etc/passwd",
        "/reports/%2fetc%2fhostname.html",
        "/reports/../secret.html",
        "/reports/training/index.html",
        "/tuning/secret.html",
        "/tuning/../runs/index.html",
        "/runs/index.html",
        "/secret.html",
        f"/scores/{KEY}/{NIGHT}.parquet",
        "/labels/index.html",
    ],
)
def test_no_other_file_of_the_store_or_beside_it_is_there(plant, path):
    files = plant.store.files
    for name in ("secret.html", "tuning/secret.html", f"reports/{KEY}/other/index.html", "runs/index.html"):
        files.write(name, b"secret")
    files.write(f"reports/{KEY}/date={NIGHT}/notes.parquet", b"secret")
    (files.root.parent / "secret.html").write_bytes(b"secret")
    status, body = plant.raw(path)
    assert status in (404, 405) and b"secret" not in body


@pytest.mark.parametrize(
    "page", ["../secret.html", "tuning/../../secret.html", "/etc/hostname.html", "runs/a.html", "x"]
)
def test_a_record_cannot_name_a_page_elsewhere(plant, page):
    (plant.store.files.root.parent / "secret.html").write_bytes(b"secret")
    plant.store.commit_run({"run_id": "tune-1", "job": "tune", "page": page, "committed_at": "2026-12-01"})
    pages = StoredPages(plant.store)
    assert pages.others() == [] and pages.read(page) is None


def test_a_page_in_a_bucket_is_sent_likewise(plant, bucket):
    from asd_core.store.store import open_store
    from tests.asd_core.serving.clients import local_client

    store = open_store(f"{bucket}/store")
    for info in plant.store.files.list():
        if not info.path.startswith(("embeddings/", "scorers/")):
            store.files.write(info.path, plant.store.files.read(info.path))
    client = local_client(store)
    assert client.get(PAGE).content == plant.client.get(PAGE).content
    assert client.get(f"/reports/{KEY}/date={NIGHT}/../../../secret.html").status_code == 404
    clip = next(row for row in plant.clips().values() if row["is_flagged"])
    rows = client.get(f"/tables/scores.csv?key={KEY}&date={NIGHT}").text
    assert clip["clip_id"] in rows
    assert client.get("/reports").status_code == 200
