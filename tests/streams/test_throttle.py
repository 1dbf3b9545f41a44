"""Test on a real broker that publishers are slowed down while the disk is full, and let go."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from streams.broker import open_admin
from streams.disk import Guard
from streams.publishers import Registration, read_registrations, register
from streams.quotas import read_byte_rates
from streams.throttle import TRICKLE_BYTES, Throttle

pytestmark = pytest.mark.live
LIMITED, FREE = "test-slow", "test-free"


class Disk(Guard):
    """Be as full as a test wants."""

    full = False

    def is_full(self) -> bool:
        """Tell what the test wants."""
        return self.full


def rates() -> dict[str, int]:
    """Read the byte rates of the two publishers."""
    with closing(open_admin()) as admin:
        return read_byte_rates(admin, [LIMITED, FREE])


@pytest.fixture
def known(registered: str) -> dict[str, Registration]:
    """Give two publishers, one with a quota."""
    register(Registration(LIMITED, families=["grid-case"], quota_bytes=50_000),
             Registration(FREE, families=["grid-case"], quota_bytes=0))
    return {name: one for name, one in read_registrations("admin").items()
            if name in (LIMITED, FREE)}


def test_publishers_are_slowed_down_and_get_back_what_they_had(
        known: dict[str, Registration], tmp_path: Path) -> None:
    disk = Disk(tmp_path, 95)
    throttle = Throttle(disk)
    throttle.follow({})
    throttle.follow(known)
    assert rates() == {LIMITED: 50_000}
    disk.full = True
    throttle.follow(known)
    assert rates() == {LIMITED: TRICKLE_BYTES, FREE: TRICKLE_BYTES}
    # a registrar that was killed meanwhile asks the broker whom it had slowed down
    disk.full = False
    Throttle(disk).follow(known)
    assert rates() == {LIMITED: 50_000}


def test_who_comes_while_the_disk_is_full_is_slowed_down_too(
        known: dict[str, Registration], tmp_path: Path) -> None:
    disk = Disk(tmp_path, 95)
    disk.full, throttle = True, Throttle(disk)
    throttle.follow({LIMITED: known[LIMITED]})
    assert rates() == {LIMITED: TRICKLE_BYTES}
    throttle.follow(known)
    assert rates() == {LIMITED: TRICKLE_BYTES, FREE: TRICKLE_BYTES}
    disk.full = False
    throttle.follow(known)
    assert rates() == {LIMITED: 50_000}
