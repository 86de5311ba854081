"""Checks of the embeddings and domains that detectors are given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.protocol import Domains, Embeddings
from asd_core.errors import AsdError


def checked_embeddings(embeddings: Embeddings, embedding_dim: int | None = None) -> NDArray[np.float64]:
    """The embeddings as C-contiguous float64, (N, D) → (N, D).

    Args:
        embeddings: (N, D).
        embedding_dim: the D that the detector was fitted on, where it was.

    Raises:
        AsdError: another shape, or values that are not finite.
    """
    rows = np.ascontiguousarray(embeddings, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise AsdError(f"embeddings of shape {rows.shape}: give one row per clip, (N, D)")
    if embedding_dim is not None and rows.shape[1] != embedding_dim:
        raise AsdError(
            f"embeddings have {rows.shape[1]} dimensions, the detector was fitted on {embedding_dim}: "
            "score with the encoder it was fitted with, or fit it again"
        )
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        raise AsdError(
            f"{np.count_nonzero(~finite)} of {len(rows)} embeddings are not finite (the first is row "
            f"{int(np.argmin(finite))}): leave these clips out as errors"
        )
    return rows


def checked_normals(embeddings: Embeddings, domains: Domains) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The training clips of one machine: embeddings as float64 (N, D), and which are of the target domain (N,).

    Raises:
        AsdError: no clips, embeddings that `checked_embeddings` refuses, or another number of domains.
    """
    rows = checked_embeddings(embeddings)
    if len(rows) == 0:
        raise AsdError("0 normal clips to fit on: give the machine at least one normal training clip")
    if np.shape(domains) != (len(rows),):
        raise AsdError(f"{len(rows)} embeddings but domains of shape {np.shape(domains)}: give one domain per clip")
    return rows, np.asarray(domains) == "target"
