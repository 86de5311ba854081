import pytest


@pytest.fixture(scope="module")
def one_torch_thread():
    """Tiny networks take several times as long on several threads, beside other work."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
