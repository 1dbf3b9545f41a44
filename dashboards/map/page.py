"""Show the data-hall wall: one component, fed every second, that draws everything itself."""

from __future__ import annotations

import streamlit as st

from dashboards.look.words import say, to_language
from dashboards.map.assets import VERSION
from dashboards.map.frame import compose_frame, read_parts

REFRESH_SECONDS = 1

# The component's own script is tiny, because it travels with every update; the wall itself is a
# module that the browser fetches once.
LOADER = """
export default function (component) {
  const { data, parentElement } = component
  const address = new URL(`city-wall/${data.version}/wall.js`, document.baseURI)
  import(address).then((wall) => wall.show(parentElement, data))
}
"""

_wall = st.components.v2.component("city-brain.wall", html="<div></div>", js=LOADER,
                                   isolate_styles=False)


@st.fragment(run_every=REFRESH_SECONDS)
def draw_wall(language: str) -> None:
    """Send the newest figures to the browser."""
    frame = compose_frame(read_parts(), language)
    _wall(key="wall", data={**frame, "version": VERSION}, height="content")


language = to_language(st.query_params.get("lang"))
st.set_page_config(page_title=say("city", language), layout="wide",
                   initial_sidebar_state="collapsed")
draw_wall(language)
