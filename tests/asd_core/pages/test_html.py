import base64
import hashlib
import re

import jinja2
import pytest

from asd_core.pages.html import render_page
from tests.asd_core.pages.outline import Outline

SHOWN = {"recipe": "r", "objective": "auc"}


def page(tmp_path=None, **options):
    """The page of a search that found nothing, which has no script of its own."""
    report = {"recipe": "<i>", "objective": "auc", "scopes": [], "left_out": [], "unusable": [], "warnings": []}
    shown = {"report": {**report, "recipes": {}}, "sections": [], "objective": "AUC", "n_machines": 0}
    return render_page("search/page.html", **{"facts": [("a\n", "<b>")], **shown, **options}).decode()


def policy(text):
    return re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_no_other():
    text = page(scripts=["night/page.js"], styles=["search/page.css"])
    style, script = (re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1] for tag in ("style", "script"))
    assert ".machine" in style and ".curves" in style
    assert f"style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}';" in policy(text)
    assert "unsafe" not in policy(text) and policy(text).startswith("default-src 'none'; ")


def test_a_page_without_a_script_may_run_none_and_one_without_media_may_load_none():
    text = page()
    assert "<script" not in text and "script-src" not in policy(text)
    assert "'self'" not in policy(text) and "media-src 'self' data:" in policy(page(has_media=True))


def test_values_are_text_and_the_facts_stand_in_the_footer():
    shown = Outline(page())
    assert "recipe <i>" in shown.text and "a\\n <b>" in shown.text
    assert not {"i"} & {tag for tag, _ in shown.elements}


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="report"):
        render_page("search/page.html")


def test_what_is_no_character_is_replaced():
    assert "?" in Outline(page(objective="\udc80")).text
