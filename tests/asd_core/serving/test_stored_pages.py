"""Pages of the past: those that runs wrote, with what lies beside them, and no other file of the store."""

import shutil

import pytest

from asd_core.serving.stored_pages import POLICY, StoredPages
from asd_core.store.layout import night_page_path, nights_page_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store, open_store
from tests.asd_core.serving.plants import KEY, NIGHT, SQUEALING, Plant

PAGE = "/" + night_page_path(KEY, NIGHT)


def files_beside(plant):
    return [info.path for info in plant.store.files.list("reports") if not info.path.endswith(".html")]


@pytest.fixture(scope="module")
def secretive(built, tmp_path_factory):
    """The plant with files that no page needs, in its store and beside it."""
    root = tmp_path_factory.mktemp("secretive")
    shutil.copytree(built[1].files.root, root / "store")
    plant = Plant(built[0], Store(LocalFiles(root / "store")))
    for name in ("secret.html", "tuning/secret.html", f"reports/{KEY}/other/index.html", "runs/index.html"):
        plant.store.files.write(name, b"secret")
    plant.store.files.write(f"reports/{KEY}/date={NIGHT}/notes.parquet", b"secret")
    (root / "secret.html").write_bytes(b"secret")
    return plant


def test_a_report_is_sent_as_it_was_written_and_runs_its_own_script_alone(read_plant):
    answer = read_plant.client.get(PAGE)
    assert answer.content == read_plant.store.files.read(PAGE[1:])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert "default-src 'none'" in POLICY and POLICY.startswith("sandbox") and "allow-popups" not in POLICY
    assert read_plant.client.get(PAGE.replace("=", "%3D")).content == answer.content


def test_its_media_are_sent_with_their_types_and_in_ranges(read_plant):
    paths = files_beside(read_plant)
    assert {path.rpartition(".")[2] for path in paths} == {"flac", "png"}
    for path in paths[:6]:
        answer, data = read_plant.client.get(f"/{path}"), read_plant.store.files.read(path)
        assert answer.content == data
        assert answer.headers["content-type"] == {"f": "audio/flac", "p": "image/png"}[path.rpartition(".")[2][0]]
        assert read_plant.client.get(f"/{path}", headers={"range": "bytes=-7"}).content == data[-7:]


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
def test_no_other_file_of_the_store_or_beside_it_is_there(secretive, path):
    status, body = secretive.raw(path)
    assert status in (404, 405) and b"secret" not in body


@pytest.mark.parametrize(
    "page", ["../secret.html", "tuning/../../secret.html", "/etc/hostname.html", "runs/a.html", "x"]
)
def test_a_record_cannot_name_a_page_elsewhere(plant, page):
    (plant.store.files.root.parent / "secret.html").write_bytes(b"secret")
    plant.store.commit_run({"run_id": "tune-1", "job": "tune", "page": page, "committed_at": "2026-12-01"})
    pages = StoredPages(plant.store)
    assert pages.others() == [] and pages.read(page) is None


def test_a_bucket_has_the_same_pages_sounds_and_tables_and_takes_labels(plant, bucket):
    files = open_store(f"{bucket}/store").files
    for info in plant.store.files.list():
        if not info.path.startswith(("embeddings/", "scorers/", "clips/", "measures/")):
            files.write(info.path, plant.store.files.read(info.path))
    other = Plant(plant.archive, open_store(f"{bucket}/store"))
    clip = plant.clips()[SQUEALING, 0]
    for path in (PAGE, f"/{files_beside(plant)[0]}", f"/tables/scores.csv?key={KEY}&date={NIGHT}"):
        assert other.client.get(path).content == plant.client.get(path).content
    assert other.raw(f"/reports/{KEY}/date={NIGHT}/../../../secret.html")[0] == 404
    page = other.get(clip)
    assert page.status_code == 200 and page.text.count("<audio") > 2
    assert other.get(clip, "/media/clip.flac").content == plant.get(clip, "/media/clip.flac").content
    assert other.post(uri=clip["uri"], date=NIGHT, answer="fault", words="hums").status_code == 303
    assert other.store.labels()["words"].to_pylist() == ["hums"] and other.client.get("/reports").status_code == 200
