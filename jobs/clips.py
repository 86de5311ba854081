"""Listing the clips of an archive or of the store, and saying what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asd_core.errors import UsageError
from jobs.console import Talk, note_text

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.clips import Listing
    from asd_core.recipe.recipe import Recipe
    from asd_core.store.store import Store


def listed_clips(
    talk: Talk, store: Store, recipe: Recipe, archive: str | None, layout: str = "auto", pattern: str | None = None
) -> pa.Table:
    """The clips of an archive, or all stored clips where ARCHIVE is left out; says what was found."""
    from asd_core.encoders.kinds import kind_of

    if archive is None:
        from asd_core.runs.embed import stored_clips

        clips = stored_clips(store, recipe)
        talk.say(f"{len(clips)} stored clips")
        _say_of_the_future(talk, clips)
        return clips
    if not kind_of(recipe.for_machine("").encoder.kind).is_from_audio:
        raise UsageError(f"recipe {recipe.name} takes imported embeddings: leave ARCHIVE out")
    from asd_core.clips import list_archive

    listing = list_archive(archive, layout=layout, pattern=pattern, store=store.files)
    remarks = [f"{len(listing.clips)} clips in {archive} ({listing.layout} layout)"]
    if listing.duplicates:
        remarks.append(f"{listing.duplicates} listed twice, taken once")
    if listing.unplaced:
        remarks.append(f"{listing.unplaced} of no known machine, such as {listing.unplaced_examples[0]}")
    if listing.skipped:
        remarks.append(f"{listing.skipped} other files left out")
    if listing.of_store:
        remarks.append(f"{listing.of_store} files of the store in it left out")
    talk.say("; ".join(remarks))
    _say_of_namesakes(talk, listing)
    _say_of_the_future(talk, listing.clips)
    return listing.clips


def _say_of_namesakes(talk: Talk, listing: Listing) -> None:
    """Say which machines may be several machines of one name."""
    if listing.namesakes:
        (machine_type, machine_id), places = next(iter(listing.namesakes.items()))
        here, there = (place or "the archive itself" for place in places)
        text = (
            f"machines of one name under several folders count as one machine (names: {len(listing.namesakes)}; "
            f"{machine_type} {machine_id} is under {here} and {there}): if they are different machines, "
            "name a narrower ARCHIVE, a --pattern or a manifest"
        )
        talk.say(note_text(text))


def _say_of_the_future(talk: Talk, clips: pa.Table) -> None:
    """Say which clips have a date to come: no such night is scored unless it is named."""
    from asd_core.clips import dated_after, tomorrow

    future = dated_after(clips, tomorrow())
    if len(future):
        example = future.slice(0, 1).to_pylist()[0]
        text = (
            f"{len(future)} clips are of dates to come, such as {example['uri']} of {example['date']}: "
            f"no such night is scored unless it is named (--date {example['date']}) or there is no other; "
            "correct their dates, or this machine's clock"
        )
        talk.say(note_text(text))
