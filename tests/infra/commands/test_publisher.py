"""Test how publishers are added, rotated and removed by command, on a real broker."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient

from infra.commands import publisher as module
from infra.commands.publisher import Duration
from schemas import registry
from schemas.errors import ComponentError
from streams.accounts import list_accounts
from streams.broker import client_config, open_admin, open_consumer
from streams.credentials import Credentials, read_credentials
from streams.publisher import Publisher
from streams.publishers import default_registrations, read_registrations, register
from streams.quotas import read_byte_rates
from streams.registrar import ensure_broker
from streams.rotation import finish_due, tokens_of

FAMILY = registry.get_family("parking-occupancy")


@pytest.fixture(scope="module")
def registered(kafka: str) -> str:
    """Give a broker with the platform's accounts, rights and topics; give its address."""
    admin = open_admin()
    ensure_broker(admin, align=False)
    admin.close()
    return kafka


def run(*words: str) -> Result:
    """Run `citybrain publisher` with so many words."""
    return CliRunner().invoke(module.command, list(words))


def told(*words: str) -> Any:
    """Run a command that succeeds; give the JSON that it prints."""
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def add(name: str, *more: str) -> Credentials:
    """Add a publisher of car parks; give the credentials that its owner receives."""
    return read_credentials(told("add", name, "--family", FAMILY.name, *more)["credentials"])


def publish(credentials: Credentials) -> int:
    """Publish one event; give how many were confirmed."""
    with Publisher(credentials) as one:
        one.send(FAMILY.name, FAMILY.example)
    return one.delivered


def rates(*accounts: str) -> dict[str, int]:
    """Read the quotas that the broker holds."""
    admin = open_admin()
    found = read_byte_rates(admin, list(accounts))
    admin.close()
    return found


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("24h", 86_400),
                                               ("7d", 604_800), ("0s", 0)])
