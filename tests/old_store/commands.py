"""The commands that filled the kept store, which later trees give again. Nothing of `asd` is imported here."""

ARCHIVE, STORE = "old-archive", "old-store"
"""Names of two buckets: addresses in a bucket are the same on every machine, and so are the clips' ids."""

NIGHTS = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]
LLM = ["--captioner", "llm", "--llm-base-url", "http://127.0.0.1:48713/v1", "--llm-model", "small"]
_SHORT = [word for text in ("clip_seconds=0.5", "n_mels=8", "r=1.0") for word in ("--set", f"encoder.{text}")]
_KEPT = ["--store", f"s3://{STORE}/kept", "--json"]
_KNN = ["--recipe", "twfr-knn", *_SHORT, *_KEPT, "--local"]
_FLEET = f"s3://{ARCHIVE}/fleet"


def fit():
    """Learns two fans from two nights."""
    return ["fit", _FLEET, "--until", NIGHTS[1], *_KNN]


def nightly(date):
    """Scores a night and explains it in our own words."""
    return ["nightly", _FLEET, "--date", date, "--captioner", "acoustic", *_KNN]


def caption(date):
    """Explains a night by a language model."""
    return ["caption", "--date", date, *LLM, *_KNN]


def report(date):
    """Writes a night's page."""
    return ["report", "--date", date, "--recipe", "twfr-knn", *_SHORT, *_KEPT]


def import_embeddings(folder):
    """Takes one machine's features."""
    return ["import-embeddings", folder, "--encoder", "here", *_KEPT]


def fit_imported():
    """Learns the machine whose features were imported."""
    return ["fit", "--recipe", "imported-knn", "--encoder", "here", *_KEPT, "--local"]


def tune(space):
    """Searches the settings of a file for one pump."""
    return ["tune", f"s3://{ARCHIVE}/dev_data", "--space", space, "--recipe", "twfr-knn", *_SHORT, *_KEPT, "--local"]


SPACE = '"encoder.r" = { grid = [0.5, 1.0] }\n"detector.k" = { grid = [1, 2] }\n'
WIDER = '"encoder.r" = { grid = [0.5, 1.0] }\n"detector.k" = { grid = [1, 2, 3] }\n'
