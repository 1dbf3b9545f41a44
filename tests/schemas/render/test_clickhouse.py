"""Test how declarations become columns of the store."""

from __future__ import annotations

import pytest

from schemas import registry
from schemas.fields import text
from schemas.render.clickhouse import column_type


@pytest.mark.parametrize(("family", "name", "kind"), [
    ("grid-case", "step", "LowCardinality(String)"),
    ("grid-case", "category", "LowCardinality(String)"),
    ("grid-case", "case_id", "String"),
    ("grid-case", "description", "Nullable(String)"),
    ("grid-case", "due_at", "Nullable(DateTime64(3, 'UTC'))"),
])
def test_a_column_fits_what_is_declared(family: str, name: str, kind: str) -> None:
    field = next(one for one in registry.get_family(family).fields if one.name == name)
    assert column_type(field) == kind


def test_an_optional_text_with_known_words_is_kept_as_a_code() -> None:
    field = text("Office", "部门", english={"城管局": "Urban management"}, required=False)
    assert column_type(field) == "LowCardinality(Nullable(String))"
