from cluster.tune_lanes import Lanes


def test_a_lane_has_one_trial_under_way_and_one_waiting():
    lanes, given = Lanes(3), []
    while (lane := lanes.free()) is not None:
        given.append(lane)
        lanes.work(lane)
    assert sorted(given[:3]) == sorted(given[3:]) == [0, 1, 2]
    lanes.done(1)
    assert lanes.free() == 1


def test_a_lane_without_work_pauses_for_some_seconds_and_no_longer():
    lanes, waited = Lanes(1), 0.0
    while (seconds := lanes.pause(0)) is not None:
        waited += seconds
        lanes.done(0)
    assert 3 < waited < 10 and lanes.pause(0) is None
    lanes.work(0)
    lanes.done(0)
    assert lanes.pause(0) is not None
