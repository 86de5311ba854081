from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.held_out import held_out

CLIPS = st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=3), st.sampled_from(["normal", "anomalous", ""])))


@given(CLIPS)
def test_as_many_normals_as_anomalies_at_most_half_are_held_out_of_each_machine(
    clips: list[tuple[str, str, str]],
) -> None:
    machines, names, conditions = ([clip[i] for clip in clips] for i in range(3))
    held = held_out(machines, names, conditions)
    for machine in "ab":
        own = [i for i, clip in enumerate(clips) if clip[0] == machine]
        normal = [i for i in own if conditions[i] == "normal"]
        chosen, rest = [i for i in normal if i in held], [i for i in normal if i not in held]
        assert len(chosen) == min(sum(conditions[i] == "anomalous" for i in own), len(normal) // 2)
        assert all(names[i] <= names[j] for i in chosen for j in rest)
    assert all(conditions[i] == "normal" for i in held)
