"""Test that the catalogue shows all that is declared, in both languages."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

import pytest

from schemas import registry
from schemas.declare import Family, ResultTable
from schemas.render.catalogue import entries, to_markdown
from schemas.render.catalogue_html import to_html

ENTRIES = entries(registry.own_families(), registry.own_results())
PAGES = {"markdown": to_markdown(ENTRIES), "html": to_html(ENTRIES)}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_every_declaration_field_topic_and_feed_is_shown(page: str) -> None:
    declared: list[Family | ResultTable] = [*registry.own_families(), *registry.own_results()]
    for one in declared:
        for word in (one.name, one.meaning.zh, one.topic, f"city.{one.table}"):
            assert word in page, word
        assert one.meaning.en in page or escape(one.meaning.en) in page
        for field in one.fields:
            assert field.name in page
            assert field.title.zh in page
            assert field.title.en in page or escape(field.title.en) in page
    for entry in ENTRIES:
        assert all(address in page for address in entry["feeds"])


def test_only_what_is_public_has_a_feed() -> None:
    for entry in ENTRIES:
        assert bool(entry["feeds"]) == entry["public"]
    assert not any("vehicle-position" in feed for entry in ENTRIES for feed in entry["feeds"])


class _Tags(HTMLParser):
    """Collect what a page would load, and whether its tags close."""

    def __init__(self) -> None:
        """Start with nothing open."""
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an opening tag."""
        if tag not in ("meta", "br", "input", "link", "img"):
            self.open.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "srcset")]
        if tag in ("link", "script", "iframe"):
            self.loads.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note a closing tag, which must close the last one opened."""
        assert self.open.pop() == tag


def test_the_page_stands_alone() -> None:
    tags = _Tags()
    tags.feed(PAGES["html"])
    assert (tags.open, tags.loads) == ([], [])
