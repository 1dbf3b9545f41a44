"""Be a small OpenID provider on loopback: a real code flow with PKCE, and people of the test's."""

from __future__ import annotations

import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "city-brain-test", "a secret of the test"


@dataclass
class Provider:
    """Sign in one person, `claims`, without asking; `wrong` is what it does amiss."""

    redirect: str
    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    async def describe(self, _: Request) -> Response:
        """Tell where what is done."""
        told = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys"}
        return JSONResponse({**told, **self.wrong.get("metadata", {})})

    async def authorize(self, request: Request) -> Response:
        """Send the browser back with a code, where all that the flow needs was said."""
        asked = dict(request.query_params)
        if not (asked.get("redirect_uri") == self.redirect and asked.get("client_id") == CLIENT
                and asked.get("response_type") == "code" and asked.get("nonce")
                and asked.get("code_challenge_method") == "S256" and asked.get("state")
                and "openid" in asked.get("scope", "").split()):
            return JSONResponse({"error": "invalid_request"}, 400)
        if "error" in self.wrong:
            answer = {"error": self.wrong["error"]}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            answer = {"code": code}
        answer |= {"state": asked["state"], "iss": self.wrong.get("iss parameter", self.issuer)}
        return RedirectResponse(f"{self.redirect}?{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        """Give tokens for a code, once, to the client that knows secret and verifier."""
        form = await request.form()
        asked = self._codes.pop(str(form.get("code")), None)
        basic = request.headers.get("authorization", "").removeprefix("Basic ")
        if (asked is None or b64decode(basic).decode() != f"{CLIENT}:{SECRET}"
                or form.get("redirect_uri") != self.redirect
                or create_s256_code_challenge(str(form.get("code_verifier")))
                != asked["code_challenge"]):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "a", "token_type": "Bearer",
                             "id_token": self._sign(asked["nonce"])})

    def _sign(self, nonce: str) -> str:
        """Write an ID token."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300,
                  "nonce": nonce, **self.claims, **self.wrong.get("claims", {})}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.wrong.get("algorithm") == "HS256":  # a key that everybody can read
            shared = OctKey.import_key(self.key.as_bytes(private=False)[:64].hex())
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, shared)
        if self.wrong.get("algorithm") == "none":
            return f"{_plain({'alg': 'none'})}.{_plain(claims)}."
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.wrong.get("key", self.key))

    async def keys(self, _: Request) -> Response:
        """Tell the public keys."""
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})


def _plain(told: dict[str, Any]) -> str:
    """Write an object as a part of a token."""
    return urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """Serve it on a free port of loopback until the end of the block."""
    app = Starlette(routes=[
        Route("/.well-known/openid-configuration", provider.describe),
        Route("/authorize", provider.authorize), Route("/keys", provider.keys),
        Route("/token", provider.token, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the provider did not start"
        time.sleep(0.01)
    provider.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield provider
    server.should_exit = True
    thread.join()
