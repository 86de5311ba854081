"""Submissions and ground truth as the challenges exchange them, written for tests."""

import pyarrow as pa

from asd_core.evaluation.ground_truth import read_ground_truth
from asd_core.evaluation.submitted import find_systems, join
from asd_core.store.local_files import LocalFiles
from asd_core.store.tables import SCORES

TRUTH = {  # released name → condition, domain, name with attributes
    "section_00_0000.wav": (0, 0, "section_00_source_test_normal_0000_speed_1"),
    "section_00_0001.wav": (1, 0, "section_00_source_test_anomaly_0000_speed_1"),
    "section_00_0002.wav": (0, 1, "section_00_target_test_normal_0000_speed_2"),
    "section_00_0003.wav": (1, 1, "section_00_target_test_anomaly_0000_speed_2"),
}
SCORED = {name: (float(index) / 3, index % 2) for index, name in enumerate(TRUTH)}


def write_lines(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def write_truth(root, machines=("fan", "Toy_Car_2")):
    for column, kind in enumerate(("data", "domain", "attributes")):
        for machine in machines:
            path = root / f"ground_truth_{kind}" / f"ground_truth_{machine}_section_00_test.csv"
            write_lines(path, [f"{name},{row[column]}" for name, row in TRUTH.items()])
    return root


def write_team(root, machines=("fan", "Toy_Car_2"), scored=SCORED):
    for machine in machines:
        for column, kind in enumerate(("anomaly_score", "decision_result")):
            lines = [f"{name},{values[column]}" for name, values in scored.items()]
            write_lines(root / f"{kind}_{machine}_section_00_test.csv", lines)
    return root


def clips_of(submitted, machine_type="fan"):
    """The clips of one machine of a system, from the ground truth of `write_truth`: score, condition, domain, flag."""
    (own,) = [machine for machine in submitted.machines if machine.machine_type == machine_type]
    clips = own.clips
    return list(
        zip(
            clips.anomaly_scores.tolist(), clips.is_anomalous.tolist(), clips.domains, own.flagged.tolist(), strict=True
        )
    )


def everything(submitted):
    """All that is known of a system, for comparing two."""
    machines = [(own.machine_type, own.machine_id, own.counts) for own in submitted.machines]
    return machines, [clips_of(submitted, own[0]) for own in machines], submitted.problems, submitted.remarks


def joined(team, truth):
    """The one system of a folder, joined with the ground truth of another."""
    (system,), _ = find_systems(LocalFiles(team), team.name)
    return join(system, read_ground_truth(str(truth)))


def score_row(machine_type="fan", machine_id="00", name="section_00_0000.wav", **changes):
    row = {
        "clip_id": "0" * 32,
        "uri": f"file:///archive/{machine_type}/test/{name}",
        "machine_type": machine_type,
        "machine_id": machine_id,
        "split": "test",
        "domain": "",
        "attributes": "",
        "condition": "",
        "date": "undated",
        "size": 1,
        "extra": "{}",
        "anomaly_score": 0.5,
        "decision_threshold": 0.4,
        "is_flagged": True,
    }
    return row | changes


def score_table(*rows):
    return pa.Table.from_pylist(list(rows), schema=SCORES)
