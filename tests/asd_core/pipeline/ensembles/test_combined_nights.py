import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose

from asd_core.pipeline.ensembles.combined_nights import combined_nights
from asd_core.pipeline.left_out_nights import LEFT_OUT
from tests.asd_core.pipeline.ensembles.members import fused, member, names


def nights_of(uris, scores, night="2026-11-01", left_out="night", level=-20.0):
    count = len(uris)
    columns = {"uri": uris, "night": [night] * count, "left_out": [left_out] * count, "anomaly_score": scores}
    return pa.table({**columns, "level_db": [level] * count}, schema=LEFT_OUT)


@pytest.mark.parametrize("segments", [0, 3])
def test_a_clip_has_the_mean_of_its_members_scores_as_a_new_clip_would_have(segments):
    ensemble = fused(near=3.0).ensemble
    members = {"near": member(0, segments=segments), "spread": member(1)}
    rng = np.random.default_rng(0)
    found = {name: rng.normal(size=12) for name in members}
    nights = {"near": nights_of(names(), found["near"]), "spread": nights_of(names()[::-1], found["spread"][::-1])}
    rows = combined_nights(ensemble, members, nights)
    near = members["near"].standardised(found["near"], np.full(12, 3) if segments else None)
    assert_allclose(
        rows["anomaly_score"].to_numpy(), 0.75 * near + 0.25 * members["spread"].standardised(found["spread"])
    )
    assert rows["uri"].to_pylist() == names() and set(rows["night"].to_pylist()) == {"2026-11-01"}


def test_a_clip_that_one_member_could_only_leave_out_alone_says_so_and_others_tell_its_night():
    members = {"near": member(0), "spread": member(1)}
    imported = [name.replace("file:///", "import:x/") for name in names()]
    nights = {
        "near": nights_of(imported, np.zeros(12), night="", left_out="clip", level=None),
        "spread": nights_of(names()[:5], np.zeros(5)),
    }
    rows = combined_nights(fused().ensemble, members, nights)
    assert rows["uri"].to_pylist() == names()[:5]
    assert set(rows["left_out"].to_pylist()) == {"clip"} and set(rows["night"].to_pylist()) == {"2026-11-01"}
    assert set(rows["level_db"].to_pylist()) == {-20.0}


def test_members_that_share_no_clip_have_no_nights():
    members = {"near": member(0), "spread": member(1)}
    nights = {"near": nights_of(names(), np.zeros(12)), "spread": nights_of(names(first=50), np.zeros(12))}
    assert len(combined_nights(fused().ensemble, members, nights)) == 0
