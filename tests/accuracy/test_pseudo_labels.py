import numpy as np
import pyarrow as pa

from asd_core.runs.pseudo_label import PseudoLabelled
from asd_core.store.pseudo_label_tables import PSEUDO_LABELS
from asd_core.training.pseudo_labels.labelling import without_place
from asd_core.training.pseudo_labels.method import PseudoLabelMethod
from asd_core.training.pseudo_labels.spaces import Placed
from tests.accuracy.conditions import hidden
from tests.accuracy.pseudo_labels import Kept, agreement, row
from tests.asd_core.training.pseudo_labels.clips import embeddings_of, fans


def labelled(clips, labels):
    rows = without_place(hidden(clips), pa.nulls(len(clips), pa.string()), PseudoLabelMethod("twfr"))
    place = PSEUDO_LABELS.names.index("pseudo_label")
    return PseudoLabelled(rows.set_column(place, PSEUDO_LABELS.field(place), pa.array(labels)), (), ())


def test_agreement_is_with_the_attributes_that_were_hidden():
    clips = fans(20)
    right = ["x", "y"] * 10
    assert agreement(labelled(clips, right), clips, "source") == {"fan": 1}
    assert agreement(labelled(clips, ["x"] * 20), clips, "source") == {"fan": 0}
    assert agreement(labelled(clips, right), clips, "target") == {}


def test_a_kept_space_is_asked_once_and_answers_for_any_of_its_clips():
    clips, asked = fans(20), []

    class Counted:
        def of_machine(self, clips):
            asked.append(len(clips))
            return Placed(clips, embeddings_of(clips), clips.slice(0, 0))

    kept = Kept(Counted(), clips)
    some = clips.take([7, 3])
    assert np.array_equal(kept.of_machine(some).embeddings, embeddings_of(clips)[[7, 3]])
    assert kept.of_machine(clips).clips == clips and asked == [20]


def test_a_row_has_the_mean_over_types_and_its_deviation_over_seeds():
    runs = [({"fan": 0.2, "pump": 0.4}, {"fan": 1.0}, 10), ({"fan": 0.4, "pump": 0.6}, {"fan": 0.0}, 20)]
    assert row(runs) == ("0.400 ± 0.141 (fan 0.30, pump 0.50)", "0.500 ± 0.707", "15.0")
