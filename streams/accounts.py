"""Create Kafka accounts and give each the least rights it needs.

publisher   writes the topics below its own prefix, and nothing else
gate        reads raw topics and registrations; writes what the Flink job gives
sink        reads everything that the store keeps
agents      reads results, events, rules; publishes alerts; declares windows final
ledger      sees offsets of raw topics, reads the tails that the sink has not read yet
feedback    reads clean events, dead letters and the gate's counts; writes reports
intake      writes raw topics for the publishers whose tokens it reads; reads their reports
folder      reads who is registered; sends files by the accounts of their publishers
mqtt        writes raw topics for the publishers whose MQTT topics it reads
vault       reads raw topics and the vault: originals, personal data included
repair      writes raw topics in a publisher's stead: repaired dead letters, which it notes
rebuild     reads what the sink reads, and how far the sink has come
audit       appends audit records and reads none; `anchor` keeps how far each chain has come
auditor     reads audit records and anchors, and writes nothing
"""

from __future__ import annotations

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from schemas.errors import ComponentError
from streams.secrets import get_password

READ, WRITE, DESCRIBE = ACLOperation.READ, ACLOperation.WRITE, ACLOperation.DESCRIBE
TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
ALERTS_ACCOUNT = "city-alerts"

# (operation, kind, name, whether the name is a prefix)
Right = tuple[ACLOperation, ResourceType, str, bool]

OUTPUTS = ("event-", "result-")
SINGLE_OUTPUTS = ("dead-letters", "gate-ledger", "publisher-progress")
VAULT = "vault"
RIGHTS: dict[str, list[Right]] = {
    "gate": [
        (READ, TOPIC, "raw-", True), (READ, TOPIC, "publishers", False),
        (READ, GROUP, "gate", True),
        *((WRITE, TOPIC, name, True) for name in OUTPUTS),
        *((WRITE, TOPIC, name, False) for name in (*SINGLE_OUTPUTS, VAULT))],
    "sink": [
        (READ, GROUP, "sink", True),
        *((READ, TOPIC, name, True) for name in OUTPUTS),
        *((READ, TOPIC, name, False)
          for name in (*SINGLE_OUTPUTS, "window-final", "publishers", "feedback"))],
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
    "feedback": [
        (READ, TOPIC, "event-", True), (READ, TOPIC, "dead-letters", False),
        (READ, TOPIC, "gate-ledger", False), (WRITE, TOPIC, "feedback", False),
        (READ, GROUP, "feedback", True)],
    "intake": [
        (WRITE, TOPIC, "raw-", True), (READ, TOPIC, "publishers", False),
        (READ, TOPIC, "intake-tokens", False), (READ, TOPIC, "feedback", False),
        (READ, GROUP, "intake", True)],
    "folder": [(READ, TOPIC, "publishers", False), (READ, GROUP, "folder", True)],
    "mqtt": [
        (WRITE, TOPIC, "raw-", True), (READ, TOPIC, "publishers", False),
        (READ, GROUP, "mqtt", True)],
    "vault": [(READ, TOPIC, "raw-", True), (READ, TOPIC, VAULT, False),
              (READ, GROUP, "vault", True)],
    "repair": [
        (WRITE, TOPIC, "raw-", True), (READ, TOPIC, "publishers", False),
        (READ, TOPIC, "repaired", False), (WRITE, TOPIC, "repaired", False),
        (READ, GROUP, "repair", True)],
    "rebuild": [
        (DESCRIBE, GROUP, "sink", True), *((READ, TOPIC, name, True) for name in OUTPUTS),
        *((READ, TOPIC, name, False)
          for name in (*SINGLE_OUTPUTS, "window-final", "publishers", "feedback"))],
    "audit": [(WRITE, TOPIC, "audit", False)],
    "anchor": [(WRITE, TOPIC, "audit-heads", False)],
    "auditor": [
        (READ, TOPIC, "audit", False), (READ, TOPIC, "audit-heads", False),
        (READ, GROUP, "auditor", True)],
}


def publisher_rights(account: str, publisher: str) -> list[ACL]:
    """Describe the right of a publisher's account: to write the topics below its own prefix."""
    return describe_rights(account, [(WRITE, TOPIC, f"raw-{publisher}--", True)])


def describe_rights(account: str, rights: list[Right]) -> list[ACL]:
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
    if name not in list_accounts(admin, [name]):
        set_password(admin, name, get_password("kafka", name))


def list_accounts(admin: KafkaAdminClient, names: list[str]) -> set[str]:
    """Tell which of these names are accounts of the broker."""
    found = admin.describe_user_scram_credentials(names)
    return {name for name, told in found.items() if told.get("credential_infos")}


def set_password(admin: KafkaAdminClient, name: str, password: str) -> None:
    """Create a SCRAM account, or change its password."""
    _alter(admin, UserScramCredentialUpsertion(name, ScramMechanism.SCRAM_SHA_256, password))


def delete_account(admin: KafkaAdminClient, name: str) -> None:
    """Delete an account and its rights; what it has open may write no more from then on."""
    admin.delete_acls([ACLFilter(
        f"User:{name}", None, ACLOperation.ANY, ACLPermissionType.ANY,
        ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY))])
    if name in list_accounts(admin, [name]):
        _alter(admin, UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_256))


def _alter(admin: KafkaAdminClient,
           change: UserScramCredentialUpsertion | UserScramCredentialDeletion) -> None:
    """Change an account, and raise ComponentError where the broker does not."""
    refused = admin.alter_user_scram_credentials([change]).get(change.user)
    if refused is not None:
        raise ComponentError(f"Kafka did not change account {change.user!r}: {refused}")


def ensure_rights(admin: KafkaAdminClient, rights: list[ACL]) -> None:
    """Give rights; the broker keeps one of each."""
    admin.create_acls(rights)


def ensure_platform_accounts(admin: KafkaAdminClient) -> None:
    """Create our own accounts and give them their rights."""
    for name, rights in RIGHTS.items():
        ensure_account(admin, name)
        ensure_rights(admin, describe_rights(name, rights))
