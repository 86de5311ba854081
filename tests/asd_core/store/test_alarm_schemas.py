from asd_core.store.alarm_schemas import ALARMS, EVIDENCE, LABELS


def test_an_alarm_tells_all_the_evidence_and_a_label_names_the_same_machine_night():
    assert set(EVIDENCE.names) <= set(ALARMS.names)
    for schema in (ALARMS, LABELS):
        assert [schema.field(name) for name in EVIDENCE.names[:3]] == [
            EVIDENCE.field(name) for name in EVIDENCE.names[:3]
        ]
