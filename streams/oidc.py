"""Let staff sign in at the city's own OpenID provider; role and area come from its claims.

The code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207). What the
provider signs is believed about one person only: who it is, which roles and which area. A person
without exactly one mapped role, or without an area where one is asked for, is refused.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from itsdangerous import BadSignature, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from schemas.errors import CityBrainError, SettingsError
from streams.secrets import get_password
from streams.settings import is_loopback, read_settings
from streams.staff import AREA, Role, Staff, StaffError, adopt_staff
from streams.tls import address, trust_others

START, CALLBACK = "/login/oidc", "/login/oidc/callback"
FLOW_SECONDS = 600
ASK_SECONDS = 10.0
LEEWAY_SECONDS = 30
# signatures by a key of the provider's; none, and keys shared with it, are no proof
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
EVERYWHERE = "*"


class RefusedError(CityBrainError):
    """Tell why somebody is not let in; `key` names it: flow, provider, token, role or area."""

    def __init__(self, key: str, reason: str, who: str = "") -> None:
        """Take the key, the reason for the log, and who it is where that is proven."""
        super().__init__(reason)
        self.key, self.who = key, who


@dataclass(frozen=True, slots=True)
class Flow:
    """Hold what must be known again when the provider sends a browser back."""

    state: str
    nonce: str
    verifier: str
    wanted: str


def is_on() -> bool:
    """Tell whether a provider is configured."""
    return bool(read_settings().oidc_issuer)


def check_configuration() -> None:
    """Raise SettingsError where the configuration cannot work or would not be safe."""
    settings = read_settings()
    if settings.oidc_issuer:
        _check_address("CITYBRAIN_OIDC_ISSUER", settings.oidc_issuer)
        _check_address("CITYBRAIN_CONSOLE_URL", _console())
        _roles()
        _secret()


def _check_address(name: str, value: str) -> None:
    """Refuse an address that others could read along; on loopback nobody can."""
    url = httpx.URL(value)
    if not (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))):
        raise SettingsError(f"{name}={value!r} is not an https:// address")


def _console() -> str:
    """Give the address by which browsers know the console, as registered with the provider."""
    return (read_settings().console_url or address("console")).rstrip("/")


def _roles() -> dict[str, Role]:
    """Read which value of the claim means which role; without a mapping each role means itself."""
    told = read_settings().oidc_roles
    if not told:
        return {role.value: role for role in Role}
    pairs = [[part.strip() for part in one.rpartition("=")] for one in told.split(",")]
    known = {role.value for role in Role}
    if wrong := ["".join(one) for one in pairs if not one[0] or one[2] not in known]:
        raise SettingsError(f"CITYBRAIN_OIDC_ROLES: {wrong[0]!r} is not value=role with a role of"
                            f" {', '.join(sorted(known))}")
    return {value: Role(role) for value, _, role in pairs}


def _secret() -> str:
    """Read the client's secret; "" for a public client, whose proof is PKCE alone."""
    name = read_settings().oidc_secret_file
    if not name:
        return ""
    path = Path(name)
    if not path.is_file() or path.stat().st_mode & 0o077:
        raise SettingsError(f"CITYBRAIN_OIDC_SECRET_FILE: {path} is missing or open to others")
    return path.read_text(encoding="utf-8").strip()


def _signer() -> URLSafeTimedSerializer:
    """Give what signs a flow that waits in the browser."""
    return URLSafeTimedSerializer(get_password("key", "console-session"), salt="oidc")


def _ask(client: httpx.Client, method: str, where: str, **more: Any) -> dict[str, Any]:
    """Ask the provider for a document; raise RefusedError when it does not answer with one."""
    try:
        answer = client.request(method, where, **more)
        answer.raise_for_status()
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise RefusedError("provider", f"the provider at {where}: {error}") from error
    if not isinstance(told, dict):
        raise RefusedError("provider", f"the provider at {where} gives no object")
    return told


def _client() -> httpx.Client:
    """Open a client that verifies the provider, and follows it nowhere else."""
    return httpx.Client(timeout=ASK_SECONDS, trust_env=False, verify=trust_others())


