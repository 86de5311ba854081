import subprocess
import sys

import pytest
import torch

from asd_core.encoders.exact_float32 import exact_float32

PROGRAM = """
import torch
from torch.backends import cuda, cudnn, mkldnn
from asd_core.encoders.exact_float32 import exact_float32

def check(wanted):
    settings = lambda: [one.fp32_precision for one in (cuda.matmul, cudnn.conv, cudnn.rnn, mkldnn.matmul, mkldnn.conv)]
    before = settings()
    with exact_float32():
        assert set(settings()) == {"ieee"}, settings()
    assert settings() == before and wanted in before, (before, settings())

check("tf32")
torch.set_float32_matmul_precision("medium")
check("bf16")
assert torch.get_float32_matmul_precision() == "medium"
cuda.matmul.allow_tf32 = cudnn.allow_tf32 = True
check("tf32")
assert cuda.matmul.allow_tf32 and cudnn.allow_tf32
cuda.matmul.fp32_precision = "ieee"  # beside the older setting, which torch then refuses to read back
check("tf32")
torch.backends.fp32_precision = "tf32"
check("tf32")
"""


def test_float32_is_exact_whatever_the_process_has_set_and_its_settings_are_kept():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)


def test_settings_are_kept_where_the_block_fails():
    before = torch.backends.cudnn.conv.fp32_precision
    with pytest.raises(ValueError, match="inside"), exact_float32():
        raise ValueError("inside")
    assert torch.backends.cudnn.conv.fp32_precision == before
