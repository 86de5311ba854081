"""`python -m tests.docs.write_captions`: the tables of captions in docs/audioldm.md, from the templates."""

import re

from asd_core.synthesis.metadata_captions.phrases import CLAUSES, ITEMS
from asd_core.synthesis.metadata_captions.templates import TEMPLATES
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "audioldm.md"
_MARKED = re.compile(r"(<!-- captions: .*? -->\n).*?(\n<!-- end of captions -->)", re.DOTALL)


def tables() -> str:
    """Machine types with their words and keys, and keys with their words."""
    types = [
        f"| `{name}` | {one.years} | {one.noun} | {', '.join(f'`{key}`' if key else 'words' for key in one.keys)} |"
        for name, one in TEMPLATES.items()
    ]
    keys = [f"| `{key}` | with {form.format('…')} |" for key, form in ITEMS.items()]
    keys += [f"| {f'`{key}`' if key else 'words'} | {form.format('…')} |" for key, form in CLAUSES.items()]
    head = ["| machine type | sets | in words | keys of its attributes |", "|---|---|---|---|"]
    return "\n".join([*head, *types, "", "| key | in words |", "|---|---|", *keys])


def page() -> str:
    """The page's text with the tables as they should be."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{tables()}\n{found[2]}", PAGE.read_text("utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
