"""Serve the data-hall wall: `streamlit run dashboards/wall.py`.

The application is Streamlit's, with routes of ours for the browser modules and the map's geometry,
so that nothing comes from another machine.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards.map.assets import routes
from dashboards.map.geometry import read_geometry
from streams.tls import check_exposure

check_exposure("the wall")
read_geometry()  # takes seconds: before the first viewer comes, who would wait for it
app = st.App(Path(__file__).parent / "map" / "page.py", routes=routes())
