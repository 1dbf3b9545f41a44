"""Test that the command on the page does what it says, in a real shell."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from schemas import registry
from streams.intake.front import ANSWERS, FORMS, curl
from streams.intake.media import Form
from streams.settings import read_settings
from tests.streams.intake.conftest import TOKEN, OpenDoor, served


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("name", sorted(registry.families()))
def test_the_command_sends_an_event_that_is_good_now(open_door: OpenDoor, name: str) -> None:
    settings = read_settings()
    command = curl(registry.get_family(name), f"{settings.host}:{settings.port('intake')}")
    with served(open_door(family=name)):
        done = subprocess.run(["sh", "-c", command], env={"TOKEN": TOKEN, "PATH": "/usr/bin:/bin"},
                              capture_output=True, check=True)
    # there is no broker here: an event that is good is unknown
    assert [one["status"] for one in json.loads(done.stdout)["events"]] == ["unknown"]


def test_every_form_is_explained() -> None:
    assert set(FORMS) == set(Form)
    assert {code for told, *_ in ANSWERS for code in told.split(" · ")} >= {"200", "422", "503"}
