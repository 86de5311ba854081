"""MS-CLAP's audio tower: msclap's own ``AudioEncoder`` (HTS-AT under a projection), without the GPT-2 beside it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asd_core.encoders.clap.audio_tensors import (
    EMBEDDING_DIM,
    HOP,
    KERNELS,
    LATENT_DIM,
    MELS,
    N_FFT,
    random_tensors,
    tensor_shapes,
)
from asd_core.encoders.clap.msclap_package import msclap_module, without_traces
from asd_core.encoders.clap.weights import (
    CLAP_2023,
    CLAPCAP_2023,
    digest,
    find_checkpoint,
    is_random,
    read_checkpoint,
    seed_of,
)
from asd_core.errors import AsdError

if TYPE_CHECKING:
    from torch import Tensor, nn

SAMPLE_RATE = 44_100  # Hz
_PREFIXES = {CLAP_2023: "audio_encoder.", CLAPCAP_2023: "clap."}
_SAME_KERNEL = 1e-5  # of at most 1: farther from the Fourier transform than this, a kernel is taken as it is


class AudioTower:
    """The tower in eval mode, on a device.

    Attributes:
        module: msclap's ``AudioEncoder``; ``module(waveforms)[0]`` are its embeddings.
        digest: hash of the tensors that reach an embedding: equal for equal towers, whatever file they come from.
    """

    def __init__(self, module: nn.Module, digest: str, *, has_fourier_kernels: bool = False) -> None:
        """Wrap a loaded module.

        Args:
            module: msclap's ``AudioEncoder``.
            digest: of its tensors.
            has_fourier_kernels: its spectrogram's kernels are those of a Fourier transform under a Hann window: the
                fast transform takes their place, which needs a sixth of the convolution's time.
        """
        import torch

        self.module: Any = module.eval()
        self.digest = digest
        self._window = torch.hann_window(N_FFT) if has_fourier_kernels else None

    def to(self, device: str, *, bf16: bool = False) -> AudioTower:
        """Move it to a device; with ``bf16`` the transformer computes in bfloat16, and nothing before or after it."""
        self.module.to(device)
        if self._window is not None:
            self._window = self._window.to(device)
        if bf16:
            for part in self._transformer:
                part.bfloat16()
        return self

    def log_mel(self, waveforms: Tensor) -> Tensor:
        """Waveforms (B, T) at 44,100 Hz → (B, 1, frames, 64) float32 in dB, frames = T // 320 + 1."""
        import torch

        htsat = self.module.base.htsat
        if self._window is None:
            power = htsat.spectrogram_extractor(waveforms)
        else:
            spectrum = torch.stft(waveforms, N_FFT, HOP, window=self._window, pad_mode="reflect", return_complex=True)
            power = torch.view_as_real(spectrum).square().sum(-1).transpose(1, 2)[:, None]
        decibels: Tensor = htsat.logmel_extractor(power)
        return decibels

    def embed(self, log_mel: Tensor) -> Tensor:
        """Log-mel spectrograms of at most 1,024 frames → (B, 1024) float32 embeddings.

        What the module computes beside them (classes, their place in time, attention maps) is left out.
        """
        htsat = self.module.base.htsat
        patch_embed, layers, norm = self._transformer
        image = htsat.reshape_wav2img(htsat.bn0(log_mel.transpose(1, 3)).transpose(1, 3))
        tokens = patch_embed(image.to(norm.weight.dtype))
        for layer in layers:
            for block in layer.blocks:
                tokens, _ = block(tokens)
            if layer.downsample is not None:
                tokens = layer.downsample(tokens)
        embeddings: Tensor = self.module.projection(norm(tokens).float().mean(dim=1))
        return embeddings

    @property
    def _transformer(self) -> tuple[Any, Any, Any]:
        htsat = self.module.base.htsat
        return htsat.patch_embed, htsat.layers, htsat.norm


def load_audio_tower(source: str, name: str = CLAP_2023) -> AudioTower:
    """Load the audio tower of a checkpoint, or make a random one.

    Args:
        source: see `asd_core.encoders.clap.weights`.
        name: the checkpoint: CLAP_2023 or CLAPCAP_2023, each with an audio tower of its own. Random towers of one seed
            are the same for both.

    Raises:
        UsageError: there is no such file.
        AsdError: weights that cannot be had, or a tensor that is missing or has another shape.
    """
    import torch

    tensors = audio_tensors(source, name)
    with without_traces():
        module = msclap_module("models.clap").AudioEncoder(
            "HTSAT", LATENT_DIM, EMBEDDING_DIM, SAMPLE_RATE, N_FFT, HOP, MELS, 50, 8000, 527
        )
    state = module.state_dict()
    is_fourier = all(
        torch.allclose(state[kernel], tensors.get(kernel, state[kernel]), 0, _SAME_KERNEL) for kernel in KERNELS
    )
    module.load_state_dict(tensors, strict=False)
    return AudioTower(module, audio_digest(source, name), has_fourier_kernels=is_fourier)


def audio_digest(source: str, name: str = CLAP_2023) -> str:
    """`AudioTower.digest` without the tower: a checkpoint is read once a process, and again where its file changes.

    Raises:
        UsageError: there is no such file.
        AsdError: as `load_audio_tower`.
    """
    if is_random(source):
        return _random_digest(seed_of(source))
    path = find_checkpoint(source, name)
    status = path.stat()
    return _file_digest(str(path), name, status.st_size, status.st_mtime_ns)


def audio_tensors(source: str, name: str) -> dict[str, Tensor]:
    """The tensors that reach an embedding, by the names that the module has for them; extra ones are left out.

    Random ones lack those that the module makes itself: Fourier kernels, mel filterbank, masks.

    Raises:
        UsageError: there is no such file.
        AsdError: as `load_audio_tower`.
    """
    if is_random(source):
        return random_tensors(seed_of(source))
    found = read_checkpoint(source, name)
    prefix = _PREFIXES[name]
    tensors = {}
    for own, shape in tensor_shapes().items():
        tensor = found.get(prefix + own)
        if tensor is None:
            raise AsdError(f"{_said(source, name)} lacks the tensor {prefix + own}: is it {name}?")
        if tuple(tensor.shape) != shape:
            raise AsdError(
                f"{_said(source, name)} has the tensor {prefix + own} in the shape {tuple(tensor.shape)}, "
                f"not {shape}: is it {name}?"
            )
        tensors[own] = tensor
    return tensors


@lru_cache(maxsize=8)
def _random_digest(seed: int) -> str:
    return digest(random_tensors(seed))


@lru_cache(maxsize=8)
def _file_digest(path: str, name: str, _size: int, _modified: int) -> str:
    return digest(audio_tensors(path, name))


def _said(source: str, name: str) -> str:
    return f"the checkpoint {find_checkpoint(source, name)}"
