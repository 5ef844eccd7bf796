"""Charts for a terminal: plain data in, pure pictures, and the widgets that show them."""

from tui.app.charts.bars import bar, meter, progress, spark, stacked
from tui.app.charts.data import Curves, Points, RegionData, Series, cell_centers
from tui.app.charts.line_chart import LineChart
from tui.app.charts.ramp import Ramp, ramp_legend, ramp_of
from tui.app.charts.region_map import RegionMap
from tui.app.charts.scatter import Scatter

__all__ = [
    "Curves",
    "LineChart",
    "Points",
    "Ramp",
    "RegionData",
    "RegionMap",
    "Scatter",
    "Series",
    "bar",
    "cell_centers",
    "meter",
    "progress",
    "ramp_legend",
    "ramp_of",
    "spark",
    "stacked",
]
