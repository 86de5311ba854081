"""Which of the listed clips a job is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asd_core.errors import UsageError
from jobs.console import Talk, note_text

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.clips import Listing
    from asd_core.recipe.recipe import Recipe
    from asd_core.store.store import Store


def training_clips(clips: pa.Table, since: str | None, until: str | None, normal_list: str | None) -> pa.Table:
    """The normal clips to fit on: by dates, by a list, or those of split ``train``; never one known to be anomalous.

    Raises:
        UsageError: none of the three says which clips are normal, both dates and a list do, or none is left.
    """
    import pyarrow.compute as pc

    from asd_core.clips import UNPLACED, select

    if normal_list is not None and (since or until):
        raise UsageError("--normal-list and --since or --until exclude each other: leave one out")
    if normal_list is not None:
        chosen = _listed(clips, normal_list)
    elif since or until:
        chosen = select(clips, since=since, until=until)
        chosen = chosen.filter(pc.not_equal(chosen["split"], "test"))
    else:
        chosen = clips.filter(pc.equal(clips["split"], "train"))
        if not len(chosen):
            raise UsageError(
                "no clip is of split train, so which nights were normal is not known: "
                "name them with --since and --until, or list the clips with --normal-list"
            )
    chosen = chosen.filter(pc.not_equal(chosen["condition"], "anomalous"))
    for name in ("machine_type", "machine_id"):
        chosen = chosen.filter(pc.not_equal(chosen[name], UNPLACED))
    if not len(chosen):
        raise UsageError(f"no normal clip is left of {len(clips)}: widen --since and --until")
    return chosen


def clips_to_score(
    clips: pa.Table, date: str | None, *, latest: bool, include_train: bool = False
) -> tuple[pa.Table, str | None]:
    """The clips to score, and the date they are of where there is one.

    Args:
        clips: all that are listed.
        date: only of this date.
        latest: where no date is named and no clip has a split, only those of the latest date that is not in the future.
        include_train: also clips of split ``train``.
    """
    import pyarrow.compute as pc

    from asd_core.clips import latest_date, select, tomorrow

    chosen = clips if include_train else clips.filter(pc.not_equal(clips["split"], "train"))
    has_splits = len(clips) > 0 and pc.any(pc.not_equal(clips["split"], "")).as_py()
    if date is None and latest and not has_splits:
        date = latest_date(chosen, tomorrow())
    if date is not None:
        chosen = select(chosen, date=date)
        if not len(chosen):
            last = latest_date(clips, tomorrow())
            raise UsageError(
                f"no clip is of {date}" + (f"; the latest are of {last}" if last else "; no clip has a date")
            )
    elif not len(chosen):
        raise UsageError(f"none of {len(clips)} clips is to be scored: all are of split train; add --include-train")
    return chosen, date


def _listed(clips: pa.Table, normal_list: str) -> pa.Table:
    """Clips whose uri, or the end of whose decoded path, stands in a text file, one a line."""
    import urllib.parse

    import pyarrow as pa

    try:
        lines = Path(normal_list).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read --normal-list {normal_list}: {error}") from error
    wanted = {line.strip().removeprefix("./") for line in lines if line.strip()}
    found: set[str] = set()
    keep = []
    for uri in clips["uri"].to_pylist():
        parts = urllib.parse.unquote(uri).split("/")
        names = {uri, *("/".join(parts[i:]) for i in range(len(parts)))} & wanted
        found |= names
        keep.append(bool(names))
    if unknown := sorted(wanted - found):
        raise UsageError(f"{len(unknown)} lines of {normal_list} name no listed clip, the first: {unknown[0]!r}")
    return clips.filter(pa.array(keep))


def listed_clips(
    talk: Talk, store: Store, recipe: Recipe, archive: str | None, layout: str = "auto", pattern: str | None = None
) -> pa.Table:
    """The clips of an archive, or all that are stored where ARCHIVE is left out; says what it found."""
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
    """Say which machines may be several of one name."""
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
    """Say which clips no night is taken from by itself, because nobody can have recorded them yet."""
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
