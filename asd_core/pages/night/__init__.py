"""The nightly report: which machines sound wrong, how sure that is, what changed, and the sounds themselves."""

from asd_core.pages.night.contents import Judgement, MachineRecord, Night
from asd_core.pages.night.media import clip_media
from asd_core.pages.night.page import write_report

__all__ = ["Judgement", "MachineRecord", "Night", "clip_media", "write_report"]
