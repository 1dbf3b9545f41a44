"""Test that the drill with bad input draws the same from a seed, and tells what fared otherwise."""

from __future__ import annotations

from collections import Counter

import pytest

from infra.drills.bad_input import BAD_EVERY, FAMILIES, Item, choose_bad, compare, draw, tell
from infra.drills.doors import Noted
from infra.drills.kinds import COPY, GOOD, KINDS, Door, Fate
from infra.drills.progress import BadInput, KindCount, find, forget, keep
from infra.drills.trace import Trace

NOW = 1_764_000_000_000
PLACE, OTHER = ("raw-drill-bad-input--vehicle-position", 0, 7), ("raw-x--vehicle-position", 1, 8)
BAD = next(one for one in KINDS if one.name == "truncated-json")


def items(seed: int = 1, first: int = 0, size: int = 4_000) -> list[Item]:
    """Draw records at a time that stands still."""
    return list(draw(seed, first, size, "m", lambda: NOW))


def bytes_of(drawn: list[Item]) -> list[tuple[Door, bytes | None, bytes | None]]:
    """Give what would be sent."""
    return [(one.door, one.record.body, one.record.key) for one in drawn]


def test_a_seed_decides_all_and_so_does_the_place_to_resume() -> None:
    assert bytes_of(items()) == bytes_of(items()) != bytes_of(items(seed=2))
    # a batch is drawn alike whether or not the ones before it were
    assert bytes_of(items(first=2_000, size=50)) == bytes_of(items(first=2_000, size=50))


def test_one_in_twenty_is_bad_and_every_kind_comes_by_each_of_its_doors() -> None:
    drawn = items()
    assert sum(one.kind is not None for one in drawn) == 4_000 // BAD_EVERY
    assert {one.record.family for one in drawn} == set(FAMILIES)
    chosen = Counter(choose_bad(i) for i in range(len(KINDS) * 6))
    assert set(chosen) == {(kind, door) for kind in KINDS for door in kind.doors}


def noted(kind: object, place: tuple[str, int, int] = PLACE) -> Noted:
    """Note one record that went by Kafka."""
    made = Noted()
    made.at[place] = kind if kind is None else BAD
    return made


@pytest.mark.parametrize(("kind", "found"), [
    (None, Fate("not-json", "$")), (None, COPY), ("bad", GOOD), ("bad", Fate("not-json", "speed")),
    ("bad", COPY)])
def test_a_record_that_fared_otherwise_is_told(kind: object, found: Fate) -> None:
    one = noted(kind)
    compare(one, Trace() if found == COPY else Trace(fates={PLACE: found}))
    assert len(one.wrong) == 1


@pytest.mark.parametrize(("kind", "found"), [(None, GOOD), ("bad", Fate("not-json", "$"))])
def test_a_record_that_fared_as_declared_is_counted(kind: object, found: Fate) -> None:
    one = noted(kind)
    compare(one, Trace(fates={PLACE: found}))
    assert one.wrong == [] and one.fared["" if kind is None else BAD.name] == 1


def test_strangers_copies_and_what_is_lost_over_http_are_told() -> None:
    one = noted(None)
    one.by_id["vehicle-position", "lost"] = None
    compare(one, Trace(fates={PLACE: GOOD, OTHER: GOOD}, duplicates=1, in_flight=2))
    assert [what.split(":")[0] for what in one.wrong] == [
        "", "nobody sent what is accepted at ('raw-x--vehicle-position', 1, 8)", "all duplicates",
        "nothing in flight"]


def test_a_state_is_kept_found_and_judged() -> None:
    state = BadInput(1, 40, NOW, kinds={"x": KindCount(2, 2)})
    keep("test", state)
    assert find("test", BadInput) == state and state.is_clean and tell(state)["bad_found"] == 2
    forget("test")
    assert find("test", BadInput) is None
    state.kinds["x"].found = 1
    assert not state.is_clean
    for more in (BadInput(1, 1, 0, residual=1), BadInput(1, 1, 0, crashes=["sink"]),
                 BadInput(1, 1, 0, failures=["x"]), BadInput(1, 1, 0, good=KindCount(1, 0))):
        assert not more.is_clean
