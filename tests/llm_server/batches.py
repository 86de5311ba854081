"""Files and batches: a batch is done once it has been looked at a few times."""

import itertools
import json
import threading
import urllib.parse

from tests.llm_server.completions import completion


class Batches:
    """Files and batches that the server keeps.

    Attributes:
        looks: how often a batch is looked at before it is done.
        faults: (custom id, how many batches held it before) → ``ok``, ``expired``, ``error``, ``refused`` or a text.
        unknown: ids of batches that it made and does not know now.
        unsupported: a parameter that it refuses.
        drops_created: how many times more a batch is made and the connection then dropped.
        made: the batches, in the order in which they were created.
    """

    def __init__(self, server):
        self._server = server
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self.looks, self.drops_created = 2, 0
        self.faults = lambda custom_id, before: "ok"
        self.unknown, self.unsupported = set(), None
        self.made, self.files = [], {}
        self._looked, self._held = {}, {}

    def upload(self, data):
        name = self._keep(data)
        return {"id": name, "object": "file", "bytes": len(data), "created_at": 1, "filename": "f", "purpose": "batch"}

    def create(self, body):
        with self._lock:
            batch = {
                "id": f"batch-{len(self.made)}",
                "object": "batch",
                "endpoint": body["endpoint"],
                "input_file_id": body["input_file_id"],
                "completion_window": body["completion_window"],
                "status": "in_progress",
                "created_at": 1,
                "metadata": body.get("metadata"),
            }
            self.made.append(batch)
            if self.drops_created:
                self.drops_created -= 1
                return None
            return batch

    def list(self, path):
        """The newest first, two a page."""
        after = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query).get("after", [None])[0]
        with self._lock:
            newest = [batch for batch in reversed(self.made) if batch["id"] not in self.unknown]
        start = next((i + 1 for i, batch in enumerate(newest) if batch["id"] == after), 0)
        page = newest[start : start + 2]
        last = page[-1]["id"] if page else None
        return {"object": "list", "data": page, "has_more": start + 2 < len(newest), "first_id": None, "last_id": last}

    def retrieve(self, batch_id):
        if batch_id in self.unknown:
            return None
        with self._lock:
            batch = next(batch for batch in self.made if batch["id"] == batch_id)
        self._looked[batch_id] = self._looked.get(batch_id, 0) + 1
        if batch["status"] == "in_progress" and self._looked[batch_id] >= self.looks:
            self._finish(batch)
        return batch

    def content(self, name):
        return self.files[name]

    def _finish(self, batch):
        good, bad, status = [], [], "completed"
        for line in self.files[batch["input_file_id"]].decode().splitlines():
            asked = json.loads(line)
            custom_id = asked["custom_id"]
            before = self._held.get(custom_id, 0)
            self._held[custom_id] = before + 1
            fault = self.faults(custom_id, before)
            told = {"id": f"r-{custom_id}", "custom_id": custom_id, "response": None, "error": None}
            if fault == "expired":
                status = "expired"
                bad.append({**told, "error": {"code": "batch_expired", "message": "not reached in time"}})
            elif self.unsupported in asked["body"]:
                error = {"message": "unsupported", "param": self.unsupported, "code": "unsupported_parameter"}
                bad.append({**told, "response": {"status_code": 400, "body": {"error": error}}})
            elif fault in ("error", "refused"):
                body = {"error": {"message": "no"}}
                bad.append({**told, "response": {"status_code": 500 if fault == "error" else 400, "body": body}})
            else:
                number, prompt, _ = self._server.arrive(asked["body"])
                text = self._server.answer(prompt) if fault == "ok" else fault
                self._server.sent(number)
                good.append({**told, "response": {"status_code": 200, "body": completion(text)}})
        batch["status"] = status
        batch["output_file_id"] = self._keep(_lines(good)) if good else None
        batch["error_file_id"] = self._keep(_lines(bad)) if bad else None

    def _keep(self, data):
        name = f"file-{next(self._numbers)}"
        self.files[name] = data
        return name


def _lines(values):
    return "".join(json.dumps(value) + "\n" for value in values).encode()
