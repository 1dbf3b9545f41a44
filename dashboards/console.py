"""Serve the staff console: `streamlit run dashboards/console.py`.

Every page keeps its filters in its address. A family or result without a page of its own gets one
from its declaration, also when it is declared while the console runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboards.look import words
from dashboards.views import (
    address,
    alerts,
    areas,
    cases,
    catalogue,
    dead_letters,
    feedback,
    publishers,
    session,
)
from dashboards.views.declared import page_of
from dashboards.views.rights import NAMED, list_pages
from dashboards.views.words import say
from schemas import registry
from streams.staff import Role

STYLE = """<style>
.stMainBlockContainer { padding: 3rem 2rem 2rem; }
.stMainBlockContainer h1 { font-size: 2rem; padding: 0 0 0.5rem; }
</style>"""


@dataclass(frozen=True, slots=True)
class Leaf:
    """Describe a page before it is known who looks."""

    name: str
    title: str
    draw: Callable[[], None]
    roles: frozenset[Role]

    def page(self, role: Role) -> st.Page:
        """Make the page; one that is not for this role only says so, where it is asked for.

        No page has an icon: it would be fetched from the internet as favicon.
        """
        open_ = role in self.roles
        return st.Page(self.draw if open_ else session.deny, title=self.title, url_path=self.name,
                       visibility="visible" if open_ else "hidden")


def _draws() -> dict[str, Callable[[], None]]:
    """Give what draws each of the console's own pages."""
    of_families = {name: page_of(family, partial(say, name))
                   for family, name in NAMED.items()}
    return of_families | {
        "cases": cases.draw, "alerts": alerts.draw, "areas": areas.draw,
        "dead-letters": dead_letters.draw, "publishers": publishers.draw,
        "feedback": feedback.draw, "catalogue": catalogue.draw}


def _list_leaves(language: str) -> dict[str, list[Leaf]]:
    """List all pages by group: the console's own, then one for each other declaration."""
    registry.refresh()
    draws = _draws()

    def leaf(name: str, roles: frozenset[Role]) -> Leaf:
        """Describe a page of the console's own, or that of a declaration."""
        if name in draws:
            return Leaf(name, say(name, language), draws[name], roles)
        declared = registry.families().get(name) or registry.results()[name]
        return Leaf(name, words.title(declared, language), page_of(name), roles)

    return {group: [leaf(name, roles) for name, roles in pages.items()]
            for group, pages in list_pages().items()}


def _home(first: str) -> st.Page:
    """Make the page of the bare address: it opens the first page of the role."""
    return st.Page(lambda: address.go(first, {}), title="–", url_path="home", default=True,
                   visibility="hidden")


def main() -> None:
    """Draw the page that the address names."""
    language = address.language()
    staff = session.current(language)
    leaves = _list_leaves(language)
    groups = {say(group, language): {one.name: one.page(staff.role) for one in found}
              for group, found in leaves.items()}
    by_name = {name: page for pages in groups.values() for name, page in pages.items()}
    st.session_state[address.PAGES] = by_name | {
        family: by_name[page] for family, page in NAMED.items()}
    first = next(name for name, page in by_name.items() if page.visibility == "visible")
    st.set_page_config(
        page_title=f"{words.say('city', language)} · {say('console', language)}", layout="wide")
    st.html(STYLE)
    current = st.navigation(
        {"": [_home(first)], **{group: list(pages.values()) for group, pages in groups.items()}},
        expanded=True)
    session.draw(staff, language)
    current.run()


main()
