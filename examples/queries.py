"""Questions to a store, from DuckDB and from pandas, without this project's code.

Run it after `night.py`, or let it score the nights itself. `scores/<KEY>/` holds one Parquet file a night, with every
clip once; `docs/tables.md` has the columns.
"""

from pathlib import Path

import duckdb
import pandas as pd

import asd_core as asd

RECIPE = asd.load_recipe("twfr-knn")


def main() -> None:
    """Score two nights, then ask for the flagged share of each machine and night."""
    clips = asd.list_clips("recordings")
    nights = sorted(set(clips["date"].to_pylist()))
    asd.fit("store", RECIPE, asd.select(clips, until=nights[-3]))
    asd.score("store", RECIPE, asd.select(clips, since=nights[-2]))

    folder = Path("store") / "scores" / RECIPE.key()
    print(
        duckdb.sql(f"""
            SELECT machine_type, machine_id, date, count(*) AS clips, sum(is_flagged::INT) AS flagged
            FROM read_parquet('{folder}/*.parquet')
            GROUP BY ALL ORDER BY flagged DESC, date
        """)
    )

    rows = pd.read_parquet(folder)
    print(rows.groupby(["machine_type", "date"])["anomaly_score"].describe()[["count", "50%", "max"]])
    print("errors:", rows["error_reason"].value_counts().to_dict(), "flagged:", int(rows["is_flagged"].sum()))


if __name__ == "__main__":
    main()
