"""Pages from templates: one frame, one style, one set of filters, and a policy under which nothing else runs.

A page is a template that extends ``frame.html`` and fills its blocks, a dataclass of what it shows, and a call::

    page = render_page("status/page.html", status=status, facts=[("store", address)])
    files.write("status/index.html", page)
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from asd_core.digest import name_hash
from asd_core.pages import number_format
from asd_core.readable import clip_name, readable, readable_lines, readable_uri

if TYPE_CHECKING:
    import jinja2


PAGES = "asd_core.pages"


@dataclass(frozen=True)
class Page:
    """A page and the policy that stands in it, for a server that sends it along.

    Attributes:
        html: in UTF-8.
        policy: the content security policy.
    """

    html: bytes
    policy: str


def render_page(
    template: str, styles: Sequence[str] = (), scripts: Sequence[str] = (), has_media: bool = False, **shown: Any
) -> bytes:
    """The page of a template, in UTF-8; the same arguments give the same bytes.

    Args:
        template: a file below ``asd_core/pages`` that extends ``frame.html``, such as ``night/page.html``.
        styles: style sheets below ``asd_core/pages``, after ``page.css``.
        scripts: scripts below ``asd_core/pages``; a page without one may run none.
        has_media: the page shows pictures and plays recordings that lie beside it.
        shown: values for the template by name; ``facts``, (name, value) pairs, are for the footer.

    Raises:
        jinja2.UndefinedError: the template needs a value that is not given.
    """
    return make_page(template, styles, scripts, has_media=has_media, **shown).html


def make_page(
    template: str,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    *,
    package: str = PAGES,
    has_media: bool = False,
    has_forms: bool = False,
    **shown: Any,
) -> Page:
    """As `render_page`, with the page's policy.

    Args:
        template: a file of ``package``.
        styles: files of ``package`` or of ``asd_core/pages``, after ``page.css``.
        scripts: likewise.
        package: where templates are looked for first, before ``asd_core.pages``.
        has_media: the page shows pictures and plays recordings of its own server.
        has_forms: the page sends forms to its own server.
        shown: values for the template by name.
    """
    style, script = _texts(package, "page.css", *styles), _texts(package, *scripts)
    policy = _policy(style, script, has_media, has_forms)
    page = _environment(package).get_template(template)
    html = page.render(shown, style=Markup(style), script=Markup(script), policy=Markup(policy))
    return Page(html.encode("utf-8", "replace"), policy)


def render_part(template: str, **shown: Any) -> Markup:
    """A template that is no page but a part of one, such as one that is put into pages again and again."""
    return Markup(_environment(PAGES).get_template(template).render(shown))


@functools.lru_cache(maxsize=256)
def _text(package: str, name: str) -> str:
    places = [resources.files(place) / name for place in dict.fromkeys((package, PAGES))]
    return next((place for place in places if place.is_file()), places[-1]).read_text("utf-8")


def _texts(package: str, *names: str) -> str:
    return "\n".join(_text(package, name) for name in names)


def _policy(style: str, script: str, has_media: bool, has_forms: bool) -> str:
    """The content security policy under which only this style and this script, known by their hashes, take effect."""
    rules = ["default-src 'none'"]
    rules += ["img-src 'self' data:", "media-src 'self' data:"] if has_media else ["img-src data:"]
    rules += [f"style-src '{_hash(style)}'", *([f"script-src '{_hash(script)}'"] if script else [])]
    return "; ".join([*rules, "base-uri 'none'", "form-action 'self'" if has_forms else "form-action 'none'"])


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@functools.cache
def _environment(package: str) -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(functools.partial(_texts, package)),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    formats = [getattr(number_format, name) for name in number_format.__all__]
    names = (readable, readable_lines, readable_uri, clip_name, name_hash)
    environment.filters.update({function.__name__: function for function in (*formats, *names)})
    environment.globals["counted"] = number_format.counted
    return environment
