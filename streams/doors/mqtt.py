"""Take events from an MQTT broker: `python -m streams.doors.mqtt`, where CITYBRAIN_MQTT names one.

Publishers write `city/v1/<publisher>/<family>`; who may do so is the broker's ACL. The door logs in
as `city-brain`, whose password stands as `mqtt:city-brain` in the city's passwords, and needs the
right to read `city/v1/+/+/#` and to write `city/v1/+/feedback`, where it says what it refused.

Its session is persistent, and a message is acknowledged only when Kafka has confirmed its events:
what the broker has taken waits there while the door, or Kafka, is away. What is sent twice by that
is one event to the gate, as are all copies of an id. What a publisher sends beyond its rate is
refused, as over HTTP, and told; what has waited here through no fault of its own is not.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from threading import Event
from typing import Any, Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from streams.disk import Guard
from streams.doors.acks import Acks, Ticket
from streams.doors.admission import Admitted, admit, feedback_topic, is_feedback
from streams.doors.pace import Pace
from streams.intake.limits import Limits
from streams.intake.sender import Pending, Sender
from streams.metrics import ERRORS, EVENTS, serve
from streams.publishers import Registration, Registrations
from streams.secrets import get_password
from streams.settings import read_settings

ACCOUNT = "mqtt"
LOGIN = "city-brain"
FILTER = "city/v1/+/+/#"
KEEPALIVE_SECONDS = 30
CONNECT_SECONDS = 5.0
LOOK_SECONDS = 0.5
AGAIN_SECONDS = (1.0, 15.0)
# messages taken and not acknowledged; what the broker holds beyond that stays there
MOST_IN_FLIGHT = 1_000
MOST_FEEDBACK = 1_000
# how long an orderly end waits for Kafka to confirm what was taken
LAST_SECONDS = 8.0
log = logging.getLogger("mqtt")


class Known(Protocol):
    """Know what is registered of publishers."""

    def known(self) -> Mapping[str, Registration]:
        """Give the registrations by name."""


class Door:
    """Hold the connection to the broker, and bring messages to Kafka.

    `is_taking` is set while it is subscribed. What is published before it was so for the first time
    is kept for nobody.
    """

    def __init__(self, publishers: Known, sender: Sender, ended: Event, disk: Guard) -> None:
        """Take who is registered, where events go, the signal to stop, and the disk."""
        self._publishers, self._sender = publishers, sender
        self._ended, self._disk = ended, disk
        self._broken, self.is_taking = Event(), Event()
        self._told = ""
        self._client = self._make_client()
        self._acks = Acks(self._client.ack)
        self._pace = Pace(Limits(read_settings().intake_bytes))

    def _make_client(self) -> paho.Client:
        """Make the client of a session that outlives connections."""
        settings = read_settings()
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"city-brain-{settings.city}",
            clean_session=False, protocol=paho.MQTTv311, manual_ack=True,
            reconnect_on_failure=False)
        client.username_pw_set(LOGIN, get_password("mqtt", LOGIN))
        client.connect_timeout = CONNECT_SECONDS
        client.max_queued_messages_set(MOST_FEEDBACK)
        if settings.mqtt_address[2]:
            client.tls_set()
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_subscribe, client.on_message = self._on_subscribe, self._on_message
        return client

    def run(self) -> None:
        """Stay connected until told to stop; what goes wrong is told once and tried again."""
        again, longest = AGAIN_SECONDS
        while not self._ended.is_set():
            if not self._disk.is_full() and self._connect():
                again = AGAIN_SECONDS[0] if self._stay() else min(longest, 2 * again)
                self._leave()
            else:
                again = min(longest, 2 * again)
            self._ended.wait(again)

    def _connect(self) -> bool:
        """Connect; tell whether a connection was opened."""
        host, port, _ = read_settings().mqtt_address
        self._broken.clear()
        try:
            self._client.connect(host, port, KEEPALIVE_SECONDS)
        except (OSError, ValueError) as error:
            self._complain(f"the MQTT broker at {host}:{port} does not answer: {error}")
            return False
        self._client.loop_start()
        return True

    def _stay(self) -> bool:
        """Serve until something ends it; tell whether it went well for a while."""
        since = time.monotonic()
        while not self._ended.is_set() and not self._broken.is_set():
            if self._disk.is_full():
                break
            if self.is_taking.is_set() and not len(self._acks):
                self._pace.rest()
            self._broken.wait(LOOK_SECONDS)
        return time.monotonic() - since > AGAIN_SECONDS[1]

    def _leave(self) -> None:
        """Disconnect; at an orderly end Kafka gets some time to confirm what was taken."""
        if not self._broken.is_set():
            self._acks.wait_below(1, LAST_SECONDS, self._broken)
        self._client.disconnect()
        self._client.loop_stop()
        self._acks.forget()

    def _on_connect(self, client: paho.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        """Subscribe, unless the broker does not let us in."""
        self._acks.forget()
        if reason.is_failure:
            self._complain(f"the MQTT broker does not let {LOGIN} in: {reason}")
            self._broken.set()
            return
        self._pace.resume()  # what waited in the session comes before the subscription's answer
        client.subscribe(FILTER, qos=1)

    def _on_subscribe(self, _: paho.Client, __: Any, ___: int, reasons: list[Any], ____: Any
                      ) -> None:
        """Note that messages come now, unless the broker does not let us read them."""
        if any(reason.is_failure for reason in reasons):
            self._complain(f"the MQTT broker does not let {LOGIN} read {FILTER}: {reasons[0]}")
            self._broken.set()
            return
        log.info("connected; taking %s", FILTER)
        self._told = ""
        self.is_taking.set()

    def _on_disconnect(self, _: paho.Client, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        """Forget what is not acknowledged: the broker will send it again."""
        self._acks.forget()
        if not self._ended.is_set() and reason.is_failure:
            self._complain(f"the MQTT broker went away: {reason}")
        self.is_taking.clear()
        self._broken.set()

    def _on_message(self, _: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
        """Take one message; an error in it must not end the connection's thread."""
        try:
            self._take(message)
        except Exception:
            # not acknowledged: it comes again after the connection was made anew
            log.exception("a message could not be taken")
            self._broken.set()

    def _take(self, message: paho.MQTTMessage) -> None:
        """Judge a message and send its events; it is acknowledged when Kafka has them."""
        if self._ended.is_set() or self._broken.is_set():
            return
        ticket = self._acks.add(message.mid, message.qos)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        if is_feedback(topic):  # ours
            self._acks.confirm(ticket)
            return
        admitted = admit(topic, bytes(message.payload), self._publishers.known(),
                         self._pace.limits, time.time_ns() // 1_000_000)
        pending = self._sender.send(admitted.raw_topic, admitted.ready)
        pending.done.add_done_callback(partial(self._settle, ticket, pending, admitted))
        if admitted.refused:
            self._tell(admitted, topic)
        # one more may come only when there is room: the broker keeps what is not read
        while not self._broken.is_set() and not self._acks.wait_below(
                MOST_IN_FLIGHT, LOOK_SECONDS, self._ended) and not self._ended.is_set():
            pass

    def _settle(self, ticket: Ticket, pending: Pending, admitted: Admitted, _: Future[None]
                ) -> None:
        """Acknowledge a message that Kafka has; else begin anew, so that it comes again."""
        if all(pending.confirmed):
            EVENTS.labels(admitted.raw_topic, "accepted").inc(len(admitted.ready))
            self._acks.confirm(ticket)
        else:
            self._complain("Kafka did not confirm events in time; they are taken again")
            self._broken.set()

    def _tell(self, admitted: Admitted, topic: str) -> None:
        """Publish the verdicts on what was refused, to the publisher named by the topic."""
        EVENTS.labels(admitted.raw_topic or "mqtt", "refused").inc(admitted.refused)
        refused = self._pace.to_tell(admitted)
        if not admitted.publisher or not refused:
            return
        told = {"topic": topic[:256], "accepted": len(admitted.ready),
                "refused": refused, "events": admitted.verdicts}
        self._client.publish(feedback_topic(admitted.publisher),
                             json.dumps(told, ensure_ascii=False), qos=1)

    def _complain(self, what: str) -> None:
        """Log a trouble once, not with every attempt."""
        ERRORS.labels("mqtt").inc()
        if what != self._told:
            log.error("%s", what)
        self._told = what


def main() -> None:
    """Take events until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if not read_settings().mqtt:
        raise SystemExit("mqtt: CITYBRAIN_MQTT names no broker")
    serve("mqtt")
    publishers = Registrations(ACCOUNT)
    # a fatal error of the producer ends the process; the supervisor starts it anew
    sender = Sender(ACCOUNT, lambda: os.kill(os.getpid(), signal.SIGTERM))
    while not ended.is_set() and not publishers.wait(LOOK_SECONDS):
        pass
    Door(publishers, sender, ended, Guard()).run()
    sender.close()


if __name__ == "__main__":
    main()
