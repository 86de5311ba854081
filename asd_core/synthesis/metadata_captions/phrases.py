"""Words for the attributes that DCASE sets, MIMII and ToyADMOS write into the names of recordings.

Values stay as the set writes them. A key that is written out nowhere keeps its spelling.
"""

from __future__ import annotations

from types import MappingProxyType

ITEMS = MappingProxyType(
    {
        "car": "model {}",
        "mdl": "model {}",
        "id": "ID {}",
        "serial_no": "serial number {}",
        "spd": "speed {}",
        "speed": "speed {}",
        "vel": "velocity {}",
        "ac": "acceleration {}",
        "volt": "voltage {}",
        "pow": "power {}",
        "wt": "weight {}",
        "weight": "weight {}",
        "g": "{} g",
        "mm": "{} mm",
        "mV": "{} mV",
        "strength": "strength {}",
        "pat": "pattern {}",
        "pattern": "pattern {}",
        "v1pat": "pattern {} of valve 1",
        "v2pat": "pattern {} of valve 2",
        "panel": "panel {}",
        "pro": "product {}",
        "grindstone": "grindstones {}",
        "plate": "metal plates {}",
        "grind": "grind {}",
        "res": "resolution {}",
        "len": "length {}",
        "vol": "volume {}",
        "mic_imp": "microphone {}",
    }
)
"""Key → words that stand behind "with"."""

CLAUSES = MappingProxyType(
    {
        "mic": "recorded by a microphone placed at the position {}",
        "mic_pos": "recorded by a microphone placed at the position {}",
        "loc": "recorded by a microphone placed at the location {}",
        "noise": "in noise {}",
        "n": "in noise {}",
        "f-n": "in factory noise {}",
        "m-n": "in machine noise {}",
        "n-lv": "in noise of level {}",
        "Bckg": "in background noise {}",
        "bkg": "in background noise {}",
        "dB": "at a signal-to-noise ratio of {} dB",
        "": "labelled {}",
    }
)
"""Key → words that end a caption, each behind a comma; "" is the key of words without a key."""

KEYS = tuple(sorted((ITEMS.keys() | CLAUSES.keys()) - {"", "g", "mm", "mV", "dB", "mic_imp"}))
"""Keys that stand before their value, with an underscore between them."""
