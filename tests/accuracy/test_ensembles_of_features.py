import numpy as np

from tests.accuracy.ensembles_of_features import compared


def test_members_and_their_ensembles_flag_about_as_many_normals_as_asked(tmp_path):
    generator = np.random.default_rng(0)
    train, test = generator.gamma(2.0, size=(60, 12)), generator.gamma(2.0, size=(80, 12))
    labels = np.arange(80) % 2
    test[labels == 1, :3] *= 6
    np.savez(tmp_path / "fan_id_00.npz", X_train=train, X_test=test, y_test=labels)
    found = compared([tmp_path / "fan_id_00.npz"])
    assert list(found) == ["bank", "mixture", "both, z", "both, robust", "both, rank"]
    for evaluation in found.values():
        assert evaluation.mean.auc > 0.7
        assert evaluation.machines[0].decisions.false_alarm_rate < 0.3
