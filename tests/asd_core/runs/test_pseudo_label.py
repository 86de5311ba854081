import numpy as np
import pyarrow as pa
import pytest

from asd_core.errors import AsdError, UsageError
from asd_core.runs.pseudo_label import keep_pseudo_labels, pseudo_labelled, show_pseudo_labels
from asd_core.store.local_files import LocalFiles
from asd_core.store.pseudo_label_tables import read_pseudo_labels
from asd_core.store.store import Store
from asd_core.training.pseudo_labels.method import PseudoLabelMethod
from asd_core.training.pseudo_labels.spaces import Placed
from tests.asd_core.training.pseudo_labels.clips import embeddings_of, fans

METHOD = PseudoLabelMethod("twfr")


class Known:
    """A space in which the first clips of a machine could not be embedded."""

    def __init__(self, unread=0):
        self.unread = unread

    def of_machine(self, clips):
        first, rest = clips.slice(0, self.unread), clips.slice(self.unread)
        left_out = first.append_column("error_reason", pa.array(["silent"] * len(first), pa.string()))
        return Placed(rest, embeddings_of(rest) if len(rest) else np.empty((0, 1), np.float32), left_out)


def test_every_clip_of_a_labelled_machine_is_a_row_and_is_kept(tmp_path):
    store = Store(LocalFiles(tmp_path))
    normals = pa.concat_tables([fans(20), fans(20, machine_id="01")])
    clips = pa.concat_tables([normals, fans(5, split="test")])
    found = pseudo_labelled(clips, normals, Known(unread=2), METHOD)
    kept = keep_pseudo_labels(store, "kinds", found, METHOD, {"note": "random"})
    rows, made = read_pseudo_labels(store.files, "kinds")
    assert len(rows) == 45 and kept["counts"]["errors_by_reason"] == {"silent": 4}
    assert made["counts"]["labelled"] == 36
    assert (made["words"], made["note"], made["method"]["bic"]) == (METHOD.words, "random", "fitted")
    assert {(one["machine_id"], one["clips"]) for one in made["clusters"]} == {("00", 18), ("01", 18)}


def test_a_machine_of_which_nothing_can_be_read_is_told_and_the_others_go_on():
    normals = pa.concat_tables([fans(3), fans(20, machine_id="01")])
    found = pseudo_labelled(normals, normals, Known(unread=3), METHOD)
    assert found.left_out == ("fan 00",) and len(found.rows) == 23


def test_nothing_to_label_is_an_error():
    with pytest.raises(AsdError, match="none of 3 training normals could be embedded"):
        pseudo_labelled(fans(3), fans(3), Known(unread=3), METHOD)


def test_a_page_needs_pseudo_labels_and_scores_that_are_there(tmp_path):
    store = Store(LocalFiles(tmp_path))
    with pytest.raises(UsageError, match="no pseudo-labels 'kinds'"):
        show_pseudo_labels(store, "kinds")
    found = pseudo_labelled(fans(3), fans(3), Known(), METHOD)
    keep_pseudo_labels(store, "kinds", found, METHOD, {"notes": []})
    assert b"Pseudo-labels" in store.files.read(show_pseudo_labels(store, "kinds"))
    with pytest.raises(UsageError, match="--scores twfr-knn-0: the store has no scores of these clips"):
        show_pseudo_labels(store, "kinds", "twfr-knn-0")
