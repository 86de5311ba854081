from asd_core.store.local_files import LocalFiles
from asd_core.tuning.heard_notes import heard_notes
from asd_core.tuning.validations import labelled_validations
from tests.asd_core.tuning.gather.recordings import parts, write_machines
from tests.hearing import write_heard


def test_only_clips_that_settings_are_judged_on_count(tmp_path):
    clips = write_machines(tmp_path / "archive", {"fan": ["00"], "valve": ["00"]})
    normals, labelled = parts(clips)
    validations = labelled_validations(normals, labelled)[0]
    store = LocalFiles(tmp_path / "store")
    assert heard_notes(store, validations) == []
    write_heard(tmp_path / "store", normals)
    assert heard_notes(store, validations) == []
    write_heard(tmp_path / "store", labelled.filter([kind == "fan" for kind in labelled["machine_type"].to_pylist()]))
    (line,) = heard_notes(store, validations)
    judged = sum(len(one.clips) for one in validations)
    assert line.startswith(f"generator gen was fine-tuned on {judged // 2} of the {judged} labelled clips")
