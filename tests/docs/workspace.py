"""A folder in which what the pages tell a reader to type does run.

demo/            what `make demo` leaves: recordings and a store
recordings/      fifteen nights of a small fleet; manifest.csv says which clips are faulty
store/           with the recipe twfr-gmm fitted and the last night scored
factory/         the same nights, as in the tutorial: factory/hall-2/fan-03/20261101_020000.wav
dcase2020/dev_data, mimii/, plant/  archives in other layouts
features/        embeddings made elsewhere
scores.parquet   scores made elsewhere
teams/, dcase2024_task2_evaluator/  a system handed in to a challenge, and the official ground truth
"""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.synthesis.fleet import simulate_fleet
from tests.asd_core.evaluation.submissions import write_team, write_truth
from tests.command import asd
from tests.fleet import write_dcase, write_wav
from tests.mimii import write_mimii

FIT_NIGHTS = ("--since", "2026-11-01", "--until", "2026-11-09")


def stand_ins_of(servers):
    """A function that puts this machine's servers and buckets into a text, in place of the page's."""

    def put(text):
        for word, stand_in in servers.items():
            text = text.replace(word, stand_in)
        return text

    return put


def fill(s3, bucket, recordings):
    """Put the fleet into a bucket."""
    for path in sorted(recordings.rglob("*.wav")):
        s3.upload_file(str(path), bucket.removeprefix("s3://"), f"recordings/{path.relative_to(recordings)}")


def write_factory(recordings, factory):
    """The fleet's recordings by names of a plant's own."""
    for path in sorted(recordings.rglob("*.wav")):
        machine = {"machine_type=fan": "fan-03", "machine_type=pump": "pump-11"}[path.relative_to(recordings).parts[0]]
        place = factory / "hall-2" / machine / f"{path.stem.partition('T')[0]}_{path.stem[9:15]}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def build(root):
    """Write all of it."""
    simulate_fleet(
        str(root / "recordings"),
        machine_types=("fan", "pump"),
        machines_per_type=1,
        nights=15,
        clips_per_night=4,
        seconds=1.0,
    )
    shutil.copytree(root / "recordings", root / "demo" / "recordings")
    write_factory(root / "recordings", root / "factory")
    recipe = ("--recipe", "twfr-gmm", "--store", root / "store", "--local")
    assert asd("fit", root / "recordings", *recipe, *FIT_NIGHTS).code == 0
    assert asd("nightly", root / "recordings", *recipe).code == 0
    write_dcase(root / "dcase2020" / "dev_data", train=10)
    write_mimii(root / "mimii", machines=["00"])
    for day in ("20261101", "20261102", "20261103"):
        for hour in ("02", "03", "04"):
            write_wav(root / "plant" / "pump" / "07" / f"{day}_{hour}0000_mic1.wav", seed=int(day + hour) % 1000)
    (root / "features").mkdir()
    random = np.random.default_rng(0)
    for name in ("fan_id_00", "fan_id_02"):
        normal, test = random.normal(size=(40, 8)), random.normal(size=(20, 8))
        np.savez(root / "features" / f"{name}.npz", X_train=normal, X_test=test, y_test=np.arange(20) % 2)
    names = [f"section_00_{split}_normal_{number:04d}_a.wav" for split in ("train", "test") for number in range(9)]
    systems = {"system": ["stgram"] * 18, "machine_type": ["fan"] * 18, "file": names}
    pq.write_table(pa.table({**systems, "anomaly_score": random.normal(size=18)}), root / "scores.parquet")
    write_team(root / "teams/team_a/system_1")
    write_truth(root / "dcase2024_task2_evaluator")
    for rater, rating in (("ann", 4), ("ben", 2)):
        write_ratings(root / rater / "ratings.csv", rater, rating)
    return root


def write_ratings(path, rater, rating):
    """One rating of each method on two machines, as the report's form exports them."""
    head = "rater,date,machine_type,machine_id,clip_id,uri,method,llm,rating,rated_at"
    rows = [
        f"{rater},2026-11-15,fan,{machine},{machine * 16},file:///a.wav,{method},some-model,{rating},2026-11-16T08:00:00Z"
        for machine in ("00", "01")
        for method in ("hybrid", "zero-shot")
    ]
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
