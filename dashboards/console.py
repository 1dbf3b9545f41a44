"""Serve the staff console: `streamlit run dashboards/console.py`.

Every page keeps its filters in its address. A family or result without a page of its own gets one
from its declaration, also when it is declared while the console runs.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboards.look import words
from dashboards.views import address, alerts, areas, cases, catalogue, dead_letters, publishers
from dashboards.views.declared import page_of
from dashboards.views.words import say
from schemas import registry

# the families whose pages have a name of their own
NAMED = {"grid-case": "cases", "hotline-call": "calls", "service-item": "services",
         "alert": "alerts"}

STYLE = """<style>
.stMainBlockContainer { padding: 3rem 2rem 2rem; }
.stMainBlockContainer h1 { font-size: 2rem; padding: 0 0 0.5rem; }
</style>"""


def _page(name: str, draw: Callable[[], None], language: str) -> st.Page:
    """Make a page of the console's own; an icon would be fetched from the internet as favicon."""
    return st.Page(draw, title=say(name, language), url_path=name, default=name == "cases")


def _list_pages(language: str) -> dict[str, list[st.Page]]:
    """List all pages by group: the console's own, then one for each other declaration."""
    registry.refresh()
    own = [
        _page("cases", cases.draw, language),
        _page("calls", page_of("hotline-call", lambda one: say("calls", one)), language),
        _page("services", page_of("service-item", lambda one: say("services", one)), language),
        _page("alerts", alerts.draw, language),
        _page("areas", areas.draw, language)]
    events = [_declared(name, language)
              for name in sorted(registry.families()) if name not in NAMED]
    results = [_declared(name, language) for name in sorted(registry.results())]
    system = [_page("dead-letters", dead_letters.draw, language),
              _page("publishers", publishers.draw, language),
              _page("catalogue", catalogue.draw, language)]
    return {say("group.work", language): own, say("group.system", language): system,
            say("group.events", language): events, say("group.results", language): results}


def _declared(name: str, language: str) -> st.Page:
    """Make the page of a declaration."""
    declared = registry.families().get(name) or registry.results()[name]
    return st.Page(page_of(name), title=words.title(declared, language), url_path=name)


def main() -> None:
    """Draw the page that the address names."""
    language = address.language()
    groups = _list_pages(language)
    by_name = {page.url_path or "cases": page for group in groups.values() for page in group}
    st.session_state[address.PAGES] = by_name | {
        family: by_name[page] for family, page in NAMED.items()}
    st.set_page_config(
        page_title=f"{words.say('city', language)} · {say('console', language)}", layout="wide")
    st.html(STYLE)
    current = st.navigation(groups, expanded=True)
    with st.sidebar:
        st.button(say("language", language), icon=":material/translate:",
                  on_click=lambda: address.switch_language(language))
    current.run()


main()
