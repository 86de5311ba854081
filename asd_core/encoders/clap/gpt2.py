"""GPT-2 (Radford et al. 2019) as MS-CLAP uses it: its tokenizer, and networks filled from a checkpoint's tensors.

MS-CLAP's checkpoints hold the GPT-2 that they were trained with, so the hub's ``gpt2`` is needed for its tokenizer
only. That one is found as the folder ``gpt2`` beside the weights, or in the hub's cache, or fetched into it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from asd_core.encoders.clap.audio_tensors import EMBEDDING_DIM
from asd_core.encoders.clap.msclap_package import msclap_module
from asd_core.encoders.clap.random_gpt2 import END_OF_TEXT, random_tokenizer
from asd_core.encoders.clap.text_tensors import VOCABULARY, WIDTH
from asd_core.encoders.clap.weights import HUB, first_line, from_hub, is_random
from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import GPT2LMHeadModel, GPT2TokenizerFast

PADDING, PADDING_ID = "!", 0
STOP = f" {END_OF_TEXT}"
FILES = ("vocab.json", "merges.txt")
_INSTEAD = (
    f"put its files {' and '.join(FILES)} into a folder gpt2 beside the weights and give their path as encoder.weights "
    "(or captions.weights), or take the recipe clap-knn-random for a trial"
)

Network = TypeVar("Network", bound="nn.Module")


def load_tokenizer(source: str) -> GPT2TokenizerFast:
    """GPT-2's tokenizer with MS-CLAP's padding token, as its wrapper sets it up.

    Args:
        source: of the weights it goes with: ``hub``, ``random``, or the path of a file or folder, with the folder
            ``gpt2`` of transformers' files beside or in it.

    Raises:
        UsageError: that folder holds another tokenizer.
        AsdError: it cannot be had.
    """
    tokenizer = random_tokenizer() if is_random(source) else _read_tokenizer(_tokenizer_folder(source))
    tokenizer.add_special_tokens({"pad_token": PADDING})
    return tokenizer


def digest_with_tokenizer(tokenizer: GPT2TokenizerFast, *others: str | int) -> str:
    """Hash of all that decides how a tokenizer reads and writes, and of what else is given: 16 hex digits."""
    told = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in told["merges"]]
    text = json.dumps([sorted(told["vocab"].items()), merges, *others])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def language_network(tensors: Mapping[str, Tensor], what: str) -> GPT2LMHeadModel:
    """GPT-2 with its output layer, filled.

    Args:
        tensors: name → tensor, as ``GPT2LMHeadModel`` names them, less the output layer, which is the tokens' vectors
            again; other names are an error.
        what: how a message names the tensors' source.

    Raises:
        AsdError: tensors are missing, too many, or of another shape.
    """
    import transformers

    gpt2: Any = transformers
    named = dict(tensors)
    if "transformer.wte.weight" in tensors:
        named["lm_head.weight"] = tensors["transformer.wte.weight"]
    config = gpt2.GPT2Config(activation_function="gelu_pytorch_tanh")  # GPT-2's own function as one kernel
    network: Any = filled(lambda: gpt2.GPT2LMHeadModel(config), named, what)
    network.tie_weights()
    _set_masks(network.transformer)
    return network  # type: ignore[no-any-return]


def text_encoder(tensors: Mapping[str, Tensor], what: str) -> nn.Module:
    """MS-CLAP's own text encoder, GPT-2 under a projection, filled; arguments and errors as `language_network`.

    Its constructor is passed over: it would fetch weights for GPT-2 only to have them replaced.
    """
    import transformers
    from torch import nn

    gpt2: Any = transformers
    clap = msclap_module("models.clap")

    def empty() -> nn.Module:
        encoder: Any = clap.TextEncoder.__new__(clap.TextEncoder)
        nn.Module.__init__(encoder)
        encoder.text_model = "gpt2"
        encoder.base, encoder.projection = gpt2.GPT2Model(gpt2.GPT2Config()), clap.Projection(WIDTH, EMBEDDING_DIM)
        return encoder  # type: ignore[no-any-return]

    encoder: Any = filled(empty, tensors, what)
    _set_masks(encoder.base)
    return encoder  # type: ignore[no-any-return]


def filled(make: Callable[[], Network], tensors: Mapping[str, Tensor], what: str) -> Network:
    """A network in eval mode that holds these very tensors: none drawn first, none copied, none left over.

    Raises:
        AsdError: tensors are missing, too many, or of another shape.
    """
    import torch

    with torch.device("meta"):
        network = make()
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=True, assign=True)
    except RuntimeError as error:
        told = " ".join(str(error).split("\n")[1:3]).strip()[:300]
        raise AsdError(f"{what}: not the tensors of MS-CLAP 2023: {told}") from error
    return network.eval().requires_grad_(False)


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with a prefix, without it and without GPT-2's constant masks.

    Older versions of transformers wrote the masks into checkpoints; they hold nothing that was learnt.
    """
    found = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    return {name: tensor for name, tensor in found.items() if not name.endswith((".attn.bias", ".attn.masked_bias"))}


def _set_masks(network: Any) -> None:
    """Give the attention layers the constants that no checkpoint holds."""
    import torch

    positions = network.config.n_positions
    mask = torch.ones((positions, positions), dtype=torch.bool).tril()[None, None]
    for block in network.h:
        block.attn.register_buffer("bias", mask, persistent=False)
        block.attn.register_buffer("masked_bias", torch.tensor(-1e4), persistent=False)


def _read_tokenizer(folder: Path) -> GPT2TokenizerFast:
    from transformers import GPT2TokenizerFast

    try:
        tokenizer: GPT2TokenizerFast = GPT2TokenizerFast.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:  # transformers and its parsers raise errors of any kind for a broken file
        raise UsageError(f"{folder} holds no tokenizer of GPT-2: {first_line(error)}") from error
    found = (len(tokenizer), tokenizer.encode(PADDING), tokenizer.encode(END_OF_TEXT))
    if found != (VOCABULARY, [PADDING_ID], [VOCABULARY - 1]):
        raise UsageError(f"{folder} holds another tokenizer than GPT-2's: {len(tokenizer)} tokens, not {VOCABULARY}")
    return tokenizer


def _tokenizer_folder(source: str) -> Path:
    if source != HUB:
        path = Path(source).expanduser()
        beside = (path if path.is_dir() else path.parent) / "gpt2"
        if beside.is_dir():
            return beside
    return [from_hub("gpt2", name, _INSTEAD) for name in FILES][0].parent
