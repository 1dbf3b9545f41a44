"""Create Kafka accounts and give each the least rights it needs.

publisher   writes the topics below its own prefix, and nothing else
gate        reads raw topics and registrations; writes what the Flink job gives
sink        reads everything that the store keeps
agents      reads results, events, rules; publishes alerts; declares windows final
ledger      sees offsets of raw topics, reads the tails that the sink has not read yet
intake      writes raw topics for the publishers whose tokens it reads
"""

from __future__ import annotations

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from streams.secrets import get_password

READ, WRITE, DESCRIBE = ACLOperation.READ, ACLOperation.WRITE, ACLOperation.DESCRIBE
TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
ALERTS_ACCOUNT = "city-alerts"

# (operation, kind, name, whether the name is a prefix)
Right = tuple[ACLOperation, ResourceType, str, bool]

OUTPUTS = ("event-", "result-")
SINGLE_OUTPUTS = ("dead-letters", "gate-ledger", "publisher-progress")
RIGHTS: dict[str, list[Right]] = {
    "gate": [
        (READ, TOPIC, "raw-", True), (READ, TOPIC, "publishers", False),
        (READ, GROUP, "gate", True),
        *((WRITE, TOPIC, name, True) for name in OUTPUTS),
        *((WRITE, TOPIC, name, False) for name in SINGLE_OUTPUTS)],
    "sink": [
        (READ, GROUP, "sink", True),
        *((READ, TOPIC, name, True) for name in OUTPUTS),
        *((READ, TOPIC, name, False) for name in (*SINGLE_OUTPUTS, "window-final"))],
    "agents": [
        (READ, GROUP, "agents", True), *((READ, TOPIC, name, True) for name in OUTPUTS),
        (READ, TOPIC, "rules", False), (WRITE, TOPIC, "rules", False),
        (READ, TOPIC, "publisher-progress", False),
        (READ, TOPIC, "window-final", False), (WRITE, TOPIC, "window-final", False),
        (ACLOperation.ALL, TOPIC, "agents-", True)],
    "ledger": [
        (DESCRIBE, TOPIC, "raw-", True), (READ, GROUP, "ledger", True),
        (DESCRIBE, GROUP, "sink", True), (READ, TOPIC, "event-", True),
        (READ, TOPIC, "dead-letters", False)],
    "intake": [
        (WRITE, TOPIC, "raw-", True), (READ, TOPIC, "publishers", False),
        (READ, TOPIC, "intake-tokens", False), (READ, GROUP, "intake", True)],
}


def publisher_rights(name: str) -> list[ACL]:
    """Describe a publisher's right: to write the topics below its own prefix."""
    return _rights(name, [(WRITE, TOPIC, f"raw-{name}--", True)])


def _rights(account: str, rights: list[Right]) -> list[ACL]:
    """Describe rights of an account as the broker's ACLs."""
    return [ACL(
        principal=f"User:{account}", host="*", operation=operation,
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(
            kind, name,
            ACLResourcePatternType.PREFIXED if prefix else ACLResourcePatternType.LITERAL))
        for operation, kind, name, prefix in rights]


def ensure_account(admin: KafkaAdminClient, name: str) -> None:
    """Create a SCRAM account with its generated password, unless it exists."""
    known = admin.describe_user_scram_credentials([name]).get(name, {})
    if not known.get("credential_infos"):
        admin.alter_user_scram_credentials([UserScramCredentialUpsertion(
            name, ScramMechanism.SCRAM_SHA_256, get_password("kafka", name))])


def ensure_rights(admin: KafkaAdminClient, rights: list[ACL]) -> None:
    """Give rights; the broker keeps one of each."""
    admin.create_acls(rights)


def ensure_platform_accounts(admin: KafkaAdminClient) -> None:
    """Create our own accounts and give them their rights."""
    for name, rights in RIGHTS.items():
        ensure_account(admin, name)
        ensure_rights(admin, _rights(name, rights))
