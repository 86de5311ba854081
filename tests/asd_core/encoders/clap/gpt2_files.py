"""A GPT-2 with random weights as files, where the hub's ``gpt2`` would stand."""

from asd_core.encoders.clap.random_gpt2 import random_tokenizer
from asd_core.encoders.clap.text_tensors import random_gpt2

REVISION = "0" * 40  # of the snapshot in a cache


def write_gpt2(folder, seed=0):
    """Write tokenizer, configuration and seeded weights as transformers reads a folder; some 500 MB."""
    import transformers
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    random_tokenizer().save_pretrained(folder)
    transformers.GPT2Config(architectures=["GPT2Model"]).save_pretrained(folder)
    save_file(random_gpt2(seed), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "README.md").write_text(f"GPT-2's shape with random weights (seed {seed}).\n", encoding="utf-8")


def write_hub_cache(folder, seed=0):
    """Write the same where the hub's client looks for ``gpt2``, and return the folder that holds it.

    Args:
        folder: the client's cache: ``HF_HUB_CACHE``, or ``hub`` under ``HF_HOME``. With ``HF_HUB_OFFLINE=1`` it asks
            nothing of the network.
        seed: of the weights.
    """
    repository = folder / "models--gpt2"
    snapshot = repository / "snapshots" / REVISION
    write_gpt2(snapshot, seed)
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "refs" / "main").write_text(REVISION, encoding="utf-8")
    return snapshot
