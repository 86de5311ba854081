"""The public networks of EfficientAT that can be named: widths, file names and checksums."""

from __future__ import annotations

from dataclasses import dataclass

from asd_core.errors import UsageError, did_you_mean

LAST = 160  # channels of the last stage at width 1
EXPANSION = 6  # of the convolution behind it


@dataclass(frozen=True)
class Variant:
    """A public network.

    Attributes:
        width: of its layers; 1 is MobileNetV3-Large.
        file: name of the checkpoint among the files of the public release, which says its mean average precision.
        sha256: of the file, in hex; "" where it is not known: then names and shapes of all tensors must fit.
    """

    width: float
    file: str
    sha256: str = ""


VARIANTS = {
    "mn01_as": Variant(0.1, "mn01_as_mAP_298.pt"),
    "mn02_as": Variant(0.2, "mn02_as_mAP_378.pt"),
    "mn04_as": Variant(0.4, "mn04_as_mAP_432.pt", "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c"),
    "mn05_as": Variant(0.5, "mn05_as_mAP_443.pt"),
    "mn10_as": Variant(1.0, "mn10_as_mAP_471.pt"),
    "mn20_as": Variant(2.0, "mn20_as_mAP_478.pt"),
    "mn30_as": Variant(3.0, "mn30_as_mAP_482.pt"),
    "mn40_as": Variant(4.0, "mn40_as_mAP_484.pt"),
    "mn40_as_ext": Variant(4.0, "mn40_as_ext_mAP_487.pt"),
    "mn40_as_no_im_pre": Variant(4.0, "mn40_as_no_im_pre_mAP_483.pt"),
}
"""Trained on AudioSet, with 128 bands every 10 ms and a classifier of two layers."""


def variant(name: str) -> Variant:
    """The network of a name.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in VARIANTS:
        raise UsageError(f"encoder.name = {name!r} is no network of EfficientAT{did_you_mean(name, VARIANTS)}")
    return VARIANTS[name]


def channels(at_width_1: float, width: float = 1.0) -> int:
    """Channels at a width: the nearest multiple of 8, at least 8, and never more than a tenth too few."""
    wanted = at_width_1 * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def feature_dim(width: float) -> int:
    """Length of the features at a width: 384 at 0.4, 960 at 1."""
    return EXPANSION * channels(LAST, width)
