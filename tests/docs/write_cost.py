"""`python -m tests.docs.write_cost`: the tables of docs/cost.md, from figures of other pages and from the prompts."""

import re
from typing import NamedTuple

from asd_core.captions.prompts import acoustic_prompt, hybrid_prompt, text_decoder_prompt, zero_shot_prompt
from asd_core.captions.texts import PAPER_TEXTS
from asd_core.llm.settings import tokens_of
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "cost.md"
CLIPS = 10_000
_MARKED = re.compile(r"(<!-- cost: .*? -->\n).*?(<!-- end of cost -->)", re.DOTALL)

CAPTION = "Sounds like a machine is running with a rattling noise in the background"
NORMAL = "Sounds like a machine is humming at a steady speed"
FINDINGS = ["impulses 85.2 per second against 0.0", "2–4 kHz stronger by 4 dB", "2.6 dB louder overall"]
ANSWER = (
    "This sound is marked by rapid, regular impulses and a stronger band between two and four kilohertz, whereas the "
    "normal sounds of the machine are steady and free of impulses."
)


class Work(NamedTuple):
    """Work on one ten-second recording.

    Attributes:
        words: the row's first cell.
        seconds: of one CPU.
        page: where the figure was measured.
        quoted: the figure as that page has it.
    """

    words: str
    seconds: float
    page: str
    quoted: str


WORK = (
    Work("read, decode and learn or judge with `twfr-knn`", 0.002, "cost.md", "2.0 ms a recording"),
    Work("the same with `fleet`", 0.0046, "cost.md", "4.6 ms a recording"),
    Work("measured caption and page, of each flagged one", 0.042, "performance.md", "it is .042 s"),
    Work("embed with EfficientAT `mn04_as`", 0.025, "efficientat.md", "0.025 CPU-s for the embedding"),
    Work("embed with MS-CLAP, two windows, bf16", 2 * 0.129, "performance.md", "219 ms; 129 ms in bf16"),
    Work("embed with MS-CLAP, two windows", 2 * 0.219, "performance.md", "219 ms; 129 ms in bf16"),
    Work("embed with AnoPatch's BEATs", 1.5, "recipes.md", "10 s of sound take BEATs 1.5 s"),
    Work("embed with WavLM in its place", 4.0, "recipes.md", "and WavLM 4 s"),
)


def prompts() -> dict[str, str]:
    """A usual prompt of each method: four normal recordings, the paper's eight texts, three findings."""
    own, normal = [0.1234] * len(PAPER_TEXTS), [[0.1234] * len(PAPER_TEXTS)] * 4
    return {
        "acoustic": acoustic_prompt("pump", FINDINGS),
        "text-decoder": text_decoder_prompt("pump", CAPTION, [NORMAL] * 4),
        "zero-shot": zero_shot_prompt("pump", PAPER_TEXTS, own, normal),
        "hybrid": hybrid_prompt("pump", PAPER_TEXTS, CAPTION, own, [NORMAL] * 4, normal),
    }


def tables() -> str:
    """CPU time of 10,000 recordings, and tokens of 10,000 captions."""
    lines = ["| work | CPU a recording | 10,000 recordings | measured in |", "|---|---|---|---|"]
    for work in WORK:
        hours = CLIPS * work.seconds / 3600
        whole = f"{hours:.2g} CPU-hours" if hours >= 1 else f"{hours * 60:.2g} CPU-minutes"
        page = "below" if work.page == PAGE.name else f"[{work.page.removesuffix('.md')}]({work.page})"
        lines.append(f"| {work.words} | {work.seconds:.3g} s | {whole} | {page} |")
    answer = tokens_of(ANSWER)
    lines += ["", "| method | tokens in | tokens out | 10,000 captions: in | out |", "|---|---|---|---|---|"]
    for method, prompt in prompts().items():
        told = tokens_of(prompt)
        lines.append(f"| `{method}` | {told} | {answer} | {_millions(told)} million | {_millions(answer)} million |")
    return "\n".join(lines)


def _millions(tokens: int) -> str:
    return f"{CLIPS * tokens / 1e6:.1f}"


def page() -> str:
    """The page's text with the tables as they should be."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{tables()}\n\n{found[2]}", PAGE.read_text("utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
