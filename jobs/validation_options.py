"""The clips that ``asd tune`` judges settings on: the options that name them, and the validations made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from jobs.job import Job, listed_clips
from jobs.options import together

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.tuning.validations import Validations

WORDS = ("real", "simulated", "generated")

validation_options = together(
    click.option(
        "--validation",
        default="real",
        show_default=True,
        metavar="real|simulated|generated|FOLDER",
        help="Judge settings on labelled clips, on anomalies made from normal clips, or on the generated clips of a "
        "folder, address or manifest (./real is a folder).",
    ),
    click.option("--generated", metavar="FOLDER", help="The generated clips of --validation generated."),
    click.option("--keep-silence", "keeps_silence", is_flag=True, help="Cut no silence out of generated clips."),
)


@dataclass(frozen=True)
class Judged:
    """The clips that settings are judged on, as the options name them.

    Attributes:
        how: one of WORDS.
        generated: folder, address or manifest of generated clips; None for the other kinds.
        keeps_silence: the silence of generated clips is not cut out.
    """

    how: str
    generated: str | None = None
    keeps_silence: bool = False

    def notes(self) -> list[str]:
        """Lines that must be known of the generated clips; none for the other kinds."""
        from asd_core.synthesis.generation.clips_made import notes_on_clips_made

        return [] if self.generated is None else notes_on_clips_made(self.generated)


def judged_on(validation: str, generated: str | None, keeps_silence: bool) -> Judged:
    """The clips that ``--validation``, ``--generated`` and ``--keep-silence`` ask for.

    Raises:
        UsageError: a word that is neither one of WORDS nor a place of clips, or options that do not go together.
    """
    from asd_core.errors import UsageError

    if validation not in WORDS:
        check_is_place(validation)
        if generated is not None:
            raise UsageError(f"--validation {validation} names the generated clips already: leave --generated out")
        return Judged("generated", validation, keeps_silence)
    if (validation == "generated") != (generated is not None):
        raise UsageError("--validation generated and --generated FOLDER belong together: give both or neither")
    if keeps_silence and generated is None:
        raise UsageError(f"--keep-silence is for generated clips, and --validation {validation} has none: leave it out")
    return Judged(validation, generated, keeps_silence)


def check_is_place(text: str, option: str = "--validation", words: Sequence[str] = WORDS) -> None:
    """Raise UsageError unless a text is an address, or a folder or file that is there.

    Args:
        text: that an option was given.
        option: its name.
        words: that it might have meant.
    """
    from pathlib import Path

    from asd_core.errors import UsageError, did_you_mean

    if "://" not in text and not Path(text).exists():
        nor = f", and none of {', '.join(words)}{did_you_mean(text, words)}" if words else ""
        raise UsageError(f"{option} {text}: no such folder{nor}")


def validations_of(job: Job, judged: Judged, normals: pa.Table, clips: pa.Table, seed: int) -> Validations:
    """Clips that settings are fitted to and judged on, machine by machine, and why some machines have none.

    Args:
        job: the command under way.
        judged: the clips to judge on.
        normals: rows of CLIPS to fit to.
        clips: rows of CLIPS of the archive.
        seed: of simulated faults.
    """
    from asd_core.clips.manifest_table import is_manifest
    from asd_core.clips.splits import by_split
    from asd_core.tuning.validations import generated_validations, labelled_validations, simulated_validations

    if judged.how == "simulated":
        return simulated_validations(normals, seed)
    if (place := judged.generated) is not None:
        own = {} if is_manifest(place) else {name: job.options[name] for name in ("layout", "pattern")}
        made = listed_clips(job.talk, job.store, job.recipe, place, **own)
        return generated_validations(normals, made, keeps_silence=judged.keeps_silence)
    return labelled_validations(normals, by_split(clips))
