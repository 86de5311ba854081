import pytest

from asd_core.errors import AsdError
from asd_core.store.addresses import open_files
from asd_core.store.s3_bulk import delete_keys


def test_many_files_are_deleted_by_few_requests(bucket):
    files = open_files(f"{bucket}/store")
    for path in ("a/0", "a/1004", "kept"):
        files.write(path, b"")
    files.delete_all([*(f"a/{number}" for number in range(1005)), "not there"])
    files.delete_all([])
    assert [info.path for info in files.list()] == ["kept"]


def test_uploads_that_nobody_finished_are_listed_and_go_when_they_are_old(s3_server, bucket):
    name, files = bucket.removeprefix("s3://"), open_files(f"{bucket}/store")
    for key in ("store/a/x.npz", "other/y"):
        begun = s3_server.create_multipart_upload(Bucket=name, Key=key)
        s3_server.upload_part(Bucket=name, Key=key, UploadId=begun["UploadId"], PartNumber=1, Body=b"123")
    (left,) = files.leftovers()
    assert (left.path, left.size) == ("a/x.npz", 3) and left.modified > 0
    files.remove_leftovers(300)  # a lock asks for this, and must not take the upload of a run that is at work
    assert len(files.leftovers()) == 1
    files.remove_leftovers(86_400)  # the server dates every upload to 2010
    assert files.leftovers() == [] and len(s3_server.list_multipart_uploads(Bucket=name)["Uploads"]) == 1


class Refusing:
    """Answers a request for many deletes as some services do."""

    def __init__(self, answer):
        self.answer, self.calls = answer, []

    def call_s3(self, name, **given):
        self.calls.append(name)
        if name == "delete_objects" and isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if name == "delete_objects" else {}


class NotImplementedThere(OSError):
    response = {"Error": {"Code": "NotImplemented"}}


def test_a_service_without_deletes_of_many_is_asked_one_by_one():
    service = Refusing(NotImplementedThere())
    delete_keys(service, ["bucket/a", "bucket/b/c"])
    assert service.calls == ["delete_objects", "delete_object", "delete_object"]


def test_a_file_that_may_not_be_deleted_is_an_error():
    denied = {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}
    with pytest.raises(PermissionError, match="a cannot be deleted"):
        delete_keys(Refusing(denied), ["bucket/a"])


def test_a_bucket_that_is_not_there_is_told_in_one_line(s3_server):
    with pytest.raises(AsdError, match="there is no such bucket"):
        open_files("s3://not-there-at-all/store").delete_all(["a"])
