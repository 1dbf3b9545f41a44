"""Run one worker: `python -m tests.peers.faust_agent`."""

from __future__ import annotations

import faust

from tests.peers.faust_agent.app import build_app

if __name__ == "__main__":
    faust.Worker(build_app(), loglevel="WARNING", quiet=True,
                 redirect_stdouts=False).execute_from_commandline()
