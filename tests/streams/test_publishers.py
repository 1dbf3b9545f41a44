"""Test how publishing systems are registered, on a real broker."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from schemas import registry
from schemas.errors import ComponentError, DeclarationError
from streams import publishers as module
from streams.broker import open_admin
from streams.publisher import Publisher
from streams.publishers import (
    Account,
    Registration,
    Registrations,
    default_registrations,
    read_registrations,
    register,
)
from streams.registrar import ensure_broker


def test_every_family_has_its_owner_as_publisher() -> None:
    found = {one.name: set(one.families) for one in default_registrations()}
    for name, family in registry.families().items():
        assert name in found[family.owner]
    assert sum(map(len, found.values())) == len(registry.families())


@pytest.mark.parametrize("name", ["", "Bus", "bus_1", "bus--1", "-bus", "bus-", "bus.1", "公交",
                                  "bus 1", "bus\n"])
def test_a_name_that_could_run_into_anothers_prefix_is_refused(name: str) -> None:
    with pytest.raises(ComponentError, match="single hyphens only"):
        module._check(Registration(name))


def test_families_that_do_not_exist_are_refused() -> None:
    with pytest.raises(DeclarationError, match="no event family 'ship'"):
        module._check(Registration("bus", families=["ship"]))


@pytest.mark.live
def test_a_registration_brings_account_right_topic_and_record(registered: str) -> None:
    one = Registration("test-ferry", "Ferry", "轮渡", "gcj02", ["parking-occupancy"])
    register(one)
    assert read_registrations("gate")["test-ferry"] == one
    with Publisher("test-ferry") as publisher:
        publisher.send("parking-occupancy", registry.get_family("parking-occupancy").example)
    assert publisher.delivered == 1


@pytest.mark.live
def test_families_add_up_and_the_rest_is_what_was_said_last(registered: str) -> None:
    register(Registration("test-tram", "Tram", "电车", families=["parking-occupancy"]))
    register(Registration("test-tram", "Trams", "电车", "bd09", ["hotline-call"]))
    assert read_registrations("gate")["test-tram"] == Registration(
        "test-tram", "Trams", "电车", "bd09", ["hotline-call", "parking-occupancy"])


def test_only_families_are_added_to_what_is_to_be_kept() -> None:
    before = Registration("a", "A", "甲", "gcj02", ["x"], replay=True)
    default = Registration("a", "a", "a", families=["y"])
    assert module.merge(default, before, keep=True) == Registration(
        "a", "A", "甲", "gcj02", ["x", "y"], replay=True)
    assert module.merge(default, before, keep=False).datum == "wgs84"
    assert module.merge(default, None, keep=True) == default


@pytest.mark.live
def test_what_an_owner_registered_outlives_the_next_start(registered: str) -> None:
    """A datum forgotten would move every event of the publisher by half a kilometre."""
    family = registry.get_family("parking-occupancy")
    mine = Registration(family.owner, "Parking", "停车", "gcj02", [family.name])
    register(mine)
    admin = open_admin()
    ensure_broker(admin, align=False)
    admin.close()
    kept = read_registrations("gate")[family.owner]
    register(Registration(family.owner, family.owner, family.owner, families=[family.name]))
    assert (kept.datum, kept.title_zh) == ("gcj02", "停车")
    assert family.name in kept.families


def until(what: Callable[[], bool]) -> bool:
    """Wait until something holds, for as long as a loaded machine may need."""
    end = time.monotonic() + 60.0
    while not what() and time.monotonic() < end:
        time.sleep(0.1)
    return what()


@pytest.mark.live
def test_what_is_registered_or_changed_while_running_is_known_within_seconds(
        registered: str) -> None:
    known = Registrations("gate")
    assert known.wait(60.0)
    assert (known.datum("test-metro"), known.may_replay("test-metro")) == ("wgs84", False)
    register(Registration("test-metro", datum="bd09", families=["parking-occupancy"]))
    assert until(lambda: known.datum("test-metro") == "bd09")
    register(Registration("test-metro", datum="gcj02", replay=True))
    assert until(lambda: known.datum("test-metro") == "gcj02")
    assert known.may_replay("test-metro")
    known.close()


@pytest.mark.live
def test_unknown_publishers_are_looked_for_at_once_one_after_another(registered: str) -> None:
    class Deaf(Registrations):
        """Follow nothing."""

        def _run(self) -> None:
            """End at once."""

    known = Deaf("gate")
    assert known.datum("test-nobody") == "wgs84"
    for name in ("test-monorail", "test-funicular"):
        register(Registration(name, datum="bd09", replay=True))
        assert (known.datum(name), known.may_replay(name)) == ("bd09", True)
    known.close()


def test_quotas_and_accounts_outlive_what_says_nothing_of_them() -> None:
    before = Registration("a", quota_bytes=5, quota_events=6, accounts=[Account("a--2")])
    after = module.merge(Registration("a", quota_events=0), before, keep=False)
    assert (after.quota_bytes, after.quota_events, after.accounts) == (5, 0, before.accounts)


def test_one_that_was_removed_has_no_accounts_and_stays_so_until_it_is_added() -> None:
    gone = Registration("a", removed_at=7)
    assert gone.logins == []
    assert module.merge(Registration("a"), gone, keep=True).removed_at == 7
    back = module.merge(Registration("a"), gone, keep=False)
    assert [one.name for one in back.logins] == ["a"]
