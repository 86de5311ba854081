import numpy as np
import pytest

from asd_core.alarms.lent_nights import lent_nights
from asd_core.pipeline.lent_evidence import with_lent_nights
from asd_core.pipeline.type_scorers import type_folder
from asd_core.store.alarm_schemas import EVIDENCE
from tests.stored_rows import blank_rows


def nights_of(machines):
    places = np.arange(machines * 4)
    return lent_nights(places % 7 * 1.0, places // 4, places // 2)


def evidence(*versions):
    count = len(versions)
    given = {"machine_type": ["fan"] * count, "machine_id": [f"{n}" for n in range(count)], "clips": [2] * count}
    given |= {"night_mean": [99.0] * count, "worst": [99.0] * count, "scorer_version": list(versions)}
    return blank_rows(EVIDENCE, count, **given)


@pytest.mark.parametrize(("machines", "expected"), [(9, (9, 0.1, 0.1)), (8, (8, None, None)), (None, (0, None, None))])
def test_a_borrowed_night_lies_beside_those_lent_and_few_machines_decide_nothing(machines, expected):
    asked = []

    def nights(folder, version):
        asked.append((folder, version))
        return None if machines is None else nights_of(machines)

    found = with_lent_nights(evidence("type/v1", "v1", "type/v1", None), "key", nights).to_pylist()
    shown = [(row["lenders"], row["lent_p_value"], row["lent_p_floor"]) for row in found]
    assert shown == [expected, (None, None, None), expected, (None, None, None)]
    assert asked == [(type_folder("key", "fan"), "v1")]
