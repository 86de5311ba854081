import importlib.util
import subprocess
import sys

import pytest

from asd_core.encoders.build import encoder_config, new_encoder
from asd_core.encoders.openl3 import OpenL3Encoder
from asd_core.errors import UsageError

PACKAGE = '''
import torch

def load_audio_embedding_model(input_repr, content_type, embedding_size):
    return input_repr, content_type, embedding_size

def get_audio_embedding(audio, sr, model):
    """Three frames: 1, 2 and 3 times the loudest sample."""
    assert (sr, model) == (48_000, ("mel128", "env", 512)) and audio.ndim == 1
    frames = torch.ones(3, 512) * torch.arange(1, 4)[:, None] * float(audio.max())
    return frames[None], None
'''
RUN = """
import numpy as np
from asd_core.encoders.openl3 import OpenL3Encoder
encoder = OpenL3Encoder()
encoder.load()
made = encoder.embed(np.array([[0.0, 0.5], [0.25, 0.0]], np.float32))
assert made.shape == (2, 512) and made.dtype == np.float32
print(made[:, 0].tolist(), encoder.fingerprint == OpenL3Encoder().fingerprint)
"""


@pytest.mark.skipif(importlib.util.find_spec("torchopenl3") is not None, reason="torchopenl3 is installed")
def test_without_the_package_one_line_says_so():
    encoder = new_encoder(encoder_config({"kind": "openl3"}))
    assert isinstance(encoder, OpenL3Encoder)
    for ask in (lambda: encoder.fingerprint, encoder.load):
        with pytest.raises(UsageError, match="needs the package torchopenl3, which is not installed"):
            ask()


def test_an_embedding_is_the_mean_over_the_packages_frames(tmp_path):
    (tmp_path / "torchopenl3").mkdir()
    (tmp_path / "torchopenl3" / "__init__.py").touch()
    (tmp_path / "torchopenl3" / "core.py").write_text(PACKAGE)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{RUN}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[1.0, 0.5] True\n", done.stderr
