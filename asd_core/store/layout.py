"""The layout of a store: every folder and what its files hold.

    runs/<run id>.json                                   what was asked and what came out; written last
    run_index/<KEY>/<job>/<time>,<dates>,<run id>        empty files whose names tell what a run record is about
    run_index/<KEY>/in_nights/<run id>                   empty files: this run's rows are in the files of its nights
    clips/<run id>.parquet                               the run's manifest
    embeddings/<fingerprint>/shards/<shard>.parquet      keys, and embedding or error
    embeddings/<fingerprint>/index/<dates>,<hash>.parquet  clip → shard, for shards of finished embedding stages
    embeddings/<fingerprint>/unindexed/<token>           empty files: shards without an index may be there
    scorers/<KEY>/<machine_type>/<machine_id>/<version>/ scorer.json (written last) and its arrays
                                                         nights.parquet: scores of its clips, each night left out
    type_scorers/<KEY>/<machine_type>/<version>/         as a machine's, with lent.parquet; new machines borrow them
    newest_type_scorers/<KEY>/<machine_type>/<version>   empty files that name each type's newest scorer
    fitted_nights/<KEY>/<hash>.parquet                   those of many scorers, in one file
    newest_scorers/<KEY>/<machine_type>/<machine_id>/<version>  empty files that name each machine's newest scorer
    scorer_heads/<KEY>/<hash>.parquet                    what reports tell of the newest scorers, in one file
    scores/<KEY>/<date>.parquet                          the current rows of a night: what a reader from outside opens
    score_parts/<KEY>/date=<date>/<run id>-<part>-<hash>.parquet  rows as one run wrote them, named by its record
    evidence/<KEY>/date=<date>.parquet                   what the scores say of every machine's night
    alarms/<KEY>/date=<date>.parquet                     what a recipe's rule made of it
    labels/<time>,<hash>.parquet                         answers of people on clips and machine-nights, of every KEY
    messages/<receiver>/                                 see asd_core/messages/outbox.py; told/<KEY>.json is what the
                                                         receiver was told of a recipe's nights
    maintenance/<time>,<hash>.parquet                    windows in which machines are worked on, of every KEY
    captions/<KEY>/<hash>.parquet                        clip, method, difference caption and what it was made from
    clip_captions/<decoder and embeddings>/<dates>,<hash>.parquet  what the caption decoder said of single clips
    measures/<channel>-<seconds>/<dates>,<hash>.parquet  acoustic measurements of single clips
    tags/<hash>/<dates>,<hash>.parquet  log odds of AudioSet's classes of single clips
    tuning/results/ tuning/<run id>/                     see asd_core/tuning/stored_results.py
    pseudo_labels/<NAME>/                                see asd_core/store/pseudo_label_tables.py
    synthetic/<NAME>/                                    see asd_core/synthesis/generation/archive.py
    intents/ answers/                                    what was asked of a language model and not yet published
    reports/<KEY>/date=<date>/index.html                 the page of a night, with its media, until it is pruned
    reports/<KEY>/index.html                             the page of all nights
    trained/<name>/<digest>/                             a trained encoder: encoder.json (written last), its tensors,
                                                         history.parquet
    trained/<name>/under_way/<run id>/                   checkpoints that a broken training goes on from
    reports/training/<name>/<digest>/index.html
    reports/synthesis/<NAME>/<digest>/index.html         generated clips, to listen to
    generators/<name>/<digest>/                          a fine-tuned generator of clips: generator.json (written last)
    generators/<name>/under_way/<run id>/                checkpoints that a broken fine-tuning goes on from
    encoders.json                                        names of imported embeddings and trained encoders
    generators.json                                      names of fine-tuned generators
    recipes/<name>.json                                  recipes kept by name: ensembles, and imported scores

The truth about scores is in the files that a run record names, with their checksums. The files of nights, the
``run_index`` and ``newest_scorers`` are made from it and can be made again. Older stores have parts of scores in
``scores/<KEY>/date=<date>/`` and index files without dates in their names; both stay where they are.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Collection
from functools import lru_cache

from asd_core.digest import content_hash


def record_path(run_id: str) -> str:
    """Path of a run's record."""
    return f"runs/{run_id}.json"


