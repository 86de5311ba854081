"""Making a shard of clips."""

from dataclasses import replace

import numpy as np
import soundfile

from asd_core.store.local_files import LocalFiles
from asd_core.synthesis.generation.archive import Parts, folder_of, sha256_of
from asd_core.synthesis.generation.plan import plan_clips
from asd_core.synthesis.generation.shard import ShardTask, make_shard, opened
from tests.asd_core.synthesis.generation.fakes import QUICK, NoiseSource, wanted_of

PLANNED = plan_clips(wanted_of(("fan", "00")), QUICK)


def made(folder, *bad, clips=PLANNED[:2], batch=4):
    task = ShardTask(LocalFiles(folder).url, Parts("plant", "abc"), 0, tuple(clips), batch, NoiseSource(bad))
    return make_shard(task), folder / folder_of("plant", "abc")


def test_a_clip_is_the_candidate_nearest_to_its_caption(tmp_path):
    rows, folder = made(tmp_path)
    for clip, row in zip(PLANNED, rows, strict=False):
        tries = NoiseSource().open().generate([clip.caption] * 2, clip.seeds[:2])
        best = int(np.abs(tries).max(axis=1).argmax())
        sound, _ = soundfile.read(folder / clip.path, dtype="float32")
        assert (row["candidate"], row["seed"]) == (best, clip.seeds[best])
        assert sound.tobytes() == tries[best].tobytes() and row["sha256"] == sha256_of(
            (folder / clip.path).read_bytes()
        )


def test_bad_candidates_are_passed_over_and_the_last_seed_is_tried_once(tmp_path):
    first, second = PLANNED[:2]
    bad = [(first.seeds[0], "silent"), (second.seeds[0], "silent"), (second.seeds[1], "not_finite")]
    rows, _ = made(tmp_path, *bad)
    assert [row["candidate"] for row in rows] == [1, 2]


def test_a_clip_without_one_usable_try_is_a_row_with_its_reason_and_no_file(tmp_path):
    rows, folder = made(tmp_path, *((seed, "not_finite") for seed in PLANNED[0].seeds))
    assert (rows[0]["error_reason"], rows[0]["seed"], rows[0]["sha256"]) == ("not_finite", None, None)
    assert rows[0]["error"] == "8000 of 8000 samples are no finite numbers, in each of 3 tries"
    assert not (folder / PLANNED[0].path).exists() and (folder / PLANNED[1].path).exists()


def test_one_candidate_needs_no_comparison_and_batches_change_nothing(tmp_path):
    single = plan_clips(wanted_of(("fan", "00")), replace(QUICK, candidates=1))
    rows, _ = made(tmp_path / "a", clips=single)
    assert {row["similarity"] for row in rows} == {None} and {row["candidate"] for row in rows} == {0}
    assert made(tmp_path / "b", clips=single, batch=3)[0] == rows


def test_a_process_opens_a_generator_once():
    assert opened(NoiseSource(((1, "silent"),))) is opened(NoiseSource(((1, "silent"),)))
