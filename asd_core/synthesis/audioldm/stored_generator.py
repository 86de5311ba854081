"""Fine-tuned generators in a store.

    generators/<NAME>/<digest>/generator.json       how it was made, and the digest of its weights; written last
    generators/<NAME>/<digest>/unet.safetensors     the network's weights, or
    generators/<NAME>/<digest>/lora.safetensors     the low-rank additions to them; neither where nothing was trained
    generators/<NAME>/<digest>/heard.parquet        rows of HEARD: every pair of a clip and a caption that it heard
    generators/<NAME>/<digest>/history.parquet      the course of the training
    generators/<NAME>/under_way/<run id>/           checkpoints that a broken fine-tuning goes on from

The parts that are not trained are not copied: a generator names where they are, and the digest that they must have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from asd_core.digest import name_hash
from asd_core.encoders.checkpoint_files import load_tensors, tensors_digest
from asd_core.encoders.trained_options import FROM_RANDOM
from asd_core.errors import AsdError, UsageError, did_you_mean
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.store.addresses import open_files
from asd_core.store.layout import safe_name
from asd_core.store.store import Store
from asd_core.synthesis.audioldm.components import Components, load_components
from asd_core.synthesis.audioldm.weights_digest import weights_digest

if TYPE_CHECKING:
    from torch import Tensor

GENERATOR_FILE = "generator.json"
FORMAT = 1
_TRAIN_AGAIN = "remove that folder, and asd synthesize fine-tunes it again"

HEARD = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("condition", pa.string(), nullable=False),  # "normal" or "anomalous"
        pa.field("split", pa.string(), nullable=False),  # "train", "test" of a reference machine, or ""
        pa.field("caption", pa.string(), nullable=False),
    ]
)
"""One row per clip that a generator was fine-tuned on."""


@dataclass(frozen=True)
class StoredGenerator:
    """The contents of ``generator.json``.

    Attributes:
        digest: names its weights, trained and not; after ``random-`` where they started from random ones.
        generator: the ``[generator]`` table, defaults filled in.
        weights_digest: of what it started from; see `asd_core.synthesis.audioldm.weights_digest`.
        tensors: file of the trained tensors in its folder; "" where nothing was trained.
        tensors_digest: of these; "" likewise.
        note: one line that every output must say; "" where nothing must.
        references: machine types of which it heard normal and anomalous clips.
        targets: machine types of which it heard normal clips alone.
    """

    digest: str
    generator: Mapping[str, Any]
    weights_digest: str
    tensors: str = ""
    tensors_digest: str = ""
    note: str = ""
    references: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def config(self) -> GeneratorConfig:
        """The ``[generator]`` that it was fine-tuned with."""
        return GeneratorConfig(**self.generator)

    @property
    def started_from(self) -> str:
        """The weights that it started from, as a recipe names them."""
        return str(self.generator["weights"])

    def to_json(self) -> bytes:
        """The bytes of ``generator.json``."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True).encode()


def described(
    config: GeneratorConfig, tensors: Mapping[str, Tensor], references: tuple[str, ...], targets: tuple[str, ...]
) -> StoredGenerator:
    """The description of a generator with these trained tensors, none where nothing was trained.

    Args:
        config: of the recipe.
        tensors: by name.
        references: machine types.
        targets: machine types.
    """
    from asd_core.encoders.clap.weights import random_note

    started, own = weights_digest(config), tensors_digest([tensors]) if tensors else ""
    digest = name_hash(started, config.trains, own)
    return StoredGenerator(
        (FROM_RANDOM if started.startswith(FROM_RANDOM) else "") + digest,
        asdict(config),
        started,
        f"{config.trains}.safetensors" if tensors else "",
        own,
        random_note(config.weights),
        references,
        targets,
    )


def generator_folder(name: str, digest: str) -> str:
    """Folder of a generator in the store."""
    return f"generators/{safe_name(name)}/{digest}"


def read_generator(store: Store, name: str) -> tuple[str, StoredGenerator]:
    """The address of the generator of this name, and its description; no tensor is read for it.

    Raises:
        UsageError: the store has none of that name.
        AsdError: its description is gone, or none of ours.
    """
    names = store.generator_names()
    if name not in names:
        known = did_you_mean(name, names) if names else "; asd synthesize makes one"
        raise UsageError(f"the store has no generator {name!r}{known}")
    address = f"{store.files.url}/{names[name]['folder']}"
    return address, read_description(address)


def read_description(address: str) -> StoredGenerator:
    """The description of the generator in a folder.

    Raises:
        AsdError: it is gone, or none of ours.
    """
    files = open_files(address)
    try:
        content = dict(json.loads(files.read(GENERATOR_FILE)))
        if content.pop("format") != FORMAT:
            raise AsdError(f"{files.address(GENERATOR_FILE)} was written by a later version of asd: update this one")
        made = StoredGenerator(**content)
        return replace(made, references=tuple(made.references), targets=tuple(made.targets))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AsdError(f"{files.address(GENERATOR_FILE)} is gone or broken: {_TRAIN_AGAIN}") from error


def load_generator(store: Store, name: str, device: str = "cpu") -> Components:
    """The parts of a fine-tuned generator in a store, ready to make clips.

    Args:
        store: that holds it.
        name: of the generator.
        device: ``cpu`` or ``cuda``.

    Raises:
        UsageError: the store has none of that name.
        AsdError: its files are gone or broken, or the weights it started from have changed.
    """
    address, _ = read_generator(store, name)
    return load_generator_at(address, device)


def load_generator_at(address: str, device: str = "cpu") -> Components:
    """As `load_generator`, from the address of its folder, which a worker is given."""
    stored = read_description(address)
    config = stored.config
    if (found := weights_digest(config)) != stored.weights_digest:
        raise AsdError(
            f"generator.weights = {config.weights!r}: the weights are not those that the generator in {address} "
            f"started from ({found}, not {stored.weights_digest}): put those back, or fine-tune it again"
        )
    components = load_components(config)
    if stored.tensors:
        _put_in(components, stored, address)
    for value in components.unet.parameters():
        value.requires_grad_(False)
    return components.to(device)


def _put_in(components: Components, stored: StoredGenerator, address: str) -> None:
    """Give the network its trained tensors."""
    from safetensors.torch import load

    from asd_core.encoders.anopatch.lora import merge_lora
    from asd_core.synthesis.audioldm.trained_weights import trained_part

    files = open_files(address)
    where = files.address(stored.tensors)
    try:
        tensors = load(files.read(stored.tensors))
    except Exception as error:  # the file system's and the format's own errors, which have no common class
        raise AsdError(f"{where} is gone or broken: {_TRAIN_AGAIN}") from error
    if tensors_digest([tensors]) != stored.tensors_digest:
        raise AsdError(f"{where} does not hold the tensors that were trained: {_TRAIN_AGAIN}")
    load_tensors(trained_part(components.unet, stored.config), tensors, where)
    merge_lora(components.unet)
