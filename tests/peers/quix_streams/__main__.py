"""Run one process: `python -m tests.peers.quix_streams`."""

from __future__ import annotations

from tests.peers.quix_streams.flow import build_app

if __name__ == "__main__":
    build_app().run()
