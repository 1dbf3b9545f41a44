"""Test that the registrar ends what a rotation left; the rest is tested by the commands."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from schemas.errors import ComponentError
from streams.credentials import read_credentials
from streams.publisher import Publisher
from streams.publishers import Registration, read_registrations, register
from streams.rotation import find_publisher, hand_out, rotate
from streams.store import Store
from streams.tokens import issue
from tests.components import running

pytestmark = pytest.mark.live


def until(what: Callable[[], bool]) -> bool:
    """Wait until something holds, for as long as a loaded machine may need."""
    end = time.monotonic() + 90.0
    while not what() and time.monotonic() < end:
        time.sleep(0.2)
    return what()


def logins(name: str) -> list[str]:
    """List the accounts of a publisher."""
    return [one.name for one in read_registrations("admin")[name].logins]


def test_the_registrar_deletes_old_credentials_when_their_grace_is_over(
        registered: str, migrator: Store) -> None:
    register(Registration("test-ends", families=["parking-occupancy"]))
    old = read_credentials(hand_out(find_publisher("test-ends"), issue("test-ends")))
    register(Registration("test-stays", families=["parking-occupancy"]))
    with running("registrar"):
        _, path = rotate("test-ends", 1.0)
        rotate("test-stays", 3600.0)
        assert until(lambda: logins("test-ends") == ["test-ends--2"])
    assert logins("test-stays") == ["test-stays", "test-stays--2"]
    with pytest.raises(ComponentError, match="does not let account 'test-ends' in"):
        Publisher(old)
    Publisher(read_credentials(path)).close()
