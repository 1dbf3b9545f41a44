"""Test that pseudonyms hold for a day and no longer."""

from __future__ import annotations

import pytest

from schemas import registry
from schemas.declare import Personal
from streams.privacy import DAY_MS, Pseudonyms

MIDNIGHT = 1_764_000_000_000 // DAY_MS * DAY_MS - 8 * 3_600_000  # in Jinan


@pytest.fixture
def pseudonyms() -> Pseudonyms:
    """Give pseudonyms under one master key."""
    return Pseudonyms(b"master")


def test_a_pseudonym_is_the_same_within_a_day_and_new_on_the_next(pseudonyms: Pseudonyms) -> None:
    day = Pseudonyms.day(MIDNIGHT)
    assert Pseudonyms.day(MIDNIGHT + DAY_MS - 1) == day == Pseudonyms.day(MIDNIGHT - 1) + 1
    first = pseudonyms.of("vehicle_id", "鲁A12345", day)
    assert pseudonyms.of("vehicle_id", "鲁A12345", day) == first
    assert pseudonyms.of("vehicle_id", "鲁A12345", day + 1) != first


def test_a_pseudonym_tells_nothing_of_the_value(pseudonyms: Pseudonyms) -> None:
    one = pseudonyms.of("vehicle_id", "鲁A12345", 1)
    assert len(one) == 32
    assert set(one) <= set("0123456789abcdef")
    assert Pseudonyms(b"other").of("vehicle_id", "鲁A12345", 1) != one


def test_a_value_is_known_again_however_it_is_spelt(pseudonyms: Pseudonyms) -> None:
    assert pseudonyms.of("v", " 鲁a12345 ", 1) == pseudonyms.of("v", "鲁A12345", 1)


def test_fields_cannot_be_joined_by_their_pseudonyms(pseudonyms: Pseudonyms) -> None:
    assert pseudonyms.of("caller", "x", 1) != pseudonyms.of("driver", "x", 1)
    assert pseudonyms.of("a", "b\x1fc", 1) != pseudonyms.of("a\x1fb", "c", 2)


def test_a_case_narrows_a_pseudonym_and_cannot_be_mistaken_for_a_field(
        pseudonyms: Pseudonyms) -> None:
    of = pseudonyms.of
    assert of("phone", "x", 1, "c1") == of("phone", " X", 1, "c1")
    assert len({of("phone", "x", 1), of("phone", "x", 1, "c1"), of("phone", "x", 1, "c2"),
                of("phone", "x", 2, "c1"), of("phonec1", "x", 1), of("phone", "c1x", 1)}) == 6


def test_each_day_has_the_key_that_is_given_for_it() -> None:
    asked: list[int] = []

    def key(day: int) -> bytes:
        """Give a key of a day."""
        asked.append(day)
        return bytes([day])

    own = Pseudonyms(key)
    first, second = (own.of("vehicle_id", "鲁A12345", day) for day in (1, 2))
    assert first != second
    assert own.of("vehicle_id", "鲁A54321", 1) != first
    assert asked == [1, 2]


def test_only_texts_are_pseudonymised_or_masked() -> None:
    for family in registry.families().values():
        for field in family.fields:
            if field.personal in (Personal.PSEUDONYM, Personal.CASE_PSEUDONYM, Personal.MASKED):
                assert not field.numeric, (family.name, field.name)
