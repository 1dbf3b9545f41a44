"""Test that JSON Schema and our decoder agree, and that envelopes are CloudEvents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas import registry
from schemas.declare import Family, Field, Kind
from schemas.errors import Reason
from schemas.render.json_schema import (
    clean_schema,
    envelope_schema,
    example_envelope,
    payload_schema,
    row_schema,
)
from schemas.wire import EARLIEST_MS, LATEST_MS, check
from tests.schemas.mutations import mutations

FAMILIES = registry.own_families()
VALIDATORS = {family.name: Draft202012Validator(payload_schema(family)) for family in FAMILIES}
# what JSON Schema cannot say; the sentences stand in x-rules
BEYOND = {Reason.ABOVE_FIELD, Reason.NULL_ISLAND}


def agree(family: Family, payload: dict[str, Any]) -> bool:
    """Tell whether schema and decoder judge alike, where the schema can judge."""
    refusal = check(family, json.dumps(payload).encode())
    if refusal is not None and refusal.reason in BEYOND:
        return True
    return bool(VALIDATORS[family.name].is_valid(payload)) == (refusal is None)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_schemas_are_schemas_and_accept_the_example(family: Family) -> None:
    for schema in (payload_schema(family), envelope_schema(family), clean_schema(family)):
        Draft202012Validator.check_schema(schema)
    VALIDATORS[family.name].validate(family.example)
    Draft202012Validator(envelope_schema(family)).validate(example_envelope(family))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_schema_and_decoder_refuse_the_same_mutations(family: Family) -> None:
    # years that the store cannot keep are written as any other date: the decoder alone counts them
    different = [label for label, payload, _, _ in mutations(family)
                 if not agree(family, payload) and not label.endswith("year 1")]
    assert different == []


def values(field: Field) -> st.SearchStrategy[Any]:
    """Draw values in, on and beyond the bounds of a field."""
    match field.kind:
        case Kind.TEXT:
            known: st.SearchStrategy[Any] = st.text(max_size=field.max_length + 2)
        case Kind.CODE:
            known = st.sampled_from([value for value, _ in field.values]) | st.text(max_size=5)
        case Kind.FLAG:
            known = st.booleans()
        case Kind.INSTANT:
            known = st.integers(EARLIEST_MS - 2, LATEST_MS + 2)
        case _:
            assert field.ge is not None and field.le is not None
            whole = st.integers(int(field.ge) - 2, int(field.le) + 2)
            known = whole if field.kind is Kind.INTEGER else whole | st.floats(
                field.ge - 1, field.le + 1)
    return known | st.none() | st.text(max_size=3) | st.booleans()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FAMILIES), st.data())
def test_schema_and_decoder_agree_on_generated_payloads(family: Family, data: st.DataObject
                                                        ) -> None:
    payload = dict(family.example)
    for field in data.draw(st.lists(st.sampled_from(family.fields), max_size=3)):
        if data.draw(st.integers(0, 9)) == 0:
            payload.pop(field.name, None)
        else:
            payload[field.name] = data.draw(values(field))
    assert agree(family, payload)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_the_envelope_is_a_cloud_event(family: Family) -> None:
    path = Path(__file__).resolve().parents[4] / "shared/conformance/cloudevents-1.0"
    if not path.exists():
        pytest.skip("the CloudEvents schema is not on this machine")
    judge = Draft202012Validator(json.loads((path / "cloudevents.json").read_text()))
    event = example_envelope(family)
    judge.validate(event)
    assert not judge.is_valid({name: one for name, one in event.items() if name != "id"})


def test_rows_of_results_are_described() -> None:
    for result in registry.own_results():
        schema = row_schema(result)
        Draft202012Validator.check_schema(schema)
        row: dict[str, Any] = dict.fromkeys(schema["required"], 1)
        row |= {f.name: "a" for f in result.keys}
        row["window_seconds"] = result.windows[0]
        Draft202012Validator(schema).validate(row)
        assert not Draft202012Validator(schema).is_valid({**row, "version": None})
