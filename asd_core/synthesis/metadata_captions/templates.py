"""A template for each machine type of DCASE Task 2, 2020 to 2025."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from asd_core.synthesis.metadata_captions.plain_words import words_of_name


@dataclass(frozen=True)
class Template:
    """A machine type in words, and the attributes that names of its recordings hold.

    Attributes:
        noun: with its article.
        years: of the sets that have it.
        keys: of its attributes in all these years; see `asd_core.synthesis.metadata_captions.phrases`.
    """

    noun: str
    years: str
    keys: tuple[str, ...] = ()


TEMPLATES = MappingProxyType(
    {
        # Development sets.
        "fan": Template("a fan", "2020-2025", ("strength", "m-n", "f-n", "n-lv", "n", "")),
        "pump": Template("a pump", "2020-2021", ("serial_no", "")),
        "slider": Template("a slide rail", "2020-2025", ("vel", "ac", "f-n", "")),
        "valve": Template("a valve", "2020-2025", ("pattern", "pat", "panel", "v1pat", "v2pat", "")),
        "gearbox": Template("a gearbox", "2021-2025", ("g", "mm", "mV", "volt", "wt", "id", "")),
        "bearing": Template("a bearing", "2022-2025", ("pro", "vel", "loc", "f-n")),
        "ToyCar": Template("a toy car", "2020-2025", ("car", "spd", "mic", "noise")),
        "ToyTrain": Template("a toy train", "2021-2025", ("car", "spd", "mic", "noise")),
        "ToyConveyor": Template("a toy conveyor", "2020"),
        # Evaluation set of 2023.
        "Vacuum": Template("a vacuum cleaner", "2023", ("car", "spd", "mic")),
        "ToyTank": Template("a toy tank", "2023", ("car", "spd", "mic")),
        "ToyNscale": Template("an N scale toy train", "2023", ("car", "spd", "mic")),
        "ToyDrone": Template("a toy drone", "2023", ("car", "spd", "mic")),
        "bandsaw": Template("a bandsaw", "2023", ("vel",)),
        "grinder": Template("a grinding machine", "2023", ("grindstone", "plate")),
        "shaker": Template("a shaker", "2023", ("speed",)),
        # Evaluation set of 2024.
        "3DPrinter": Template("a 3D printer", "2024", ("mdl", "spd")),
        "AirCompressor": Template("an air compressor", "2024"),
        "BrushlessMotor": Template("a brushless motor", "2024", ("spd", "Bckg")),
        "HairDryer": Template("a hair dryer", "2024", ("id", "spd", "mic")),
        "HoveringDrone": Template("a hovering drone", "2024"),
        "RoboticArm": Template("a robotic arm", "2024", ("weight", "Bckg")),
        "Scanner": Template("a scanner", "2024", ("res", "len")),
        "ToothBrush": Template("an electric toothbrush", "2024"),
        "ToyCircuit": Template("a toy circuit", "2024", ("id", "spd", "mic")),
        # Evaluation set of 2025.
        "ToyRCCar": Template("a remote-controlled toy car", "2025", ("id", "spd", "mic")),
        "ToyPet": Template("a toy pet", "2025", ("id", "spd", "mic")),
        "HomeCamera": Template("a home camera", "2025", ("id", "spd", "mic")),
        "AutoTrash": Template("an automatic trash bin", "2025", ("id", "spd", "mic")),
        "Polisher": Template("a polishing machine", "2025", ("pow", "n")),
        "ScrewFeeder": Template("a screw feeder", "2025", ("vol",)),
        "BandSealer": Template("a band sealer", "2025", ("spd", "n")),
        "CoffeeGrinder": Template("a coffee grinder", "2025", ("mic_imp", "mic_pos", "grind", "bkg")),
    }
)
"""Machine type, as the set's folder is called, → its template."""

_ALIASES = {"sliderail": "slider", "vacuumcleaner": "Vacuum", "grindingmachine": "grinder"}


def template_of(machine_type: str) -> Template:
    """The template of a machine type.

    Case, blanks and underscores make no difference. A type that no set has gets its own name in words.
    """
    plain = _compared(machine_type)
    known = {_compared(name): name for name in TEMPLATES} | _ALIASES
    if plain in known:
        return TEMPLATES[known[plain]]
    words = words_of_name(machine_type) or "machine"
    return Template(f"{'an' if words[0] in 'aeiou' else 'a'} {words}", "")


def _compared(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign not in " _-")
