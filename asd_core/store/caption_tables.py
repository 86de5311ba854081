"""Tables of captions, and of the measurements and single captions that they are made from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import content_hash
from asd_core.store.broken_files import table_in
from asd_core.store.layout import dated_name, may_hold, span_in
from asd_core.store.many_files import committed_tables, read_many
from asd_core.store.run_records import RunRecords
from asd_core.store.tables import CAPTIONS, first_of_each, to_parquet


class CaptionTables(RunRecords):
    """The captions of a store."""

    def captions(self, key: str, dates: Collection[str] | None = None) -> pa.Table:
        """Committed captions of a recipe key, of some dates where given: rows of CAPTIONS.

        Of a clip, scorer, method and language model asked often: the last caption, or where there is none the last
        error.
        """
        tables = [CAPTIONS.empty_table()]
        for record in reversed(self.runs("caption", key, dates)):
            found = committed_tables(self.files, record, record["caption_files"])
            tables += [table.cast(CAPTIONS) for table in found]
        rows = pa.concat_tables(tables)
        if dates is not None:
            rows = rows.filter(pc.is_in(rows["date"], value_set=pa.array(sorted(dates), pa.string())))
        rows = rows.take(pc.sort_indices(pc.is_valid(rows["error_reason"])))  # a stable order: errors last
        scorer = pc.fill_null(rows["scorer_version"], "")
        asked = pc.binary_join_element_wise(rows["clip_id"], scorer, rows["method"], rows["llm"], "\n")
        return first_of_each(rows.append_column("asked", asked), "asked").drop_columns("asked")

    def answers(self, llm: str, method: str, dates: Collection[str]) -> pa.Table:
        """Committed answers of a language model to one method, under any recipe key, from runs of some dates.

        Rows of CAPTIONS, oldest first. Answers whose file is gone from the store are left out: there is nothing to
        take from it.
        """
        tables = [CAPTIONS.empty_table()]
        for record in self.runs("caption", dates=dates):
            if (record["llm"], record["method"]) == (llm, method):
                present = {path: hash for path, hash in record["caption_files"].items() if self.files.exists(path)}
                tables += [table.cast(CAPTIONS) for table in committed_tables(self.files, record, present)]
        rows = pa.concat_tables(tables)
        return rows.filter(pc.is_valid(rows["difference_caption"]))

    def write_captions(self, key: str, rows: pa.Table) -> tuple[str, str]:
        """Write rows of CAPTIONS for a run record to name; returns their path and checksum."""
        data = to_parquet(rows)
        checksum = content_hash(data)
        path = f"captions/{key}/{checksum}.parquet"
        self.files.write_new(path, data)
        return path, checksum

    def kept(self, folder: str, schema: pa.Schema, dates: Collection[str] | None = None) -> pa.Table:
        """Kept results of single clips, one row for each clip id.

        Where dates are given, rows of clips of other dates may be left out.
        """
        paths = [info.path for info in self.files.list(folder) if may_hold(span_in(info.path), dates)]
        again = "remove it, and its rows are worked out again"
        tables = [
            table_in(path, data, schema, again) for path, data in zip(paths, read_many(self.files, paths), strict=True)
        ]
        return first_of_each(pa.concat_tables([schema.empty_table(), *tables]), "clip_id")

    def keep(self, folder: str, rows: pa.Table, dates: Sequence[str]) -> None:
        """Keep rows for `kept`; ``dates`` are those of their clips.

        Clips of the latest date go into a file of their own. Earlier ones are normal clips that many nights are
        compared with.
        """
        latest = max(dates, default="")
        for keeps_latest in (True, False):
            chosen = [number for number, date in enumerate(dates) if (date == latest) == keeps_latest]
            if chosen:
                data = to_parquet(rows.take(chosen))
                name = dated_name([dates[number] for number in chosen], content_hash(data))
                self.files.write_new(f"{folder}/{name}", data)
