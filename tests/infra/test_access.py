"""Test that what is allowed is what is declared, and that the page of rights says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import ACLOperation, ResourceType

from infra import access
from streams.accounts import RIGHTS
from tests.components import running

PAGE = Path(access.__file__).with_name("access.md")


def test_the_page_is_what_is_declared() -> None:
    assert PAGE.read_text() == access.document(), "run python -m infra.access > infra/access.md"


def test_rights_on_a_prefix_are_not_rights_on_its_neighbours() -> None:
    own = [(ACLOperation.WRITE, ResourceType.TOPIC, "raw-a--", True)]
    assert access.declared(own, "raw-a--x") == "w"
    assert access.declared(own, "raw-ab--x") == access.declared(own, "raw-*") == "."


def test_the_vault_is_written_by_the_gate_and_read_by_its_own_account_only() -> None:
    found = {account: access.declared(rights, "vault") for account, rights in RIGHTS.items()}
    assert {account: right for account, right in found.items() if right != "."} == {
        "gate": "w", "vault": "r"}


@pytest.fixture(scope="module")
def city(kafka: str, clickhouse: tuple[str, int]) -> Iterator[None]:
    """Run broker and store."""
    with running("registrar"):
        yield


@pytest.mark.live
@pytest.mark.timeout(600)
def test_the_broker_allows_what_is_declared(city: None) -> None:
    cells = list(access.kafka_cells())
    assert len(cells) > len(RIGHTS) * 20
    assert [one for one in cells if one.differs or not one.found] == []


@pytest.mark.live
@pytest.mark.timeout(600)
def test_the_store_allows_what_is_declared(city: None) -> None:
    assert [one for one in access.store_cells() if one.differs or not one.found] == []


@pytest.mark.live
@pytest.mark.timeout(600)
def test_a_right_that_nobody_declared_is_found(
        city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIGHTS, "vault", [])
    wrong = {one.what for one in access.kafka_cells() if one.differs}
    assert "vault" in wrong
