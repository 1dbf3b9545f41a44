"""Serve the data-hall wall: `streamlit run dashboards/wall.py`.

The application is Streamlit's, with routes of ours for the browser modules, the vendored deck.gl
and the map's geometry, so that nothing comes from another machine.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards.map.assets import routes
from streams.tls import check_exposure

check_exposure("the wall")
app = st.App(Path(__file__).parent / "map" / "page.py", routes=routes())
