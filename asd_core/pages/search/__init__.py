"""The geometry of a search's figures: curves over one field, a heat map over two, parallel coordinates over all."""

from asd_core.pages.search.curves import Curves, draw_curves
from asd_core.pages.search.heat_map import HeatMap, draw_heat_map
from asd_core.pages.search.parallel import Parallel, draw_parallel

__all__ = ["Curves", "HeatMap", "Parallel", "draw_curves", "draw_heat_map", "draw_parallel"]
