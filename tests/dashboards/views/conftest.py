"""Sign in one who looks at the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboards.views import session
from streams.staff import Role, add_staff, remove_staff, start_session


@pytest.fixture(autouse=True)
def signed_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sign in one who reads for the whole city; only the cookie is not a browser's."""
    staff = add_staff("test-reader", "long enough to be taken", Role.OPERATOR)
    monkeypatch.setattr(session, "read_token", lambda: start_session(staff))
    yield
    remove_staff(staff.name)
