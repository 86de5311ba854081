import xml.etree.ElementTree as ElementTree

import numpy as np

from tests.accuracy.curves_chart import Curve, draw_curves

SVG = "{http://www.w3.org/2000/svg}"


def test_the_chart_is_a_file_of_its_own_with_a_dot_at_the_first_top_of_each_line():
    r = np.array([0.0, 0.5, 1.0])
    chart = draw_curves(r, [Curve("a <b>", np.array([0.5, 1.0, 1.0]), "#123456")])
    root = ElementTree.fromstring(chart)
    (dot,) = root.iter(f"{SVG}circle")
    assert (float(dot.get("cx")), float(dot.get("cy"))) == (382, 16)
    assert "a <b>, best r = 0.50" in [text.text for text in root.iter(f"{SVG}text")]
