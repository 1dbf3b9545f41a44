"""Give tests a real MQTT broker, with accounts and the rights that come along."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from streams.doors.mqtt import LOGIN
from streams.publishers import Registration, read_registrations
from tests.components import CHECKOUT

PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
SECONDS = 60.0


class Known:
    """Know the registrations as the broker holds them at the start."""

    def __init__(self) -> None:
        """Read them."""
        self._known = read_registrations("admin")

    def known(self) -> dict[str, Registration]:
        """Give them."""
        return self._known


class Mosquitto:
    """Run a broker in a folder of its own; it keeps sessions and messages over a restart."""

    def __init__(self, folder: Path, program: str) -> None:
        """Choose a port and write the configuration."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._folder, self._program = folder, program
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "passwords").touch(0o600)
        (folder / "mosquitto.conf").write_text("\n".join([
            f"listener {self.port} 127.0.0.1", "allow_anonymous false", "user root",
            f"password_file {folder / 'passwords'}",
            f"acl_file {CHECKOUT / 'infra/examples/mosquitto.acl'}",
            "persistence true", f"persistence_location {folder}/", "autosave_interval 1",
            "max_queued_messages 0", "log_type error", ""]))

    @property
    def address(self) -> str:
        """Give host and port."""
        return f"127.0.0.1:{self.port}"

    def allow(self, user: str, password: str) -> None:
        """Give an account a password; the broker reads it at its next start."""
        subprocess.run(["mosquitto_passwd", "-b", self._folder / "passwords", user, password],
                       check=True, capture_output=True, env={"PATH": PATH})

    def start(self) -> None:
        """Start, and wait until the port answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=log)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError((self._folder / "log").read_text())

    def stop(self) -> None:
        """Stop in good order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


class Client:
    """Publish as a system of its own, and hear the verdicts on it."""

    def __init__(self, broker: Mosquitto, user: str, password: str) -> None:
        """Connect and wait until the verdicts are subscribed to."""
        self.verdicts: list[dict[str, Any]] = []
        self._acknowledged: set[int] = set()
        subscribed: list[int] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{user}")
        self._client.username_pw_set(user, password)
        self._client.on_subscribe = lambda *_: subscribed.append(1)
        self._client.on_connect = lambda client, *_: client.subscribe(
            f"city/v1/{user}/feedback", qos=1)
        self._client.on_message = lambda _, __, message: self.verdicts.append(
            json.loads(message.payload))
        self._client.on_publish = lambda _, __, number, *___: self._acknowledged.add(number)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        eventually(lambda: bool(subscribed))

    def publish(self, topic: str, payload: object, qos: int = 1) -> None:
        """Publish, and wait until the broker has acknowledged it.

        Some brokers close the connection of who writes where it may not: what is published then
        waits for the next connection, which the client makes by itself.
        """
        body = payload if isinstance(payload, bytes) else json.dumps(payload)
        number = self._client.publish(topic, body, qos).mid
        eventually(lambda: number in self._acknowledged)

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()


def eventually(what: Any) -> None:
    """Wait until something holds."""
    until = time.monotonic() + 2 * SECONDS
    while not what():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.1)


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    """Give a broker that is not started yet."""
    program = shutil.which("mosquitto", path=PATH)
    if program is None:
        pytest.skip("Eclipse Mosquitto is not installed: `make test` installs it")
    folder = Path(tempfile.mkdtemp(prefix="mosquitto-"))
    broker = Mosquitto(folder, program)
    yield broker
    broker.stop()
    shutil.rmtree(folder)


@pytest.fixture
def accounts(mosquitto: Mosquitto) -> Mosquitto:
    """Give a running broker with the door's account and those of two publishers."""
    from streams.secrets import get_password
    mosquitto.allow(LOGIN, get_password("mqtt", LOGIN))
    mosquitto.allow("test-mqtt", "one")
    mosquitto.allow("stranger", "two")
    mosquitto.start()
    return mosquitto
