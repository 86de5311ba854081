"""OpenL3's audio embedding as an encoder (Cramer et al. 2019), by the package torchopenl3 where it is installed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.protocol import Waveforms
from asd_core.errors import UsageError

_PACKAGE = "torchopenl3"


@dataclass(frozen=True)
class OpenL3Encoder:
    """Mono waveforms at 48 kHz → 512 numbers, the mean over frames of 1 s, one each 0.1 s; not normalised.

    The model has 128 mels; its weights come with the package.

    Attributes:
        content: what it was trained on: ``env`` (environmental sound) or ``music``.
    """

    content: Literal["env", "music"] = "env"

    sample_rate: ClassVar[int] = 48_000  # Hz
    embedding_dim: ClassVar[int] = 512

    @property
    def fingerprint(self) -> str:
        """Hash of the model's name and of the package's version.

        Raises:
            UsageError: the package is not installed.
        """
        _check_package()
        try:
            found = version(_PACKAGE)
        except PackageNotFoundError:  # a folder on the path
            found = "?"
        return hashlib.blake2b(json.dumps(["openl3", self._named, found]).encode(), digest_size=8).hexdigest()

    def load(self) -> None:
        """Read the weights now rather than at the first use.

        Raises:
            UsageError: the package is not installed.
        """
        _ = self._model

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """See `Encoder.embed`.

        Raises:
            UsageError: the package is not installed.
        """
        model, found = self._model, []
        for waveform in waveforms:
            frames, _ = self._package.get_audio_embedding(waveform, self.sample_rate, model=model)
            found.append(np.asarray(frames.cpu(), np.float32).reshape(-1, self.embedding_dim).mean(axis=0))
        return np.stack(found)

    @property
    def _named(self) -> dict[str, Any]:
        return {"input_repr": "mel128", "content_type": self.content, "embedding_size": self.embedding_dim}

    @cached_property
    def _package(self) -> Any:
        _check_package()
        return importlib.import_module(f"{_PACKAGE}.core")

    @cached_property
    def _model(self) -> Any:
        return self._package.load_audio_embedding_model(**self._named)


def _check_package() -> None:
    if importlib.util.find_spec(_PACKAGE) is None:
        raise UsageError(
            f"encoder openl3 needs the package {_PACKAGE}, which is not installed: install it, or take another encoder"
        )
