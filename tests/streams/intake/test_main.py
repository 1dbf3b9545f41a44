"""Test the process as the supervisor runs it."""

from __future__ import annotations

import signal
import threading

import httpx
import pytest

from streams.settings import read_settings
from tests.components import running
from tests.streams.intake.conftest import ADDRESS
from tests.streams.intake.written import event, ids, until, written

pytestmark = pytest.mark.live


def test_an_intake_that_ends_answers_what_it_took_and_loses_none_of_it(token: str) -> None:
    before, told, ended = len(written()), list[str](), threading.Event()
    address = f"http://{read_settings().host}:{read_settings().port('intake')}{ADDRESS}"

    def publish(name: int) -> None:
        """Publish until nobody answers."""
        headers = {"Authorization": f"Bearer {token}"}
        for batch in range(10_000):
            events = [event(f"ending-{name}-{batch}-{i}") for i in range(20)]
            try:
                answer = httpx.post(address, json=events, headers=headers, trust_env=False)
            except httpx.TransportError:
                if ended.is_set():
                    return
                continue
            if answer.status_code == 200:
                told.extend(one["id"] for one in answer.json()["events"]
                            if one["status"] == "accepted")

    threads = [threading.Thread(target=publish, args=(i,)) for i in range(4)]
    with running("intake") as process:
        for thread in threads:
            thread.start()
        assert until(lambda: len(told) > 500)
        process.send_signal(signal.SIGTERM)
        ended.set()
        # uvicorn ends by the signal that it was sent, after everything is in order
        assert process.wait(30) == -signal.SIGTERM
    for thread in threads:
        thread.join()
    stored = ids(written()[before:])
    assert set(told) <= set(stored)
    assert len(stored) == len(set(stored))
