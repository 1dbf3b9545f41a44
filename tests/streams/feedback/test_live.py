"""Test on a real broker that what the gate writes becomes a report in the topic and at the intake.

The records are judged by the gate itself and written by its account, as the Flink job does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from infra.commands import publisher as commands
from schemas import registry
from streams.broker import open_producer
from streams.feedback.__main__ import run
from streams.feedback.report import TOPIC, Report
from streams.feedback.reports import Reports
from streams.gate import Gate, Verdict
from streams.intake.door import Door
from streams.intake.limits import Limits
from streams.intake.sender import Sender
from streams.kept import read_kept
from streams.privacy import Pseudonyms
from streams.publishers import Registration, Registrations, register
from streams.record import Record
from streams.tokens import Tokens, issue
from tests.streams.feedback.streams import ledger
from tests.streams.intake.conftest import served

pytestmark = pytest.mark.live
FAMILY = registry.get_family("parking-occupancy")
NAME, OTHER = "test-told", "test-untold"
PATIENCE_SECONDS = 60.0


def until(true: Callable[[], bool]) -> bool:
    """Wait until something is true; tell whether it became so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def now() -> int:
    """Give the time as epoch ms."""
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def publishers(registered: str) -> None:
    """Register two publishers."""
    register(*(Registration(name, families=[FAMILY.name, "traffic-flow"])
               for name in (NAME, OTHER)))


@pytest.fixture(scope="module")
def running(publishers: None) -> Iterator[None]:
    """Run the process that reports."""
    ended = Event()
    thread = Thread(target=run, args=(ended,))
    thread.start()
    yield
    ended.set()
    thread.join()


class Road:
    """Judge records by the gate and write what it gives, as its account."""

    def __init__(self) -> None:
        """Open a gate without areas, and the producer."""
        self._gate = Gate(
            locate=lambda longitude, _: ["370102"] * len(longitude),
            to_wgs84=lambda _, longitude, latitude: (longitude, latitude),
            datum_of=lambda _: "wgs84", may_replay=lambda _: False,
            pseudonyms=Pseudonyms(b"k" * 32), clock=now)
        self._producer = open_producer("gate")
        self._offsets: dict[str, int] = {}

    def send(self, publisher: str, payloads: list[dict[str, Any]]) -> None:
        """Judge payloads of one publisher; write events, dead letters and counts."""
        topic = f"raw-{publisher}--{FAMILY.name}"
        first = self._offsets.get(topic, 0)
        self._offsets[topic] = first + len(payloads)
        records = [Record(topic, 0, first + i, now(), json.dumps(one).encode())
                   for i, one in enumerate(payloads)]
        counts = dict.fromkeys(Verdict, 0)
        for judged in self._gate.judge(records):
            counts[judged.verdict] += 1
            if judged.body:
                good = judged.verdict is Verdict.ACCEPTED
                self._producer.produce(FAMILY.topic if good else "dead-letters", judged.body)
        row = ledger(publisher, FAMILY.name, records[0].received_at, self._offsets[topic],
                     accepted=counts[Verdict.ACCEPTED], refused=counts[Verdict.REFUSED],
                     late=counts[Verdict.LATE], duplicates=counts[Verdict.DUPLICATE])
        self._producer.produce("gate-ledger", json.dumps(row).encode(), topic.encode())
        assert self._producer.flush(30) == 0


