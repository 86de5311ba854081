import numpy as np
import pyarrow as pa

from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.training.loop import Asked
from tests.accuracy.pseudo_label_scores import Embedded, Loaded, score
from tests.accuracy.pseudo_labels import Archive
from tests.asd_core.training.pseudo_labels.clips import fans


def test_a_source_in_memory_gives_the_examples_asked_for():
    source = Loaded(np.arange(10, dtype=np.float32)[:, None])
    ((positions, inputs),) = source([Asked(1, np.array([3, 1]))])
    assert positions.tolist() == [3, 1] and inputs[:, 0].tolist() == [3, 1]


def test_the_score_is_1_where_anomalies_lie_apart_and_a_half_where_they_do_not(tmp_path):
    rows = []
    for domain in ("source", "target"):
        for split, condition in (("train", "normal"), ("test", "normal"), ("test", "anomalous")):
            clips = fans(20, domain=domain, split=split)
            place = clips.column_names.index("condition")
            rows.append(clips.set_column(place, clips.schema.field(place), [[condition] * 20]))
    clips = pa.concat_tables(rows)
    uris = [f"{uri}?{number}" for number, uri in enumerate(clips["uri"].to_pylist())]
    clips = clips.set_column(0, clips.schema.field(0), [uris])
    one = Archive("a", clips, clips, clips.slice(0, 20), Store(LocalFiles(tmp_path)))
    is_anomalous = np.array(clips["condition"].to_pylist()) == "anomalous"
    apart = np.where(is_anomalous[:, None], [[0.0, 1.0]], [[1.0, 0.0]]).astype(np.float32)
    apart += np.random.default_rng(0).normal(0, 0.01, apart.shape).astype(np.float32)
    assert score(one, Embedded(clips, apart)) == 1
    same = np.ones_like(apart)
    assert score(one, Embedded(clips, same)) == 0.5
