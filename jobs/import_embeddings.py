"""``asd import-embeddings``."""

from __future__ import annotations

import click

from jobs.console import Talk, counts_text
from jobs.job import with_talk
from jobs.opened import open_store_of
from jobs.options import store_option


@click.command("import-embeddings")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True))
@click.option("--encoder", "encoder_name", required=True, metavar="NAME", help="Name to keep them under.")
@store_option
@with_talk
def command(talk: Talk, files: tuple[str, ...], encoder_name: str, store_url: str) -> None:
    """Import embeddings made elsewhere: .npz and .parquet files, or folders of them.

    \b
    An .npz is one machine, named <machine type>_id_<machine id>.npz, with X_train, X_test and y_test (1 = anomalous).
    A .parquet has the columns embedding, machine_type and machine_id, and may have uri, split, condition, date, ...

    \b
    Example:
      asd import-embeddings features/ --encoder modspec --store store
      asd fit --recipe imported-knn --encoder modspec --store store
    """
    import time

    from asd_core.errors import UsageError
    from asd_core.runs.embedding_files import paths_of
    from asd_core.runs.import_embeddings import import_embeddings

    start = time.monotonic()
    paths = list(paths_of(list(files)))
    if not paths:
        raise UsageError(f"no .npz or .parquet file in {', '.join(files)}")
    counts = import_embeddings(open_store_of(store_url), encoder_name, paths, talk.waiting("an import of that name"))
    counts["seconds"] = round(time.monotonic() - start, 3)
    talk.result(counts, f"{counts_text(counts)}, machines {counts['machines']}, dimensions {counts['embedding_dim']}")