def _discover(client: httpx.Client) -> dict[str, str]:
    """Read where the provider does what, and that it is the one which is configured."""
    issuer = read_settings().oidc_issuer
    told = _ask(client, "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if told.get("issuer") != issuer or not all(isinstance(told.get(one), str) for one in names):
        raise RefusedError("provider", f"{issuer} describes another provider, or not all of it")
    try:
        for name in names:
            _check_address(name, told[name])
    except SettingsError as error:
        raise RefusedError("provider", str(error)) from error
    return told


def begin(wanted: str) -> tuple[str, str]:
    """Give the address to send a browser to, and the flow, signed, that it has to bring back."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    with _client() as client:
        provider = _discover(client)
    where = add_params_to_uri(provider["authorization_endpoint"], {
        "response_type": "code", "client_id": read_settings().oidc_client,
        "redirect_uri": _console() + CALLBACK, "scope": read_settings().oidc_scope,
        "state": state, "nonce": nonce, "code_challenge_method": "S256",
        "code_challenge": create_s256_code_challenge(verifier)})
    return where, _signer().dumps([state, nonce, verifier, wanted])


def find_flow(sealed: str) -> Flow | None:
    """Give the flow that a browser brings back, None where it is not ours or too old."""
    try:
        return Flow(*_signer().loads(sealed, max_age=FLOW_SECONDS))
    except (BadSignature, ValueError, TypeError):
        return None


def finish(flow: Flow | None, answer: dict[str, str]) -> Staff:
    """Sign in whom the provider's answer names; raise RefusedError telling why not."""
    settings = read_settings()
    if flow is None or not secrets.compare_digest(
            flow.state.encode(), answer.get("state", "").encode()):
        raise RefusedError("flow", "the answer belongs to no sign-in that this browser began")
    if answer.get("iss", settings.oidc_issuer) != settings.oidc_issuer:
        raise RefusedError("flow", "the answer comes from another provider")
    if "code" not in answer:
        raise RefusedError("provider", f"the provider says {answer.get('error', 'nothing')[:80]!r}")
    with _client() as client:
        provider = _discover(client)
        tokens = _exchange(client, provider["token_endpoint"], answer["code"], flow.verifier)
        keys = _ask(client, "GET", provider["jwks_uri"])
    return _admit(_read_token(str(tokens.get("id_token", "")), keys, flow.nonce))


def _exchange(client: httpx.Client, where: str, code: str, verifier: str) -> dict[str, Any]:
    """Exchange the code for tokens."""
    settings, secret = read_settings(), _secret()
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier,
            "redirect_uri": _console() + CALLBACK}
    if not secret:
        return _ask(client, "POST", where, data={**form, "client_id": settings.oidc_client})
    return _ask(client, "POST", where, data=form, auth=(settings.oidc_client, secret))


def _read_token(token: str, keys: Any, nonce: str) -> dict[str, Any]:
    """Give the claims of an ID token that is ours, of now, and signed by the provider."""
    settings = read_settings()
    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS, iss={"essential": True, "value": settings.oidc_issuer},
        aud={"essential": True, "value": settings.oidc_client}, sub={"essential": True},
        exp={"essential": True}, iat={"essential": True},
        nonce={"essential": True, "value": nonce})
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
        registry.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise RefusedError("token", f"the provider's token is refused: {error}") from error
    if claims.get("azp", settings.oidc_client) != settings.oidc_client:
        raise RefusedError("token", "the provider's token is for another client")
    return claims


def _claim(claims: dict[str, Any], path: str) -> list[str]:
    """Give the texts of a claim, by its name or by a path with dots; one text is a list of one."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, str)]


def _admit(claims: dict[str, Any]) -> Staff:
    """Make the account that a person's claims give, or say what they lack."""
    settings, known = read_settings(), _roles()
    name = f"oidc:{claims['sub']}"
    roles = {known[one] for one in _claim(claims, settings.oidc_role) if one in known}
    if len(roles) != 1:
        raise RefusedError("role", f"{name} has {len(roles)} roles here, not one", name)
    areas = ([EVERYWHERE] if settings.oidc_area == EVERYWHERE
             else _claim(claims, settings.oidc_area))
    if len(areas) != 1 or not (areas[0] == EVERYWHERE or AREA.fullmatch(areas[0])):
        raise RefusedError("area", f"{name} has no area here, or more than one", name)
    area = "" if areas[0] == EVERYWHERE else areas[0]
    shown = str(claims.get("name") or claims.get("preferred_username") or claims["sub"])[:64]
    try:
        return adopt_staff(Staff(name, roles.pop(), area, issuer=settings.oidc_issuer,
                                 shown=shown))
    except StaffError as error:
        raise RefusedError("area", str(error), name) from error