def shard_path(fingerprint: str, shard: str) -> str:
    """Path of a shard of embeddings."""
    return f"embeddings/{fingerprint}/shards/{shard}.parquet"


def score_part_path(key: str, date: str, run_id: str, part: int, digest: str = "") -> str:
    """Path of one part of a run's scores.

    Args:
        key: of the recipe.
        date: of the recordings.
        run_id: of the run that writes it.
        part: its number.
        digest: of its bytes: runs at once that cut their parts differently never write over one another's.
    """
    return f"score_parts/{key}/date={safe_name(date)}/{run_id}-{part:05d}{digest and f'-{digest}'}.parquet"


def night_path(key: str, date: str) -> str:
    """Path of the current score rows of a date."""
    return f"scores/{key}/{safe_name(date)}.parquet"


def evidence_path(key: str, date: str) -> str:
    """Path of the evidence against the machines of a date."""
    return f"evidence/{key}/date={safe_name(date)}.parquet"


def alarms_path(key: str, date: str) -> str:
    """Path of the alarms of a date."""
    return f"alarms/{key}/date={safe_name(date)}.parquet"


def night_folder(date: str) -> str:
    """Name of the folder of a date's report, below that of its recipe."""
    return f"date={safe_name(date)}"


def night_page_path(key: str, date: str) -> str:
    """Path of a night's report."""
    return f"reports/{key}/{night_folder(date)}/index.html"


def nights_page_path(key: str) -> str:
    """Path of the page of all nights."""
    return f"reports/{key}/index.html"


def told_path(receiver: str, key: str) -> str:
    """Path of what a receiver of messages was told of a recipe's nights."""
    return f"messages/{receiver}/told/{safe_name(key)}.json"


def pending_path(receiver: str, created_at: str, message_id: str) -> str:
    """Path of a message that waits for its receiver."""
    return f"messages/{receiver}/pending/{name_of(created_at, message_id)}"


def attempted_path(receiver: str, message_id: str) -> str:
    """Path of the mark of a message that its receiver may have."""
    return f"messages/{receiver}/attempted/{message_id}"


def sent_path(receiver: str, message_id: str) -> str:
    """Path of the mark of a message that its receiver has."""
    return f"messages/{receiver}/sent/{message_id}"


@lru_cache(maxsize=1 << 16)  # names of machines come up for every night
def safe_name(text: str) -> str:
    """Percent-encode a user's word so that it is one file name anywhere: no separator, no leading dot.

    What would be longer than 200 bytes is cut, and ends in ``+`` and a hash of the word; no word is quoted to a ``+``.
    """
    quoted = urllib.parse.quote(text, safe=" ", errors="surrogatepass")  # a word may come from bytes that are no UTF-8
    if not quoted:
        return "%"  # which no word is quoted to
    if len(quoted) > 200:  # file systems take 255 bytes, and "date=" may stand before it
        quoted = f"{re.sub('%.?$', '', quoted[:160])}+{content_hash(text.encode('utf-8', 'surrogatepass'))}"
    return quoted.replace(".", "%2E", 1) if quoted.startswith(".") else quoted


def name_of(*words: str) -> str:
    """File name that tells words, some of them a user's."""
    return ",".join(map(safe_name, words))


def words_of(path: str) -> list[str]:
    """The words that `name_of` made a file's name of, unless they were cut."""
    return ["" if name == "%" else urllib.parse.unquote(name) for name in path.rpartition("/")[2].split(",")]


_UNDATED = "undated"


Span = tuple[str, str]
"""The first and the last date of the clips in a file."""


def dated_name(dates: Collection[str], digest: str) -> str:
    """Name of a file of clips of some dates."""
    return f"{name_of(min(dates), max(dates), digest)}.parquet"


def span_in(path: str) -> Span | None:
    """The dates in a file's name; None for a name of before, which has none."""
    words = words_of(path)
    return (words[0], words[1]) if len(words) == 3 else None


def digest_in(path: str) -> str:
    """The hash in a file's name, with or without dates."""
    return words_of(path)[-1].removesuffix(".parquet")


def may_hold(span: Span | None, dates: Collection[str] | None) -> bool:
    """Tell if a file can hold clips of these dates (None: any); a clip without a date can be of every date."""
    if span is None or dates is None:
        return True
    first, last = span
    return _UNDATED in (last, *dates) or any(first <= date <= last for date in dates)
