"""Records of first-shot runs that never ran."""


def row_of(types, r, auc=None, **named):
    """A row of a table; without an AUC it has no figures."""
    figures = {"auc": auc, "pauc": auc and auc - 0.1, "mean": auc and auc - 0.05, "official": auc and auc - 0.04}
    machines = {} if auc is None else {f"{kind} 00": {"auc": auc, "pauc": auc - 0.1} for kind in types}
    return named | {"r": dict.fromkeys(types, r), "machines": machines} | figures


def record_of(types=("grinder", "shaker"), auc=0.7, notes=("the generated clips: random weights",)):
    """A record; without an AUC no label is known."""
    choices = [
        row_of(types, min(1.01, end), auc, lowest=0.0, highest=end, silence=silence)
        for end in (1.0, 1.1)
        for silence in ("kept", "cut out")
    ]
    rows = [row_of(types, 0.0, auc, name="r = 0", data="none"), row_of(types, 1.01, auc, name="FS", data="synthetic")]
    real = None if auc is None else 0.87
    return {
        "run_id": "first-shot-ab12",
        "name": "plant",
        "key": "plant-12345678",
        "searched_from": {"name": "fs-twfr-gmm"},
        "order": {"objective": "twfr-sum"},
        "targets": list(types),
        "generated": "s3://bucket/clips",
        "silence": "cut out",
        "tables": {
            "choices": choices,
            "training_data": rows,
            "r": [
                {"machine_type": kind, "synthetic": 1.01, "real": real, "difference": real and 0.14} for kind in types
            ],
        },
        "runs": {"fit": "fit-1"},
        "counts": {"generated": 40, "normals": 20, "settings": 111, "scored": 9, "listed": 10, "flagged": 2},
        "left_out": {f"{types[0]} 07": "no normal clips"},
        "searches": {"cut out": "tuning/tune-1/index.html", "kept": "tuning/tune-2/index.html"},
        "listening": "reports/synthesis/plant/cd34/index.html",
        "notes": list(notes),
    }
