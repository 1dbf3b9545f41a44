"""Hold publishers to a byte rate: the broker slows down an account that sends faster.

kafka-python knows the requests of the protocol (KIP-546) and offers no method for them.
"""

from __future__ import annotations

from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import for_code
from kafka.protocol.admin import AlterClientQuotasRequest, DescribeClientQuotasRequest

KEY = "producer_byte_rate"
_EXACT = 0


def _ask(admin: KafkaAdminClient, request: Any) -> Any:
    """Send a request of the protocol."""
    manager = admin._manager
    return manager.run(manager.send, request)


def set_byte_rate(admin: KafkaAdminClient, account: str, rate: int) -> None:
    """Let an account send `rate` bytes a second; 0 takes its limit away."""
    entry = AlterClientQuotasRequest.EntryData
    answer = _ask(admin, AlterClientQuotasRequest(entries=[entry(
        entity=[entry.EntityData(entity_type="user", entity_name=account)],
        ops=[entry.OpData(key=KEY, value=float(rate), remove=rate == 0)])], validate_only=False))
    for one in answer.entries:
        if one.error_code:
            raise for_code(one.error_code)(one.error_message)


def read_byte_rates(admin: KafkaAdminClient, accounts: list[str]) -> dict[str, int]:
    """Read the limits of accounts, bytes a second; one without limit is left out."""
    component = DescribeClientQuotasRequest.ComponentData
    found: dict[str, int] = {}
    for account in accounts:
        answer = _ask(admin, DescribeClientQuotasRequest(
            components=[component(entity_type="user", match_type=_EXACT, match=account)],
            strict=True))
        if answer.error_code:
            raise for_code(answer.error_code)(answer.error_message)
        for value in (value for one in answer.entries for value in one.values):
            if value.key == KEY:
                found[account] = int(value.value)
    return found
