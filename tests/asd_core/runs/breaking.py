"""An engine that breaks, and a night that nothing broke."""

from asd_core.pipeline.engine import LocalEngine


class Breaks(LocalEngine):
    """An engine that dies after so many shards, or so many groups of machines."""

    def __init__(self, shards=10**9, groups=10**9, workers=4):
        super().__init__()
        self.workers, self._shards, self._groups = workers, shards, groups

    def embed(self, store_url, shards):
        return self._some(super().embed(store_url, shards), self._shards)

    def map(self, function, items, *, on_gpu=False):
        return self._some(super().map(function, items), self._groups)

    def _some(self, outcomes, count):
        for done, outcome in enumerate(outcomes):
            if done >= count:
                raise ConnectionError("the node died")
            yield outcome
