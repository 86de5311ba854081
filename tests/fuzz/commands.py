"""Real commands on manifests, recipes, spaces and option values that were made wrong by chance."""

import random

from tests.fuzz import texts

_COMMON = ("--local", "--quiet", "--store", "STORE")
_SPAN = ("--since", "2026-11-01")
_OF_FIT = (
    "--since",
    "--until",
    "--pattern",
    "--layout",
    "--night-ends",
    "--normal-list",
    "--channel",
    "--set",
    "--recipe",
    "--encoder",
    "--store",
    "--decode",
)
_OF_OTHERS = {
    "nightly": ("--date", "--max-error-rate", "--store", "--recipe", "--llm-url", "--llm-model", "--llm-timeout"),
    "alarms": ("--date", "--store", "--recipe", "--set"),
    "report": ("--date", "--store", "--recipe", "--out"),
    "evaluate": ("--store", "--recipe", "--out", "--max-fpr", "--submissions"),
    "import-scores": ("--store", "--name", "--system"),
    "caption": ("--date", "--store", "--recipe", "--llm-url"),
    "tune": ("--space", "--settings", "--seed", "--out", "--store"),
}  # fmt: skip


def line(seed, folder, archive):
    """A command line; what it reads is written into a folder.

    Args:
        seed: of the line; the kind of input changes from one to the next.
        folder: for files, and for the store.
        archive: of good recordings.
    """
    chance = random.Random(seed)
    return (_manifest, _recipe, _space, _option)[seed % 4](chance, folder, archive)


def _manifest(chance, folder, archive):
    name, data = texts.manifest(chance)
    path = folder / name
    path.write_bytes(data)
    return "embed", path, "--recipe", "twfr-knn", *_stored(folder)


def _recipe(chance, folder, archive):
    path = folder / "mine.toml"
    path.write_bytes(texts.recipe(chance))
    if chance.random() < 0.7:
        return "recipes", path
    return "alarms", "--recipe", path, "--quiet", "--store", folder / "store"


def _space(chance, folder, archive):
    path = folder / "space.toml"
    path.write_bytes(texts.space(chance))
    return "tune", archive, "--recipe", "twfr-gmm", "--space", path, "--settings", "1", *_stored(folder)


def _option(chance, folder, archive):
    command = chance.choice(("fit", "fit", *_OF_OTHERS))
    option = chance.choice(_OF_FIT if command == "fit" else _OF_OTHERS[command])
    value = texts.setting(chance) if option == "--set" else chance.choice(texts.WORDS)
    if "\0" in value or any(0xD800 <= ord(one) < 0xDC80 or ord(one) > 0xDCFF and ord(one) < 0xE000 for one in value):
        value = value.encode("utf-8", "replace").decode().replace("\0", "%00")  # no process can be given these
    if option in ("--store", "--out") and "/" in value and "://" not in value:
        value = str(folder) + value  # nothing is written elsewhere
    words = [command] + ([archive] if command in ("fit", "nightly", "tune") else [])
    if option != "--recipe":
        words += ["--recipe", "twfr-knn"] if command != "import-scores" else []
    words += ["--local"] if command in ("fit", "nightly", "tune") else []
    words += [] if option == "--store" else ["--store", folder / "store"]
    return (*words, *(_SPAN if command == "fit" and option != "--since" else ()), "--quiet", f"{option}={value}")


def _stored(folder):
    return [folder / "store" if word == "STORE" else word for word in _COMMON]
