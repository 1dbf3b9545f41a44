"""Post drafted records to the HTTP intake, and note the verdict on each."""

from __future__ import annotations

import time
from typing import Any

import httpx

from infra.drills.calls import CALLS, Call
from infra.drills.doors import Noted, fate_of, name_of
from infra.drills.draft import Draft
from infra.drills.kinds import COPY, GOOD, Fate, Kind
from schemas.errors import ComponentError
from streams.intake.media import Form
from streams.tls import address, trust

BATCH_EVENTS, BATCH_BYTES = 200, 200_000
PATIENCE_SECONDS = 120.0


class HttpDoor:
    """Post records to the intake: together where a line can hold them, else alone."""

    def __init__(self, publisher: str, token: str, noted: Noted) -> None:
        """Open a client, and wait until the intake knows the publisher and its families."""
        self._publisher, self._noted, self._token = publisher, noted, token
        self._client = httpx.Client(
            base_url=address("intake"), trust_env=False, timeout=60.0, verify=trust())
        self._held: dict[str, list[tuple[Kind | None, Draft, bytes]]] = {}
        self._size = 0
        self._await_known()

    def _await_known(self) -> None:
        """Wait until an empty request is taken."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self._post("vehicle-position", b"[]", {"Content-Type": Form.JSON}).status_code != 200:
            if time.monotonic() > until:
                raise ComponentError("the intake does not know the drill's publisher")
            time.sleep(0.5)

    def _post(self, family: str, body: bytes, headers: dict[str, str],
              token: str | None = None) -> httpx.Response:
        """Post once, and again for as long as the intake asks for patience."""
        bearer = self._token if token is None else token
        login = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                reply = self._client.post(f"/v1/events/{family}", content=body,
                                          headers=login | headers)
            except httpx.HTTPError as error:
                raise ComponentError(f"the intake does not answer: {error!r}") from error
            wait = reply.headers.get("retry-after")
            if wait is None or time.monotonic() > until:
                return reply
            if "not-confirmed" in reply.text:
                raise ComponentError("the intake could not have events confirmed by Kafka")
            time.sleep(float(wait))

    def send(self, kind: Kind | None, one: Draft) -> None:
        """Hold a record until enough are together; one that is no line goes alone."""
        body = one.body or b""
        self._noted.sent[name_of(kind)] += 1
        if b"\n" in body or body != body.strip() or not body:
            self._tell([(kind, one, body)], one.family, body, Form.JSON)
            return
        held = self._held.setdefault(one.family, [])
        held.append((kind, one, body))
        self._size += len(body)
        if len(held) >= BATCH_EVENTS or self._size >= BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Post what is held."""
        for family, held in self._held.items():
            self._tell(held, family, b"\n".join(body for _, _, body in held), Form.LINES)
        self._held, self._size = {}, 0

    def _tell(self, held: list[tuple[Kind | None, Draft, bytes]], family: str, body: bytes,
              form: Form) -> None:
        """Post records and note the verdict on each."""
        reply = self._post(family, body, {"Content-Type": form})
        told = reply.json().get("events", []) if reply.status_code in {200, 422} else []
        if len(told) != len(held):
            self._noted.wrong.append(f"{len(held)} records over HTTP: {reply.status_code}"
                                     f" {reply.text[:200]}")
            return
        for (kind, _, _), one in zip(held, told, strict=True):
            self._note(kind, family, one)

    def _note(self, kind: Kind | None, family: str, told: dict[str, Any]) -> None:
        """Note one verdict; what is accepted must be found later."""
        found = GOOD if told["status"] == "accepted" else Fate(
            told.get("reason", told["status"]), told.get("field", ""))
        if found == GOOD and fate_of(kind) == GOOD:
            self._noted.accepted[family] += 1
            self._noted.by_id[family, told["id"]] = kind
            return
        if found == GOOD and fate_of(kind) == COPY:
            self._noted.copies += 1
            found = COPY  # so the gate must say: its duplicates are counted in the end
        self._noted.judge(name_of(kind), fate_of(kind), found, f"HTTP {told.get('detail', '')}")

    def try_calls(self, one: Draft) -> None:
        """Send the requests that must be refused whole."""
        for call in CALLS:
            self._noted.sent[call.name] += 1
            reply = self._post(call.family, call.body(one), call.headers(one), call.token)
            self._noted.judge(call.name, (call.status, call.told), (
                reply.status_code, _told(call, reply)), "HTTP")

    def close(self) -> None:
        """Close the client."""
        self._client.close()


def _told(call: Call, reply: httpx.Response) -> str | Fate:
    """Give the kind of the problem, or reason and field of the one event in it."""
    body = reply.json()
    if isinstance(call.told, Fate) and body.get("events"):
        return Fate(body["events"][0].get("reason", ""), body["events"][0].get("field", ""))
    return str(body.get("type", "")).removeprefix("urn:citybrain:problem:")
