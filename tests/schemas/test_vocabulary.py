"""Test that what the living city says in Chinese has English words."""

from __future__ import annotations

import json

from schemas import registry, vocabulary
from schemas.wire import check
from streams.city import cases, hotline, services


def known(family: str, field: str) -> set[str]:
    """Give the values of a text field that have words in both languages."""
    declared = registry.get_family(family)
    return {value for one in declared.fields if one.name == field for value, _ in one.values}


def test_every_case_of_the_living_city_has_english_words() -> None:
    kinds = [*cases.KINDS, *cases.INCIDENT_KINDS.values()]
    assert {kind[0] for kind in kinds} <= known("grid-case", "category")
    assert {kind[1] for kind in kinds} <= known("grid-case", "department")


def test_every_call_and_item_of_the_living_city_has_english_words() -> None:
    topics = [*hotline.TOPICS, *hotline.INCIDENT_TOPICS.values()]
    assert {topic[0] for topic in topics} <= known("hotline-call", "topic")
    assert {topic[1] for topic in topics} <= known("hotline-call", "department")
    assert {matter[0] for matter in services.MATTERS} <= known("service-item", "matter")


def test_a_class_and_its_kind_stay_apart_in_both_languages() -> None:
    assert all(chinese.count("/") == english.count("/") == 1
               for chinese, english in vocabulary.CASE_CATEGORIES.items())


def test_a_text_without_english_words_is_still_accepted() -> None:
    family = registry.get_family("grid-case")
    body = json.dumps({**family.example, "category": "特殊/没有译名", "id": "1"}).encode()
    assert check(family, body) is None