def test_a_grace_is_a_length_of_time(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1.5h", "1h30m", "١h"])
def test_what_is_no_length_of_time_is_told(text: str) -> None:
    result = run("rotate", "anybody", "--grace", text)
    assert result.exit_code == 2
    assert "write 30m, 24h or 7d" in result.output


@pytest.mark.live
def test_who_is_added_can_publish_with_the_file_alone(registered: str) -> None:
    result = run("add", "test-lights", "--family", FAMILY.name, "--datum", "gcj02", "--title-en",
                 "Lights", "--title-zh", "信号灯", "--quota-bytes", "500000", "--replay")
    assert result.exit_code == 0, result.output
    assert f"connect to {registered} as test-lights" in result.output
    assert "topic raw-test-lights--parking-occupancy" in result.output
    path = Path(result.output.split("credentials (yours only) ")[1].split("\n")[0])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    credentials = read_credentials(path)
    assert credentials.password not in result.output
    assert credentials.token not in result.output
    assert credentials.bootstrap == registered
    assert publish(credentials) == 1
    assert len(tokens_of("test-lights")) == 1
    assert credentials.token.split("_")[1] == tokens_of("test-lights")[0].id
    (row,) = [one for one in told("list") if one["name"] == "test-lights"]
    assert row.items() >= {
        "title_zh": "信号灯", "families": [FAMILY.name], "datum": "gcj02", "replay": True,
        "quota_bytes": 500_000, "quota_events": 1_000, "credentials": {"test-lights": "in force"},
        "removed_at": ""}.items()


@pytest.mark.live
def test_adding_again_changes_what_is_said_and_hands_out_nothing_new(registered: str) -> None:
    before = add("test-lamps", "--datum", "bd09", "--quota-bytes", "300000")
    after = add("test-lamps", "--family", "hotline-call", "--quota-events", "7")
    assert after == before
    assert rates("test-lamps") == {"test-lamps": 300_000}
    one = read_registrations("gate")["test-lamps"]
    assert (one.datum, one.quota_events, one.families) == (
        "bd09", 7, ["hotline-call", FAMILY.name])
    add("test-lamps", "--quota-bytes", "0")
    assert rates("test-lamps") == {}


@pytest.mark.live
def test_the_password_is_printed_only_where_it_is_asked_for(registered: str) -> None:
    shown = told("add", "test-shown", "--show-password")
    assert shown["password"] == read_credentials(shown["credentials"]).password
    assert "password" not in told("add", "test-shown")


@pytest.mark.live
def test_during_a_rotation_both_work_and_afterwards_the_new_one_only(registered: str) -> None:
    old = add("test-signs", "--quota-bytes", "400000")
    still_open = Publisher(old)
    still_open.send(FAMILY.name, FAMILY.example)
    still_open.flush()
    new = read_credentials(told("rotate", "test-signs")["credentials"])
    assert (old.account, new.account) == ("test-signs", "test-signs--2")
    assert new.token != old.token
    assert publish(old) == publish(new) == 1
    assert rates("test-signs", "test-signs--2") == {"test-signs": 400_000, "test-signs--2": 400_000}
    (row,) = [one for one in told("list") if one["name"] == "test-signs"]
    assert row["credentials"]["test-signs"].startswith("ends 20")
    assert row["credentials"]["test-signs--2"] == "in force"
    again = run("rotate", "test-signs")
    assert again.exit_code == 1
    assert "--finish" in again.output
    assert told("rotate", "test-signs", "--finish")["ended"] == ["test-signs"]
    with pytest.raises(ComponentError, match="does not let account 'test-signs' in"):
        Publisher(old)
    still_open.send(FAMILY.name, FAMILY.example)
    with pytest.raises(ComponentError, match="parking-occupancy: forbidden"):
        still_open.close()
    assert publish(new) == 1
    assert [token.id for token in tokens_of("test-signs")] == [new.token.split("_")[1]]
    assert rates("test-signs", "test-signs--2") == {"test-signs--2": 400_000}
    third = read_credentials(told("rotate", "test-signs", "--grace", "1h")["credentials"])
    assert (third.account, third.password != old.password) == ("test-signs", True)
    assert publish(third) == publish(new) == 1


@pytest.mark.live
def test_the_registrar_ends_what_is_over_and_nothing_else(registered: str) -> None:
    add("test-due"), add("test-undue")
    told("rotate", "test-due", "--grace", "0s")
    told("rotate", "test-undue")
    time.sleep(0.01)
    known = {name: one for name, one in read_registrations("admin").items() if "due" in name}
    assert finish_due(known) == ["test-due"]
    assert finish_due(read_registrations("admin")) == []
    assert [one.name for one in read_registrations("admin")["test-due"].logins] == ["test-due--2"]
    assert len(read_registrations("admin")["test-undue"].logins) == 2
    assert run("rotate", "test-due", "--finish").output == (
        "test-due: ended nothing, no rotation is under way\n")


@pytest.mark.live
def test_who_is_removed_can_publish_no_more_and_what_it_sent_stays(registered: str) -> None:
    credentials = add("test-gone")
    assert publish(credentials) == 1
    result = run("remove", "test-gone")
    assert result.exit_code == 0, result.output
    assert f"empty after {FAMILY.lifetime.raw_hours} h" in result.output
    with pytest.raises(ComponentError, match="does not let account 'test-gone' in"):
        Publisher(credentials)
    assert "raw-test-gone--parking-occupancy" in AdminClient(
        client_config("admin")).list_topics(timeout=10).topics
    assert (tokens_of("test-gone"), rates("test-gone")) == ([], {})
    assert read_registrations("gate")["test-gone"].datum == "wgs84"
    assert run("remove", "test-gone").exit_code == run("rotate", "test-gone").exit_code == 1
    back = add("test-gone")
    assert back.password != credentials.password
    assert publish(back) == 1


@pytest.mark.live
def test_an_owner_that_was_removed_does_not_come_back_by_itself(registered: str) -> None:
    owner = registry.get_family("hotline-call").owner
    assert run("remove", owner).exit_code == 0
    register(*default_registrations(), keep=True)
    assert read_registrations("gate")[owner].removed_at is not None
    accounts = open_admin()
    assert list_accounts(accounts, [owner]) == set()
    accounts.close()
    told("add", owner)
    assert read_registrations("gate")[owner].removed_at is None


@pytest.mark.live
def test_a_publisher_reaches_nothing_of_another(registered: str) -> None:
    one, _ = add("test-mine"), add("test-yours")
    topic = "raw-test-yours--parking-occupancy"
    with pytest.raises(ComponentError, match=f"may not write {topic}"):
        publish(msgspec.structs.replace(one, publisher="test-yours"))
    login: dict[str, Any] = {
        "sasl.username": one.account, "sasl.password": one.password, "log_level": 0}
    admin = AdminClient({**client_config("admin"), **login})
    error = admin.list_topics(topic, timeout=10).topics[topic].error
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert topic not in admin.list_topics(timeout=10).topics
    consumer = open_consumer("test-mine", "test-yours", **login)
    consumer.subscribe([topic])
    codes: set[int] = set()
    until = time.monotonic() + 30.0
    while KafkaError.GROUP_AUTHORIZATION_FAILED not in codes and time.monotonic() < until:
        for message in consumer.consume(10, 0.2):
            refusal = message.error()
            assert refusal is not None, "a publisher read another's record"
            codes.add(refusal.code())
    consumer.close()
    assert KafkaError.GROUP_AUTHORIZATION_FAILED in codes


@pytest.mark.live
def test_what_cannot_be_done_is_one_line(registered: str) -> None:
    for words, line in ((("add", "A_b"), "single hyphens only"),
                        (("add", "test-x", "--family", "ship"), "no event family 'ship'"),
                        (("show", "nobody"), "no publisher 'nobody' is registered; there are: "),
                        (("remove", "nobody"), "no publisher 'nobody' is registered")):
        result = run(*words)
        assert result.exit_code == 1
        assert line in result.output
        assert len(result.output.splitlines()) == 1
    assert "test-x" not in read_registrations("gate")
    add("test-seen")
    assert "parking-occupancy" in run("show", "test-seen").output
