"""A trained head in plain arrays, and what it makes of embeddings, without torch.

    logarithm     (1,) 1 where embeddings are powers: the natural logarithm of x + 1e-12 is taken first
    mean          (D,) subtracted from every embedding, and
    deviation     (D,) which it is divided by
    columns       (G, d) the numbers of an embedding that each of the G branches takes
    members       (1,) networks side by side: each has G / members of the branches, one after the other
    weight.0 ...  (G, d, H), (G, H, H) ..., (G, H, E): one layer after the other, ReLU between them
    bias.0 ...    (G, 1, H) ..., (G, 1, E)
    centres       (members, C · K, E · G / members) of the classes' loss, each of length 1; K of them a class
    scale         (1,) of the loss
    classes       (1,) C

Everything is computed in float64, so that a clip has the same numbers in any batch to 1e-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import AsdError

HeadArrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]

_TINY = 1e-12
_ROWS = 1024  # at once: 4 MB for a branch of 512 numbers


def standardised(arrays: HeadArrays, embeddings: NDArray[Any]) -> Floats:
    """Embeddings as the first layer takes them, (N, D) → (N, D) float64.

    Raises:
        AsdError: embeddings of another length, or powers below 0 where logarithms are taken.
    """
    mean = np.asarray(arrays["mean"])
    if embeddings.ndim != 2 or embeddings.shape[1] != len(mean):
        raise AsdError(
            f"embeddings of shape {embeddings.shape}, but the head was trained on embeddings of {len(mean)} numbers: "
            "take the encoder that it was trained with"
        )
    rows = embeddings.astype(np.float64)
    if arrays["logarithm"][0]:
        rows = np.log(np.maximum(rows, 0) + _TINY)
    return np.asarray((rows - mean) / arrays["deviation"])


def head_embeddings(arrays: HeadArrays, embeddings: NDArray[Any]) -> Floats:
    """The head's own embeddings, (N, D) → (N, E · G) float64; those of each member have length 1."""
    if len(embeddings) > _ROWS:
        cuts = range(0, len(embeddings), _ROWS)
        return np.concatenate([head_embeddings(arrays, embeddings[start : start + _ROWS]) for start in cuts])
    values = np.moveaxis(standardised(arrays, embeddings)[:, arrays["columns"]], 0, 1)  # (G, N, d)
    layers = layer_count(arrays)
    for layer in range(layers):
        values = values @ arrays[f"weight.{layer}"].astype(np.float64) + arrays[f"bias.{layer}"]
        if layer < layers - 1:
            values = np.maximum(values, 0)
    members = int(arrays["members"][0])
    parts = np.moveaxis(values, 0, 1).reshape(len(embeddings), members, -1)
    lengths = np.linalg.norm(parts, axis=2, keepdims=True)
    return np.asarray((parts / np.maximum(lengths, _TINY)).reshape(len(embeddings), -1))


def class_log_probabilities(arrays: HeadArrays, own: Floats) -> Floats:
    """The logarithm of each class' probability, from `head_embeddings` (N, E · G) → (N, C); the mean of members."""
    centres, classes = np.asarray(arrays["centres"], np.float64), int(arrays["classes"][0])
    parts = own.reshape(len(own), len(centres), -1)
    logits = arrays["scale"][0] * np.einsum("nme,mke->mnk", parts, centres)
    grouped = _logsumexp(logits.reshape(len(centres), len(own), classes, -1))
    return np.asarray((grouped - _logsumexp(logits)[..., None]).mean(axis=0))


def class_nll(arrays: HeadArrays, own: Floats, own_classes: NDArray[np.int64]) -> Floats:
    """Minus the logarithm of the probability of any of a machine's classes: (N, E · G) and (c,) → (N,) ≥ 0."""
    return np.asarray(np.maximum(-_logsumexp(class_log_probabilities(arrays, own)[:, own_classes]), 0.0))


def output_dim(arrays: HeadArrays) -> int:
    """Length of the head's own embeddings, E · G."""
    return int(arrays[f"bias.{layer_count(arrays) - 1}"][:, 0].size)


def weights_of(arrays: HeadArrays) -> int:
    """The number of weights and biases."""
    return sum(array.size for name, array in arrays.items() if name.startswith(("weight.", "bias.")))


def layer_count(arrays: HeadArrays) -> int:
    """The number of layers."""
    return sum(name.startswith("weight.") for name in arrays)


def _logsumexp(values: Floats) -> Floats:
    """Over the last axis."""
    largest = values.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(values - largest).sum(axis=-1)) + largest[..., 0])
