"""What `make gpu` runs: each item in a process of its own, under a time limit of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Figure

Say = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Where an item runs.

    Attributes:
        device: ``cuda``, or ``cpu`` in a dry run.
        folder: of its own, empty.
        is_dry: sizes as small as can be: it only shows that the item runs.
    """

    device: str
    folder: Path
    is_dry: bool

    def either(self, full: int, dry: int) -> int:
        """A size."""
        return dry if self.is_dry else full


@dataclass(frozen=True)
class Item:
    """One line of work.

    Attributes:
        run: measures; gives figures.
        seconds: the longest it may take.
        needs: modules that it imports, beside those of the project's own dependencies.
    """

    run: Callable[[Place, Say], list[Figure]]
    seconds: float
    needs: tuple[str, ...] = ()


def _encoder(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.clap_encoder import against_msclap

    return against_msclap(place.folder, place.either(512, 2), place.either(3, 1), say, place.device)


def _encoder_48k(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.gpu.encoder_rates import rates

    return rates(place, 48_000, say)


def _encoder_16k(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.gpu.encoder_rates import rates

    return rates(place, 16_000, say)


def _captions(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.clap_decoder import against_generate_caption

    sizes = place.either(64, 2), place.either(2, 1), place.either(2, 1)
    return against_generate_caption(place.folder, *sizes, say, place.device)


def _faiss(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.gpu.faiss_index import on_gpu_against_cpu

    return on_gpu_against_cpu(place, say)


def _pipeline(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.gpu.pipeline import decode_to_gpu

    return decode_to_gpu(place, say)


def _tests(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.gpu.marked_tests import run_marked

    return run_marked(place, say)


def _multires(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.gpu.training import steps

    return steps(place, "multires", say)


def _anopatch(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.gpu.training import steps

    return steps(place, "anopatch", say)


def _audioldm(place: Place, say: Say) -> list[Figure]:
    from tests.benchmarks.gpu.generator import generation_and_fine_tuning

    return generation_and_fine_tuning(place, say)


ITEMS = {
    "tests": Item(_tests, 110.0),
    "encoder": Item(_encoder, 50.0, ("msclap",)),
    "encoder-16k": Item(_encoder_16k, 25.0, ("msclap",)),
    "encoder-48k": Item(_encoder_48k, 25.0, ("msclap",)),
    "captions": Item(_captions, 45.0, ("msclap", "transformers")),
    "faiss": Item(_faiss, 20.0, ("faiss",)),
    "pipeline": Item(_pipeline, 85.0, ("msclap", "ray")),
    "multires": Item(_multires, 45.0),
    "anopatch": Item(_anopatch, 50.0, ("speechbrain",)),
    "audioldm": Item(_audioldm, 80.0, ("diffusers",)),
}
"""By name; their limits add up to less than nine minutes."""
