"""Test accounts of staff: who may sign in, and when a session ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from itsdangerous import TimestampSigner

from streams import secrets, staff
from streams.settings import read_settings
from streams.staff import Role, StaffError

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a state directory of its own, of the city 3701."""
    settings = replace(read_settings(), home=tmp_path, city="3701")
    for module in (secrets, staff):
        monkeypatch.setattr(module, "read_settings", lambda: settings)
    return tmp_path


def test_only_the_right_password_opens(home: Path) -> None:
    staff.add_staff("li", PASSWORD, Role.OFFICER, "370102")
    found = staff.check_password("li", PASSWORD)
    assert found is not None
    assert (found.role, found.area) == (Role.OFFICER, "370102")
    assert staff.check_password("li", PASSWORD + " ") is None
    assert staff.check_password("nobody", PASSWORD) is None
    text = (home / "secrets" / "staff.json").read_text()
    assert PASSWORD not in text and "$argon2id$" in text
    assert (home / "secrets" / "staff.json").stat().st_mode & 0o777 == 0o600


def test_the_first_account_is_made_once_with_a_password_of_its_own() -> None:
    staff.ensure_first()
    staff.ensure_first()
    assert list(staff.list_staff()) == ["admin"]
    assert staff.check_password("admin", secrets.get_password("console", "admin")) is not None
    staff.add_staff("li", PASSWORD, Role.ADMIN)
    staff.remove_staff("admin")
    staff.ensure_first()
    assert list(staff.list_staff()) == ["li"]


@pytest.mark.parametrize(("name", "password", "area", "told"), [
    ("Li Na", PASSWORD, "", "name 'Li Na'"), ("li", "short", "", "at least 12"),
    ("li", PASSWORD, "3702", "area '3702'"), ("li", PASSWORD, "370", "area '370'"),
    ("li", PASSWORD, "370102001001", "area '370102001001'"), ("../li", PASSWORD, "", "name")])
def test_a_bad_account_is_refused_with_the_reason(
        name: str, password: str, area: str, told: str) -> None:
    with pytest.raises(StaffError, match=told):
        staff.add_staff(name, password, Role.VIEWER, area)
    assert staff.list_staff() == {}


def test_a_name_is_given_once() -> None:
    staff.add_staff("li", PASSWORD, Role.VIEWER)
    with pytest.raises(StaffError, match="already"):
        staff.add_staff("li", PASSWORD, Role.ADMIN)
    with pytest.raises(StaffError, match="no account 'wang'; there are: li"):
        staff.remove_staff("wang")


@pytest.mark.parametrize("change", [
    {}, {"password": PASSWORD + "!"}, {"role": Role.ADMIN}, {"area": "370102"}])
def test_any_change_ends_the_sessions_before_it(change: dict[str, object]) -> None:
    token = staff.start_session(staff.add_staff("li", PASSWORD, Role.VIEWER))
    assert staff.find_session(token) is not None
    staff.change_staff("li", **change)  # type: ignore[arg-type]
    assert staff.find_session(token) is None


def test_a_session_ends_with_its_age_and_its_account(monkeypatch: pytest.MonkeyPatch) -> None:
    one = staff.add_staff("li", PASSWORD, Role.VIEWER)
    token = staff.start_session(one)
    later = TimestampSigner("x").get_timestamp() + staff.SESSION_SECONDS + 1
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _: later)
        assert staff.find_session(token) is None
    assert staff.find_session(token) is not None
    staff.remove_staff("li")
    assert staff.find_session(token) is None


@pytest.mark.parametrize("token", ["", "x", "WyJsaSIsICIiXQ.x.y", "\ud800", "a" * 100_000])
def test_what_was_not_signed_here_is_no_session(token: str) -> None:
    assert staff.find_session(token) is None


def test_a_changed_token_is_no_session() -> None:
    token = staff.start_session(staff.add_staff("li", PASSWORD, Role.VIEWER))
    middle = len(token) // 2
    other = "A" if token[middle] != "A" else "B"
    assert staff.find_session(token[:middle] + other + token[middle + 1:]) is None


def test_the_store_account_follows_from_role_and_area() -> None:
    made = [staff.Staff("a", Role.ADMIN), staff.Staff("b", Role.OFFICER, "370102"),
            staff.Staff("c", Role.VIEWER), staff.Staff("d", Role.VIEWER, "3701")]
    assert [staff.account_of(one) for one in made] == [
        "reader", "staff_370102", "viewer", "viewer_3701"]
