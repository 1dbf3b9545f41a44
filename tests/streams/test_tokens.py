"""Test how tokens are made, found, ended and forgotten, on a real broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec
import pytest

from schemas.errors import ComponentError
from streams import tokens as module
from streams.kept import Follower, read_kept, write_kept
from streams.publishers import Registration, register
from streams.tokens import TOPIC, Token, Tokens, digest, issue, list_tokens, revoke, rotate

pytestmark = pytest.mark.live


def until(what: Callable[[], bool]) -> bool:
    """Wait until something holds, for as long as a loaded machine may need."""
    end = time.monotonic() + 60.0
    while not what() and time.monotonic() < end:
        time.sleep(0.1)
    return what()


@pytest.fixture(scope="module")
def publisher(registered: str) -> str:
    """Register a publisher."""
    register(Registration("test-tokens", families=["parking-occupancy"]))
    return "test-tokens"


@pytest.fixture(scope="module")
def tokens(publisher: str) -> Iterator[Tokens]:
    """Follow the tokens as the intake does."""
    one = Tokens("intake")
    assert one.wait(60.0)
    yield one
    one.close()


def test_a_token_is_found_within_seconds_and_revoked_as_quickly(
        publisher: str, tokens: Tokens) -> None:
    text = issue(publisher)
    assert until(lambda: tokens.find(text) == publisher)
    revoke(text.split("_")[1])
    assert until(lambda: tokens.find(text) is None)


def test_only_the_whole_token_is_found(publisher: str, tokens: Tokens) -> None:
    text = issue(publisher)
    assert until(lambda: tokens.find(text) == publisher)
    head, token_id, secret = text.split("_")
    other = ("0" if secret[0] != "0" else "1") + secret[1:]
    for wrong in ("", "cb__", token_id, secret, f"{head}_{token_id}_{other}", text + "0", text[:-1],
                  text.upper(), f" {text}", f"{text}\n", f"xx_{token_id}_{secret}",
                  f"{head}_{'0' * 16}_{secret}", text.translate(str.maketrans("0", "٠"))):
        assert wrong == text or tokens.find(wrong) is None, wrong


def test_the_secret_is_kept_nowhere(publisher: str) -> None:
    secret = issue(publisher).split("_")[2]
    kept = read_kept("admin", TOPIC)
    assert not [value for value in kept.values() if secret.encode() in value]
    assert digest(secret) in {one.hash for one in list_tokens()}


def test_after_a_rotation_both_are_good_for_the_grace_only(
        publisher: str, tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    old = issue(publisher)
    now = time.time_ns() // 1_000_000
    new = rotate(publisher, 3600.0)
    assert until(lambda: tokens.find(new) == publisher)
    assert until(lambda: all(one.until is not None for one in tokens._tokens.values()
                             if one.publisher == publisher and f"cb_{one.id}" != new[:19]))
    assert tokens.find(old) == publisher
    monkeypatch.setattr(module, "now_ms", lambda: now + 3_700_000)
    assert tokens.find(old) is None
    assert tokens.find(new) == publisher


def test_a_rotation_lengthens_no_tokens_life(publisher: str) -> None:
    old = issue(publisher).split("_")[1]
    rotate(publisher, 10.0)
    first = {one.id: one.until for one in list_tokens()}[old]
    rotate(publisher, 3600.0)
    assert {one.id: one.until for one in list_tokens()}[old] == first


def test_another_publishers_tokens_are_left_alone(publisher: str) -> None:
    register(Registration("test-others", families=["parking-occupancy"]))
    other = issue("test-others").split("_")[1]
    rotate(publisher, 0.0)
    assert {one.id: one.until for one in list_tokens()}[other] is None


def test_unknown_publishers_and_tokens_are_clear_errors(publisher: str) -> None:
    with pytest.raises(ComponentError, match="no publisher 'nobody' is registered"):
        issue("nobody")
    with pytest.raises(ComponentError, match="no publisher 'nobody' is registered"):
        rotate("nobody", 1.0)
    with pytest.raises(ComponentError, match="no token 'abc' is known"):
        revoke("abc")


def test_records_that_are_no_tokens_open_nothing(publisher: str, tokens: Tokens) -> None:
    secret, now = "a" * 64, time.time_ns() // 1_000_000
    mine = Token("1" * 16, publisher, digest(secret), now)
    write_kept("admin", TOPIC, {
        "2" * 16: msgspec.json.encode(mine), "3" * 16: b"{", "4" * 16: b"[]"})
    text = issue(publisher)
    assert until(lambda: tokens.find(text) == publisher)
    for digit in "1234":
        assert tokens.find(f"cb_{digit * 16}_{secret}") is None


def test_what_cannot_be_read_is_waited_for_without_an_end(registered: str) -> None:
    follower = Follower("intake", "no-such-topic", 0.1)
    assert not follower.wait(1.0)
    assert follower.records == {}
    follower.close()