@pytest.fixture(scope="module")
def sent(publishers: None) -> None:
    """Send what has faults, and another's that has none."""
    road = Road()
    good = [{**FAMILY.example, "car_park_id": f"p{i}", "id": f"e{i}", "observed_at": now() - 400}
            for i in range(30)]
    bad = [{**FAMILY.example, "capacity": -i, "observed_at": now()} for i in range(1, 9)]
    ahead = [{**FAMILY.example, "id": f"a{i}", "observed_at": now() + 20_000} for i in range(5)]
    late = [{**FAMILY.example, "observed_at": now() // 1000}]
    road.send(NAME, [*good, *bad, *ahead, *late, *good])
    road.send(OTHER, [one | {"id": f"o{one['id']}"} for one in good])


@pytest.fixture(scope="module")
def client(running: None, sent: None) -> Iterator[httpx.Client]:
    """Give a client of a real intake that follows the reports."""
    tokens, known = Tokens("intake"), Registrations("intake")
    sender, reports = Sender("intake", lambda: None), Reports("intake")
    token = issue(NAME)
    assert until(lambda: tokens.find(token) == NAME and NAME in known.known())
    with served(Door(tokens, known, sender, Limits(0.0), events_rate=0.0), reports) as (client, _):
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
    sender.close()
    for one in (tokens, known, reports):
        one.close()


def told(client: httpx.Client) -> dict[str, Any]:
    """Give what the endpoint answers about the family, nothing before there is a report."""
    answer = client.get("/v1/feedback")
    if answer.status_code != 200:
        return {}
    body = answer.json()
    assert body["publisher"] == NAME
    assert {one["publisher"] for one in body["reports"]} <= {NAME}
    found: dict[str, Any] = next(
        (one for one in body["reports"] if one["family"] == FAMILY.name), {})
    return found


def test_a_publisher_is_told_what_became_of_its_events(client: httpx.Client) -> None:
    assert until(lambda: told(client).get("hour", {}).get("received") == 74)
    assert until(lambda: told(client)["hour"]["delay"] is not None)
    assert until(lambda: sum(one["hour"] for one in told(client)["refused"]) == 9)
    report = told(client)
    hour = report["hour"]
    assert {name: hour[name] for name in ("accepted", "refused", "late", "duplicates")} == {
        "accepted": 35, "refused": 8, "late": 1, "duplicates": 30}
    [low] = [one for one in report["refused"] if one["field"] == "capacity"]
    assert (low["reason"], low["hour"], len(low["samples"])) == ("below-minimum", 8, 5)
    assert low["samples"][0]["value"] == "-8"
    assert low["samples"][0]["raw_topic"] == f"raw-{NAME}--{FAMILY.name}"
    assert low["samples"][0]["raw_offset"] == 37
    found = {one["code"]: one for one in report["findings"]}
    assert set(found) == {"refused", "late", "duplicates", "clock-ahead", "time-unit"}
    assert found["clock-ahead"]["count"] == 5
    assert hour["delay"]["min"] < -15_000


def test_the_topic_holds_a_report_for_each_publisher_and_family(client: httpx.Client) -> None:
    import msgspec
    assert until(lambda: told(client) != {})

    def reports() -> dict[str, Report]:
        return {key: msgspec.json.decode(value, type=Report)
                for key, value in read_kept("admin", TOPIC).items()}

    assert until(lambda: reports()[f"{OTHER}/{FAMILY.name}"].hour.accepted == 30)
    other = reports()[f"{OTHER}/{FAMILY.name}"]
    assert other.findings == []
    assert other.refused == []
    assert other.keys_followed == 30


def test_the_command_prints_the_same(client: httpx.Client) -> None:
    assert until(lambda: told(client).get("hour", {}).get("received") == 74)
    result = CliRunner().invoke(commands.command, ["feedback", NAME])
    assert result.exit_code == 0, result.output
    assert "74 received, 35 accepted, 8 refused, 1 late, 30 duplicates" in result.output
    assert "certain  clock-ahead" in result.output
    printed = CliRunner().invoke(commands.command, ["feedback", NAME, "--json"])
    assert json.loads(printed.stdout)[0]["hour"]["received"] == 74


def test_the_command_knows_who_sent_nothing_and_who_is_nobody(publishers: None) -> None:
    register(Registration("test-mute", families=[FAMILY.name]))
    mute = CliRunner().invoke(commands.command, ["feedback", "test-mute"])
    assert (mute.exit_code, mute.output) == (0, "test-mute: nothing came lately\n")
    nobody = CliRunner().invoke(commands.command, ["feedback", "test-nobody"])
    assert nobody.exit_code == 1
    assert nobody.output.startswith("Error: ")
