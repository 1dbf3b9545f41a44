"""Give tests of commands an audit trail in memory."""

from __future__ import annotations

from typing import Any

import pytest

from infra import audit

Record = tuple[str, str, dict[str, Any], bool]


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """Give what commands record, in place of the topic: action, subject, detail, success."""
    records: list[Record] = []

    def append(writer: str, action: str, subject: str, user: str, detail: dict[str, Any],
               success: bool) -> None:
        assert (writer, user) == (audit.WRITER, audit.user())
        records.append((action, subject, detail, success))

    monkeypatch.setattr(audit, "append", append)
    return records
