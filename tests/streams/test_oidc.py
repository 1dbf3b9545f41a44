"""Test what of a configuration of the provider is refused, and when a session ends with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from streams import oidc, secrets, staff
from streams.settings import read_settings
from streams.staff import Role, Staff

ISSUER = "https://id.example"


def pose(monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    """Let the modules read changed settings."""
    settings = replace(read_settings(), **changed)  # type: ignore[arg-type]
    for module in (oidc, staff, secrets):
        monkeypatch.setattr(module, "read_settings", lambda: settings)


@pytest.mark.parametrize(("changed", "told"), [
    ({"oidc_issuer": "http://id.example"}, "OIDC_ISSUER"),
    ({"oidc_issuer": "id.example"}, "OIDC_ISSUER"),
    ({"oidc_issuer": ISSUER, "console_url": "http://console.example"}, "CONSOLE_URL"),
    ({"oidc_issuer": ISSUER, "oidc_roles": "duty=chief"}, "OIDC_ROLES"),
    ({"oidc_issuer": ISSUER, "oidc_roles": "officer"}, "OIDC_ROLES"),
    ({"oidc_issuer": ISSUER, "oidc_secret_file": "/nowhere"}, "SECRET_FILE")])
def test_a_configuration_that_cannot_be_safe_is_named(
        monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], told: str) -> None:
    pose(monkeypatch, **changed)
    with pytest.raises(SettingsError, match=told):
        oidc.check_configuration()


def test_a_secret_that_others_can_read_is_refused(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0o644)
    pose(monkeypatch, oidc_issuer=ISSUER, oidc_secret_file=str(path))
    with pytest.raises(SettingsError, match="open to others"):
        oidc.check_configuration()
    path.chmod(0o600)
    oidc.check_configuration()


def test_without_a_provider_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pose(monkeypatch, oidc_roles="nonsense")
    oidc.check_configuration()
    assert not oidc.is_on()


def test_a_session_ends_with_the_provider_that_vouched_for_it(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pose(monkeypatch, home=tmp_path, oidc_issuer=ISSUER)
    token = staff.start_session(staff.adopt_staff(
        Staff("oidc:1", Role.ADMIN, issuer=ISSUER, shown="Li")))
    assert staff.find_session(token) is not None
    for other in ("", "https://other.example"):
        pose(monkeypatch, home=tmp_path, oidc_issuer=other)
        assert staff.find_session(token) is None
