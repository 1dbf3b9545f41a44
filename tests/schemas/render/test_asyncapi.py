"""Test that the AsyncAPI document names every topic and refers to nothing missing."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from schemas import registry
from schemas.render.asyncapi import SYSTEM_TOPICS, document

DOCUMENT = document(registry.own_families(), registry.own_results())


def test_every_topic_has_a_channel_and_an_operation() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert addresses == (
        {f"raw-{{publisher}}--{one.name}" for one in registry.own_families()}
        | {one.topic for one in registry.own_families()}
        | {one.topic for one in registry.own_results()} | set(SYSTEM_TOPICS))
    referred = {one["channel"]["$ref"] for one in DOCUMENT["operations"].values()}
    assert referred == {f"#/channels/{name}" for name in DOCUMENT["channels"]}
    assert {one["action"] for one in DOCUMENT["operations"].values()} == {"send", "receive"}


def test_messages_carry_schemas_and_valid_examples() -> None:
    for channel in DOCUMENT["channels"].values():
        assert set(channel.get("parameters", {})) == (
            {"publisher"} if "{publisher}" in channel["address"] else set())
        for message in channel["messages"].values():
            examples: list[Any] = message.get("examples", [])
            for part in ("payload", "headers"):
                Draft202012Validator.check_schema(message.get(part, {}))
                for example in examples:
                    Draft202012Validator(message[part]).validate(example[part])


def test_topic_names_have_no_dots() -> None:
    assert not [one for one in DOCUMENT["channels"] if "." in one]
