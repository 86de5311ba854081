"""A bucket in memory that counts what is asked of it, and may answer as late as S3 does."""

import bisect
import math
import threading
import time
from collections import Counter

from asd_core.digest import content_hash
from asd_core.store.files import FileInfo

PAGE = 1000  # names that S3 gives at once


class Bucket:
    """Files in memory.

    Args:
        files: path → bytes.
        seconds: until a request is answered; each page of a listing is one.
    """

    url = "s3://in-memory"

    def __init__(self, files, seconds=0.0):
        self.files, self.seconds = dict(files), seconds
        self.requests, self.listed, self._lock = Counter(), Counter(), threading.Lock()  # (kind, top folder) → how many
        self._names = sorted(self.files)
        self.modified = {}  # path → seconds since the epoch, where a test needs it

    def asked(self, *without):
        """Requests so far by kind, without those for the files of some top folders."""
        found = Counter()
        for (kind, folder), times in self.requests.items():
            found[kind] += 0 if folder in without else times
        return found

    def list(self, prefix="", closed=None):
        start = f"{prefix}/" if prefix else ""
        first, last = (bisect.bisect_left(self._names, word) for word in (start, start[:-1] + "0"))
        names = self._names[first : last if prefix else None]
        self._ask("list", prefix, max(1, -(-len(names) // PAGE)))
        self.listed[prefix] += 1
        return [
            FileInfo(name, len(self.files[name]), content_hash(self.files[name]), self.modified.get(name, math.nan))
            for name in names
        ]

    def read(self, path):
        self._ask("read", path)
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]

    def write(self, path, data):
        self._ask("write", path)
        self.put(path, data)

    def write_new(self, path, data):
        self._ask("write", path)
        if path in self.files:
            return False
        self.put(path, data)
        return True

    def put(self, path, data):
        """Write without a request of the driver: workers do."""
        with self._lock:
            if path not in self.files:
                bisect.insort(self._names, path)
            self.files[path] = data

    def exists(self, path):
        self._ask("exists", path)
        return path in self.files

    def delete(self, path):
        self._ask("delete", path)
        with self._lock:
            if self.files.pop(path, None) is not None:
                self._names.remove(path)

    def delete_all(self, paths):
        for path in paths:
            self.delete(path)

    def leftovers(self):
        return []

    def remove_leftovers(self, seconds):
        """Writes leave none."""

    def uri(self, path):
        return f"{self.url}/{path}"

    address = uri

    def _ask(self, kind, path, times=1):
        with self._lock:
            self.requests[kind, path.split("/")[0]] += times
        time.sleep(self.seconds * times)
