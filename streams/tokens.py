"""Keep the bearer tokens with which publishing systems send over HTTP.

A token is `cb_<id>_<secret>`. Its record in the compacted topic `intake-tokens` is keyed by the
public id and holds a SHA-256 of the secret, never the secret: the text is shown once, when made.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping

import msgspec

from schemas.errors import ComponentError
from streams.clock import now_ms
from streams.kept import Follower, read_kept, write_kept
from streams.publishers import read_registrations

TOPIC = "intake-tokens"
ID_BYTES = 8
SECRET_BYTES = 32
_TEXT = re.compile(rf"cb_([0-9a-f]{{{2 * ID_BYTES}}})_([0-9a-f]{{{2 * SECRET_BYTES}}})", re.ASCII)


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold what is known of a token; `made_at` and `until` (its end, if any) are epoch ms."""

    id: str
    publisher: str
    hash: str
    made_at: int
    until: int | None = None

    def is_valid(self, now_ms: int) -> bool:
        """Tell whether the token is still good at a moment."""
        return self.until is None or now_ms < self.until


def digest(secret: str) -> str:
    """Hash a secret for keeping.

    Plain SHA-256 is enough here: slow or salted hashes protect what people choose, by making each
    guess dear. This secret is 256 random bits; no list of likely ones exists, and 2^255 guesses
    are out of reach however cheap each is. A keyed hash would only add a key to lose.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def _decode(records: Mapping[str, bytes]) -> dict[str, Token]:
    """Read records into tokens by id; what is none, or lies under another's key, is no token."""
    found: dict[str, Token] = {}
    for key, value in records.items():
        try:
            token = msgspec.json.decode(value, type=Token)
        except msgspec.DecodeError:
            continue
        if token.id == key:
            found[key] = token
    return found


def list_tokens(account: str = "admin") -> list[Token]:
    """List the tokens that are kept, ended ones included, by publisher and age."""
    found = _decode(read_kept(account, TOPIC)).values()
    return sorted(found, key=lambda one: (one.publisher, one.made_at, one.id))


def _make(publisher: str) -> tuple[str, Token]:
    """Make the text of a new token and its record."""
    if publisher not in read_registrations("admin"):
        raise ComponentError(f"no publisher {publisher!r} is registered")
    token_id, secret = secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES)
    return f"cb_{token_id}_{secret}", Token(token_id, publisher, digest(secret), now_ms())


def issue(publisher: str) -> str:
    """Give a registered publisher a further token; its text is given here and never again."""
    text, token = _make(publisher)
    write_kept("admin", TOPIC, {token.id: msgspec.json.encode(token)})
    return text


def revoke(token_id: str) -> None:
    """Forget a token by its public id; raise ComponentError when there is none."""
    if token_id not in {token.id for token in list_tokens()}:
        raise ComponentError(f"no token {token_id!r} is known")
    write_kept("admin", TOPIC, {token_id: None})


def rotate(publisher: str, grace_seconds: float) -> str:
    """Give a publisher a new token; those it has end after the grace, or earlier if they would."""
    now = now_ms()
    end = now + round(grace_seconds * 1000)
    text, token = _make(publisher)
    ending = [msgspec.structs.replace(one, until=end) for one in list_tokens()
              if one.publisher == publisher and one.is_valid(end)]
    # one flush: the new token comes first, so that the publisher is never left without any
    write_kept("admin", TOPIC, {one.id: msgspec.json.encode(one) for one in (token, *ending)})
    return text


class Tokens(Follower):
    """Know the tokens as the topic holds them, renewed in a thread within seconds."""

    def __init__(self, account: str) -> None:
        """Start to follow the topic as an account that may read it."""
        self._tokens: dict[str, Token] = {}
        super().__init__(account, TOPIC)

    def take(self, records: Mapping[str, bytes]) -> None:
        """Take what the topic holds now."""
        super().take(records)
        self._tokens = _decode(records)

    def find(self, text: str) -> str | None:
        """Find the publisher of a token's text; None when it is malformed, unknown or ended."""
        match = _TEXT.fullmatch(text)
        token = self._tokens.get(match[1]) if match else None
        if match is None or token is None:
            return None
        # the id is public and may be looked up by value; the secret is compared in constant time
        good = hmac.compare_digest(digest(match[2]), token.hash)
        return token.publisher if good and token.is_valid(now_ms()) else None
