"""The page of all nights: alarms of the fleet over time, and whether there are as many as there should be."""

from asd_core.pages.fleet.contents import FleetHistory, NightCounts
from asd_core.pages.fleet.page import write_fleet_page

__all__ = ["FleetHistory", "NightCounts", "write_fleet_page"]
