"""Give tests of the launchers a city of their own that is not up."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.settings import SETTINGS, read_settings
from tests.components import find_free_offset


@pytest.fixture
def own_home() -> Iterator[Path]:
    """Give the home of a city that is down, with a space in its path."""
    home = Path(tempfile.mkdtemp(prefix="own city-"))
    with pytest.MonkeyPatch.context() as patched:
        for one in SETTINGS:
            patched.delenv(one.name, raising=False)
        patched.setenv("CITYBRAIN_HOME", str(home))
        patched.setenv("CITYBRAIN_PORT_OFFSET", str(find_free_offset()))
        read_settings.cache_clear()
        yield home
    read_settings.cache_clear()
    shutil.rmtree(home)
