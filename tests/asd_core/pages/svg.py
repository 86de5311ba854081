"""Reading a drawing back: its shapes by class, and the points of their paths."""

import re
import xml.etree.ElementTree as ElementTree


def shapes(drawing, kind):
    """The elements of a class, in the order they are drawn in."""
    found = ElementTree.fromstring(drawing.__html__()).iter()
    return [element for element in found if kind in element.get("class", "").split()]


def paths(drawing, kind):
    """The paths of a class, joined."""
    return "".join(element.get("d") for element in shapes(drawing, kind))


def points(path):
    """The points that a path goes to or begins at."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.e]+) ([-\d.e]+)", path)]


def words(drawing, kind="label"):
    """The texts of a class."""
    return [element.text for element in shapes(drawing, kind)]
