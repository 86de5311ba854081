import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.synthesis.metadata_captions.attribute_values import attribute_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("noAttribute", {}),
        ("noAttributes", {}),
        ("car_B2_spd_31V_mic_1", {"car": "B2", "spd": "31V", "mic": "1"}),
        ("A1Spd28VMic1", {"car": "A1", "spd": "28V", "mic": "1"}),
        ("vel_2_f-n_D", {"vel": "2", "f-n": "D"}),
        ("n_A_f-n_B", {"n": "A", "f-n": "B"}),
        ("weight15_BckgF", {"weight": "15", "Bckg": "F"}),
        ("0_g_25_mm_2000_mV_none", {"g": "0", "mm": "25", "mV": "2000", "": "none"}),
        ("-6_dB", {"dB": "-6"}),
        ("ac_0.03_", {"ac": "0.03"}),
        ("mic_imp23absu_mic_pos_C", {"mic_imp": "imp23absu", "mic_pos": "C"}),
        ("load_high_temp_20", {"": "load high temp 20"}),
        ("red_spd_3_spd", {"": "red spd", "spd": "3"}),
        ("load=high;speed=3", {"load": "high", "speed": "3"}),
        ("load=high speed=3", {"load": "high", "speed": "3"}),
        ("load=very high, new", {"load": "very high", "": "new"}),
    ],
)
def test_attributes_are_told_apart(text, values):
    assert attribute_values(text) == values


@given(st.text(max_size=100) | st.text("=_;mic spd3", max_size=40))
def test_no_text_breaks_and_no_value_is_empty(text):
    values = attribute_values(text)

    assert all(values.values())
    assert len("".join(values.values())) <= len(text)


def test_a_very_long_text_is_read_in_part():
    assert len(attribute_values("a_" * 10**6)[""]) <= 2000
