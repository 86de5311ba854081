"""The plant of these tests, and clients of it that decode in this process."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.testclient import TestClient

from asd_core.digest import content_hash
from asd_core.serving.application import build_application
from asd_core.serving.clip_pages import ServedClips
from asd_core.serving.clip_sounds import ClipSounds, make_media
from asd_core.serving.kept_files import KeptFiles
from asd_core.serving.scored_clips import ScoredClips
from asd_core.store.layout import score_part_path
from asd_core.store.store import Store
from asd_core.store.tables import CAPTIONS, to_parquet
from tests.asd_core.serving.clients import HERE, form_secret, raw_answer
from tests.fleet import KNN
from tests.stored_rows import rows as rows_of

DATES = [f"2026-11-{day:02d}" for day in range(1, 12)]
LEARNT, SCORED, NIGHT = DATES[:8], DATES[8:], DATES[10]
RECIPE = KNN.with_settings({"alarm.false_alarms": 0.3})
KEY, SQUEALING = RECIPE.key(), "01"


def keep_scores(store, rows, key=KEY, run_id="nightly-other"):
    """Commit rows of SCORES of one night, as a run would."""
    date, data = rows["date"][0].as_py(), to_parquet(rows)
    path = score_part_path(key, date, run_id, 0, content_hash(data))
    store.files.write_new(path, data)
    record = {"run_id": run_id, "job": "nightly", "key": key, "dates": [date], "committed_at": "2026-12-01"}
    store.commit_run(record | {"score_files": {path: content_hash(data)}})


def keep_captions(store, clip, key=KEY, **given):
    """Commit one measured caption of a clip, with these words and findings."""
    told = {"difference_caption": "a tone", "findings": ["a tone"], "llm": "", "method": "acoustic"} | given
    own = {name: clip[name] for name in CAPTIONS.names if name in clip and name not in ("error", "error_reason")}
    rows = rows_of(CAPTIONS, [clip["clip_id"]], **{name: [value] for name, value in (own | told).items()})
    path, checksum = store.write_captions(key, rows)
    record = {
        "run_id": "caption-1",
        "job": "caption",
        "key": KEY,
        "dates": [clip["date"]],
        "committed_at": "2026-12-01",
    }
    store.commit_run(record | {"caption_files": {path: checksum}, "llm": told["llm"], "method": told["method"]})


@dataclass
class Plant:
    """An archive, a store of its nights, and a program that asks its server."""

    archive: Path
    store: Store

    @cached_property
    def client(self):
        files = KeptFiles()
        clips = ServedClips(ScoredClips(self.store), ClipSounds(files, make_media), files)
        application = build_application(self.store, clips=clips)
        return TestClient(application, HERE, client=("127.0.0.1", 40_000), follow_redirects=False)

    def clips(self, date=NIGHT):
        """The rows of a night by machine id and number."""
        rows = self.store.scores(KEY, date).to_pylist()
        return {(row["machine_id"], int(row["uri"][-6:-4])): row for row in rows}

    def get(self, clip, path="", **query):
        asked = {"key": KEY, "date": NIGHT, **query}
        return self.client.get(f"/clips/{clip['clip_id']}{path}", params=asked)

    def raw(self, path):
        """Status and body of a path that no client has made shorter or encoded."""
        return raw_answer(self.client.app, path)

    def post(self, **fields):
        return self.client.post("/label", data={"form_secret": form_secret(self.client), **fields})
