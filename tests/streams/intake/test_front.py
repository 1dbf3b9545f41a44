"""Test that the command on the page does what it says, in a real shell."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from schemas import registry
from streams.intake.front import ANSWERS, FORMS, curl
from streams.intake.media import Form
from streams.settings import CHECKOUT, read_settings
from tests.streams.intake.conftest import TOKEN, OpenDoor, served


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("name", sorted(registry.families()))
def test_the_command_sends_an_event_that_is_good_now(open_door: OpenDoor, name: str) -> None:
    settings = read_settings()
    command = curl(registry.get_family(name), f"http://{settings.host}:{settings.port('intake')}")
    with served(open_door(family=name)):
        done = subprocess.run(["sh", "-c", command], env={"TOKEN": TOKEN, "PATH": "/usr/bin:/bin"},
                              capture_output=True, check=True)
    # there is no broker here: an event that is good is unknown
    assert [one["status"] for one in json.loads(done.stdout)["events"]] == ["unknown"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_command_of_the_readme_sends_an_event_that_is_good_now(open_door: OpenDoor) -> None:
    settings = read_settings()
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    shown = next(block for block in readme.split("```") if "/v1/events/" in block)
    command, _, answer = shown.partition("$ ")[2].partition("\n{")
    told = json.loads("{" + answer)["events"][0]
    command = command.replace("127.0.0.1:18088", f"{settings.host}:{settings.port('intake')}")
    with served(open_door(family="traffic-flow")):
        done = subprocess.run(["sh", "-c", command], env={"TOKEN": TOKEN, "PATH": "/usr/bin:/bin"},
                              capture_output=True, check=True)
    assert json.loads(done.stdout)["events"] == [told | {"status": "unknown"}]


def test_every_form_is_explained() -> None:
    assert set(FORMS) == set(Form)
    assert {code for told, *_ in ANSWERS for code in told.split(" · ")} >= {"200", "422", "503"}
