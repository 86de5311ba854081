"""How far AnoPatch's gradients move when each worker's batch normalisation sees its own part of the batch.

    python -m tests.accuracy.batch_statistics

Random weights, noises of several levels, dropout and masks off.
"""

from tests.asd_core.encoders.anopatch.two_workers import averaged, distance, gradients, model

BATCH = 32  # clips

if __name__ == "__main__":
    for size in ("tiny", "full"):
        for is_frozen in (False, True):
            whole = gradients(model(is_frozen, size), count=BATCH)
            away = {workers: distance(averaged(is_frozen, workers, BATCH, size), whole) for workers in (2, 4, 8)}
            statistics = "frozen" if is_frozen else "each worker's own"
            found = ", ".join(f"{workers} workers {share:.1e}" for workers, share in away.items())
            print(f"{size}, batch statistics {statistics}: {found} of the gradient's length", flush=True)
