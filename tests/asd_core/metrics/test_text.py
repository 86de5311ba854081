import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from asd_core.metrics.table import METRICS, RUN_LABELS
from asd_core.metrics.text import from_text, to_text

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def series(draw):
    metric = draw(st.sampled_from(list(METRICS.values())))
    labels = tuple((label, draw(WORDS)) for label in (*RUN_LABELS, *metric.labels))
    return metric.name, labels


VALUES = st.dictionaries(series(), st.floats(0, 1e15), max_size=6)


@given(VALUES)
def test_a_text_is_read_back_as_it_was(values):
    assert from_text(to_text(values)) == values


@given(VALUES)
def test_the_client_of_prometheus_reads_the_same(values):
    read = {}
    for family in text_string_to_metric_families(to_text(values)):
        (metric,) = [one for one in METRICS.values() if one.name.removesuffix("_total") == family.name]
        assert (family.type, family.documentation) == (metric.kind, metric.meaning)
        read |= {(one.name, frozenset(one.labels.items())): one.value for one in family.samples}
    assert read == {(name, frozenset(labels)): value for (name, labels), value in values.items()}


def test_a_half_character_is_no_reason_to_lose_the_file():
    text = to_text({("asd_shards_left", (("recipe", "caf\udce9"),)): 1.0})
    assert text.endswith('asd_shards_left{recipe="caf?"} 1\n')


@pytest.mark.parametrize(
    "line", ["node_load1 0.5", 'asd_shards_left{recipe="a} 1', "<html>", "asd_shards_left 1", "# notes"]
)
def test_a_line_of_another_program_is_refused(line):
    with pytest.raises(ValueError, match="no line of metrics of asd"):
        from_text(f"# HELP asd_shards_left x\n{line}\n")


def test_a_metric_of_an_older_version_is_left_out():
    assert from_text('asd_gone_total{command="fit"} 1\n') == {}
