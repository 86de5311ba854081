import numpy as np

from tests.accuracy.shifted_nights import CLIPS, LEARNT, flagged, nights, normals, system_row


def test_normal_clips_stand_by_domain_and_machine_in_the_order_of_their_numbers():
    rows = []
    for place, (domain, condition, number) in enumerate(
        [("target", "normal", 1), ("source", "normal", 0), ("target", "normal", 0), ("source", "anomaly", 0)]
    ):
        name = f"section_00_{domain}_test_{condition}_{number:04d}_car_A2.wav"
        rows.append({"system": "s", "machine_type": "fan", "section": "00", "file": name, "anomaly_score": place})
    found = normals(rows)["s"]
    assert found["target"].tolist() == [[2, 0]] and found["source"].tolist() == [[1]]


def test_a_fleet_that_moves_together_is_told_as_shifted_and_has_fewer_alarms_then():
    draws = np.random.default_rng(0).normal(size=(30, 24 * CLIPS))
    source, target = nights(draws[:, : 12 * CLIPS]), nights(draws[:, 12 * CLIPS :]) + 5
    assert source.shape == (30, 12, CLIPS)
    name, *flags, held_out, moved, alarms, _, apart, shifts, _ = system_row("s", source, target)
    assert name == "s" and int(flags[1][:-1]) > 95 and int(moved[:-1]) > 80 > 20 > int(held_out[:-1])
    assert int(apart) < int(alarms) and shifts.startswith(f"{target.shape[1]} (+")


def test_the_threshold_flags_a_tenth_of_normal_clips():
    draws = np.random.default_rng(1).normal(size=(200, 40, CLIPS))
    assert abs(flagged(draws[:, :LEARNT], draws[:, LEARNT:]) - 0.1) < 0.01
