from tests.command import asd


def test_the_summary_counts_the_recordings_and_names_every_fault(tmp_path):
    arguments = ("--nights", "2", "--machines-per-type", "1", "--clips-per-night", "1", "--seconds", "0.5")
    said = asd("simulate", tmp_path, *arguments, "--fault-night", "2", "--json")
    assert said.json["clips"] == len([path for path in tmp_path.rglob("*.wav") if path.is_file()])
    assert {fault["date"] for fault in said.json["faults"]} == {"2026-11-02"}
    text = asd("simulate", tmp_path, *arguments, "--fault-night", "2").out
    assert all(
        f"{fault['machine_type']} {fault['machine_id']}: {fault['kind']}" in text for fault in said.json["faults"]
    )
