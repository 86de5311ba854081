"""A night from Python: learn normal sound, score last night, and read what is wrong.

Run it in a folder that holds `recordings`; see README.md beside it.
"""

import asd_core as asd

STORE, RECIPE = "store", "twfr-knn"


def main() -> None:
    """Fit on all nights but the last, score the last one, and print its worst machines."""
    clips = asd.list_clips("recordings")
    nights = sorted(set(clips["date"].to_pylist()))
    for machine in asd.fit(STORE, RECIPE, asd.select(clips, until=nights[-2])):
        print(machine.machine_type, machine.machine_id, machine.error or f"threshold {machine.threshold:.3g}")

    tonight = asd.nightly(STORE, RECIPE, asd.select(clips, date=nights[-1]))
    print(tonight.record["counts"])
    print("report:", *tonight.reports)

    rows = asd.read_scores(STORE, RECIPE, nights[-1])
    flagged = rows.filter(rows["is_flagged"])
    worst = flagged.sort_by([("p_value", "ascending"), ("anomaly_score", "descending")]).slice(0, 3)
    print(worst.select(["machine_type", "machine_id", "uri", "anomaly_score", "p_value"]).to_pandas())

    print(asd.nearest_clips(STORE, RECIPE, worst, k=1).to_pandas())
    for caption in asd.read_captions(STORE, RECIPE, nights[-1]).to_pylist():
        print(caption["uri"], "-", caption["difference_caption"])


if __name__ == "__main__":
    main()
