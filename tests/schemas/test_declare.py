"""Test that a wrong declaration is refused when it is made, with its name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas import registry
from schemas.declare import Event, Result, integer, kebab, measure, text
from schemas.errors import DeclarationError

KEY = {"thing_id": text("Thing", "事物", key=True, example="a")}


def declare(fields: dict[str, Any], *, meaning: str | None = "Say something.",
            **keywords: Any) -> type:
    """Declare an event class at run time."""
    said: dict[str, Any] = {"chinese": "试", "domain": "city", "owner": "city-test",
                            "personal": "none", **keywords}
    return type("Trial", (Event,), {"__doc__": meaning, **fields}, **said)


def number(**more: Any) -> Any:
    """Declare a whole number."""
    return integer("Number", "数", ge=0, le=9, **{"example": 1, **more})


def test_a_family_takes_its_names_from_its_class() -> None:
    family = declare(KEY).family  # type: ignore[attr-defined]
    assert (family.name, family.table, family.topic) == ("trial", "trial", "event-trial")
    assert kebab("VehiclePosition") == "vehicle-position"


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no key": ({"a": number()}, {}, "exactly one field must be the key"),
    "two keys": ({**KEY, "b": text("B", "乙", key=True, example="b")}, {}, "exactly one"),
    "no example": ({**KEY, "a": number(example=None)}, {}, "trial.a: a required field needs"),
    "no personal class": (KEY, {"personal": ""}, "Trial.thing_id: no personal-data class"),
    "public personal data": ({**KEY, "a": text("Name", "名", example="x", public=True,
                                               personal="masked")}, {}, "cannot be public"),
    "too many numbers": ({**KEY, **{f"n{i}": number() for i in range(7)}}, {}, "at most 6 numbers"),
    "too many texts": ({**KEY, **{f"t{i}": text("T", "文", example="x") for i in range(5)}}, {},
                       "5 texts"),
    "no such place": (KEY, {"place": ("longitude", "latitude")}, "fields that do not exist"),
    "no such identity": (KEY, {"latest_by": ("kind",)}, "fields that do not exist"),
    "no such limit": ({**KEY, "a": number(not_above="b")}, {}, "not_above names no field"),
    "a reserved name": ({**KEY, "source": text("Source", "来源", example="x")}, {}, "source are"),
    "no meaning": (KEY, {"meaning": None}, "the docstring must state the meaning"),
}


@pytest.mark.parametrize(("fields", "keywords", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_family_is_refused(fields: dict[str, Any], keywords: dict[str, Any],
                                   message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        declare(fields, **keywords)


def test_fields_that_no_query_needs_take_no_slot() -> None:
    fields = {**KEY, **{f"n{i}": number(stream=False) for i in range(20)}}
    assert declare(fields).family.slots() == {"thing_id": "s0"}  # type: ignore[attr-defined]


def test_a_result_needs_a_key_and_a_measure() -> None:
    for fields in ({"n": measure("N", "数")}, {"area": text("Area", "区划", key=True)}):
        with pytest.raises(DeclarationError, match="needs a key and a measure"):
            type("Tally", (Result,), {"__doc__": "Say something.", **fields},
                 chinese="计", domain="city", inputs=())


def test_a_measure_combines_in_a_known_way() -> None:
    with pytest.raises(DeclarationError, match="combine must be"):
        measure("Mean", "均值", combine="mean")


def test_equal_families_have_equal_hashes_and_their_fields_are_not_asked() -> None:
    family = registry.get_family("vehicle-position")
    same = replace(family)
    assert same == family and hash(same) == hash(family) and {family: 1}[same] == 1
    assert replace(family, version=family.version + 1) != family
    assert hash(replace(family, fields=([],))) == hash(family)  # type: ignore[arg-type]
