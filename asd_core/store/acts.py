"""Acts of people: each is a new file that nobody ever changes, so that nothing is lost where several act at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.files import Files
from asd_core.store.layout import name_of
from asd_core.store.many_files import read_present
from asd_core.store.tables import filled, from_parquet, to_parquet


@dataclass(frozen=True)
class Acts:
    """A folder of acts of one kind.

    Attributes:
        folder: of the store.
        schema: of their rows.
        moment: column of the time from which an act counts.
        again: how to repeat an act, for people whose file of it is broken.
    """

    folder: str
    schema: pa.Schema
    moment: str
    again: str

    def all(self, files: Files) -> pa.Table:
        """Every act, the oldest first; those of one moment in the order of their files' names.

        Raises:
            AsdError: a file is broken.
        """
        paths = sorted(info.path for info in files.list(self.folder) if info.path.endswith(".parquet"))
        read = zip(paths, read_present(files, paths), strict=True)
        tables = [self._table(path, data) for path, data in read if data is not None]
        return pa.concat_tables([self.schema.empty_table(), *tables]).sort_by(self.moment)

    def keep(self, files: Files, rows: pa.Table) -> pa.Table:
        """Keep an act, and give its rows back with the moment that they count from.

        That is now, or a microsecond after the newest act: one of a fast clock must not win for ever.

        Args:
            files: of the store.
            rows: with the columns of the schema but the moment.
        """
        newest, moment = pc.max(self.all(files)[self.moment]).as_py(), datetime.now(UTC)
        if newest is not None and newest >= moment:
            moment = newest + timedelta(microseconds=1)
        column = pa.array([moment] * len(rows), self.schema.field(self.moment).type)
        table = rows.append_column(self.moment, column).select(self.schema.names).cast(self.schema)
        data = to_parquet(table)
        name = name_of(moment.isoformat(timespec="microseconds"), content_hash(data))
        files.write_new(f"{self.folder}/{name}.parquet", data)
        return table

    def _table(self, path: str, data: bytes) -> pa.Table:
        try:
            return filled(from_parquet(data), self.schema)
        except (pa.ArrowException, ValueError, OSError) as error:
            raise AsdError(f"{path} in the store is broken: restore it, or remove it and {self.again}") from error
