"""Test that every address and page is tried as every role, and that a wrong one is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboards.views import rights
from infra import doors
from schemas import registry
from schemas.declare import Family, ResultTable
from streams.staff import Role, ensure_first, list_staff
from streams.tokens import list_tokens
from tests.components import running


def test_every_family_and_result_is_read_where_it_is_public_and_nowhere_else() -> None:
    found = {one.path: one.without for one in doors.list_doors() if one.server == "feed"}
    everything: list[Family | ResultTable] = [
        *registry.families().values(), *registry.results().values()]
    for declared in everything:
        paths = [path for path in found if path.startswith(f"/v1/{declared.name}.")]
        assert paths, declared.name
        assert all((404 in found[path]) != declared.public for path in paths)


def test_the_intake_takes_events_from_their_publisher_only() -> None:
    posts = {one.path.rpartition("/")[2]: one.within for one in doors.list_doors()
             if one.server == "intake" and one.method == "POST"}
    assert posts.keys() == registry.families().keys()
    assert posts[doors.OWN] == (200,) and posts["hotline-call"] == (403,)


@pytest.fixture(scope="module")
def city(kafka: str, clickhouse: tuple[str, int]) -> Iterator[None]:
    """Run all that serves over HTTP, but Flink."""
    with running("registrar"), running("feed"), running("intake"), running("wall"):
        ensure_first()
        with running("console"):
            yield


@pytest.mark.live
@pytest.mark.timeout(900)
def test_doors_open_to_whom_they_should_and_leave_nothing_behind(city: None) -> None:
    before = list_staff().keys(), [one.id for one in list_tokens()]
    cells = list(doors.door_cells())
    assert [one for one in cells if one.differs] == []
    assert {one.who.split()[0] for one in cells if one.found} == {
        "feed", "intake", "wall", "console"}
    tried = {one.who for one in cells}
    assert {f"{server} with a session, {role.value}" for role in Role
            for server in ("feed", "intake", "wall", "console")} <= tried
    assert (list_staff().keys(), [one.id for one in list_tokens()]) == before


@pytest.mark.live
@pytest.mark.timeout(900)
def test_each_role_sees_its_pages_of_the_running_console(
        city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = list(doors.page_cells())
    pages = {name for group in rights.list_pages().values() for name in group}
    assert len(cells) == len(Role) * len(pages)
    assert [one for one in cells if one.differs or not one.found] == []
    # the running console does not know of this right, which so is found wrong
    monkeypatch.setitem(rights.GROUPS["group.work"], "cases", rights.ALL)
    wrong = [(one.who, one.what) for one in doors.page_cells() if one.differs]
    assert wrong == [("viewer", "console /cases"), ("auditor", "console /cases")]


def test_a_console_that_does_not_run_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "address", lambda _: "http://127.0.0.1:1")
    cells = list(doors.page_cells())
    assert cells and {one.found for one in cells} == {""}
