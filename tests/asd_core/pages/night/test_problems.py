from asd_core.pages.night.problems import group_problems


def failed(uri, reason, machine, message=None):
    return {"uri": uri, "machine_type": machine, "machine_id": "", "error_reason": reason, "error": message}


def test_rows_are_grouped_by_reason_and_machine_the_most_first():
    rows = [failed(f"a{i}", "empty", "fan") for i in range(3)]
    rows += [failed("b", "empty", "pump", "it is"), failed("c", "not_audio", "pump")]
    empty, other = group_problems(rows, "error_reason", "error")
    assert [(group.title, group.count) for group in (empty, other)] == [("empty", 4), ("not_audio", 1)]
    assert [(name, count) for name, count, _ in empty.machines] == [("fan", 3), ("pump", 1)]
    assert empty.machines[1][2] == (("b", "it is"),)
    assert group_problems(rows, "error_reason", "")[0].machines[1][2] == (("b", ""),)


def test_thousands_of_rows_keep_their_count_and_name_the_first_200():
    (group,) = group_problems([failed(f"{i:05d}", "empty", "fan") for i in range(3000)], "error_reason", "error")
    ((_, count, clips),) = group.machines
    assert (group.count, count, len(clips)) == (3000, 3000, 200)
    assert clips[0] == ("00000", "")
