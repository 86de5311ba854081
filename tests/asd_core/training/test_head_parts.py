import numpy as np
import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.embed_missing import Embedded
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.store.layout import shard_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import EMBEDDINGS, filled, from_parquet, to_parquet
from asd_core.training.head_parts import head_part, names_of_classes
from asd_core.training.head_training import TrainedHead
from tests.asd_core.pipeline.committed import FINGERPRINT, commit

CONFIG = TrainingConfig(labels=("machine_type", "machine_id"), keep=())


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def part(store, clips, machine_type="fan"):
    names, _ = names_of_classes(store, clips, CONFIG)
    return head_part(store, Embedded(clips, {"fan": FINGERPRINT}), names, machine_type)


def test_clips_without_an_embedding_are_left_out(store):
    found = part(store, commit(store, ["a", "b"], count=4, broken=("a-2026-11-01-1",)))
    assert len(found.rows) == 7 and found.classes.counts == (3, 4)
    assert found.examples(False).embeddings.shape == (7, 3) and found.line == "fan: 2 classes in 7 clips"


def test_a_head_knows_the_classes_of_each_machine_and_the_clips_held_out(store):
    found = part(store, commit(store, ["a", "b"], count=2), "")
    head = found.head(TrainedHead({}, np.array([0, 3]), []))
    assert head.machines == {"fan": {"a": [0], "b": [1]}} and head.classes == ("fan / a", "fan / b")
    assert head.held_out == ["a-2026-11-01-0", "b-2026-11-01-1"] and found.name == "all machines"


def test_missing_attributes_are_told(store):
    clips = commit(store, ["a", "b"])
    names, told = names_of_classes(store, clips, TrainingConfig())
    assert len(names) == 20 and "no clip has attributes" in told[0]
    assert names_of_classes(store, clips, CONFIG)[1] == []


def test_what_cannot_be_told_apart_is_one_line(store):
    with pytest.raises(AsdError, match=r'fan: 10 normal clips .* only one class.*head_per = "all"'):
        part(store, commit(store, ["a"]))
    broken = tuple(f"{one}-2026-11-01-{number}" for one in "ab" for number in range(10))
    with pytest.raises(AsdError, match="fan: none of 20 normal clips has an embedding, the first for this: empty"):
        part(store, commit(store, ["a", "b"], shard="t", broken=broken))


def test_embeddings_of_several_lengths_are_refused(store):
    clips = commit(store, ["a", "b"], count=2)
    path = shard_path(FINGERPRINT, "s")
    rows = filled(from_parquet(store.files.read(path)), EMBEDDINGS)
    mixed = pa.array([[1.0] * (2 + row % 2) for row in range(4)], rows["embedding"].type)
    column = rows.column_names.index("embedding")
    store.files.write(path, to_parquet(rows.set_column(column, rows.schema.field("embedding"), mixed)))
    with pytest.raises(AsdError, match=r"fan: embeddings of several lengths \(\[2, 3\]\)"):
        part(store, clips)
