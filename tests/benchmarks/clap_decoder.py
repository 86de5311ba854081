"""(h) Captions from embeddings against msclap's `generate_caption`, which writes them one at a time without a cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from asd_core.encoders.clap.caption_decoder import load_caption_decoder
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.errors import AsdError
from asd_core.pipeline.threads import one_thread
from tests.benchmarks.figures import Figure

NOTE = (
    "h: from embeddings on, without audio; random weights of the real shape, whose captions end after some 15 tokens. "
    "The reference is msclap's own class, called with a few of the same clips in each repeat; its captions are ours."
)


def against_generate_caption(
    folder: Path, clips: int, reference_clips: int, repeats: int, say: Callable[[str], None], device: str = ""
) -> list[Figure]:
    """Captions a second of ours and of the reference in turn: on a CPU of one thread's time, on a GPU of the clock's.

    Raises:
        AsdError: the captions differ, so that there is nothing to compare.
    """
    import torch

    from tests.asd_core.encoders.clap.msclap_files import (
        embeddings,
        with_embeddings,
        wrapper,
        write_clapcap,
        write_gpt2_of_the_hub,
    )

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    clock = time.perf_counter if device == "cuda" else time.process_time
    write_gpt2_of_the_hub(folder)
    reference = with_embeddings(wrapper(write_clapcap(folder), "clapcap", use_cuda=device == "cuda"))
    decoder = load_caption_decoder(str(folder), device)
    given = embeddings(clips)
    rates: dict[str, list[float]] = {"ours": [], "msclap": []}
    with one_thread(), exact_float32():
        captions = decoder.caption(given, start="")
        reference.generate_caption(given[:1], entry_length=2)
        for repeat in range(repeats):
            few = [(repeat * reference_clips + index) % clips for index in range(reference_clips)]
            for name in ("ours", "msclap")[:: -1 if repeat % 2 else 1]:
                start = clock()
                if name == "ours":
                    decoder.caption(given, start="")
                else:
                    found = reference.generate_caption(given[few])
                rates[name].append((clips if name == "ours" else reference_clips) / (clock() - start))
            if found != [captions[index].text for index in few]:
                raise AsdError(f"the captions differ: msclap's are {found}")
            say(f"repeat {repeat + 1} of {repeats}: {rates['ours'][-1]:.3g} and {rates['msclap'][-1]:.3g} captions/s")
    ratios = tuple(ours / theirs for ours, theirs in zip(rates["ours"], rates["msclap"], strict=True))
    name = "h MS-CLAP captions"
    return [
        Figure(name, "ours ÷ generate_caption, captions a second", ratios, at_least=20.0 if device == "cpu" else None),
        Figure(name, f"{clips} clips at once on {device}", tuple(rates["ours"]), "captions/s"),
        Figure(name, f"generate_caption on {device}", tuple(rates["msclap"]), "captions/s"),
        Figure(name, "tokens of a caption", (sum(caption.tokens for caption in captions) / clips,)),
        Figure(name, "different captions, as a share", (len({caption.text for caption in captions}) / clips,)),
    ]
