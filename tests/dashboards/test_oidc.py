"""Test sign-in at a provider of the test's own: who gets in as what, and who does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from streams.oidc import CALLBACK, START
from streams.settings import read_settings
from streams.staff import COOKIE, Role, list_staff
from tests.components import running
from tests.provider import CLIENT, SECRET, Provider, serving

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
PERSON = {"sub": "u-17", "name": "王丽", "realm_access": {"roles": ["city-duty", "mail"]},
          "citybrain_area": "370102"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Provider]]:
    """Run the console and a provider that it knows; give the console's address, and it."""
    settings = read_settings()
    console = f"http://{settings.host}:{settings.port('console')}"
    secret: Path = tmp_path_factory.mktemp("client") / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    with serving(Provider(console + CALLBACK)) as provider, pytest.MonkeyPatch.context() as patch:
        for name, value in {
                "ISSUER": provider.issuer, "CLIENT": CLIENT, "SECRET_FILE": str(secret),
                "ROLE": "realm_access.roles",
                "ROLES": "city-duty=officer,city-run=operator"}.items():
            patch.setenv(f"CITYBRAIN_OIDC_{name}", value)
        with running("console"):
            yield console, provider


@pytest.fixture
def provider(pair: tuple[str, Provider]) -> Provider:
    """Give the provider, which knows one person and does nothing amiss."""
    pair[1].claims, pair[1].wrong = dict(PERSON), {}
    return pair[1]


@pytest.fixture
def browser(pair: tuple[str, Provider]) -> Iterator[httpx.Client]:
    """Give what keeps cookies and follows where it is sent, step by step."""
    with httpx.Client(base_url=pair[0], trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture(autouse=True)
def forgiven(pair: tuple[str, Provider]) -> None:
    """Sign in once, after which former failures of this client delay nobody."""
    pair[1].claims, pair[1].wrong = dict(PERSON), {}
    with httpx.Client(base_url=pair[0], trust_env=False, timeout=60) as client:
        assert go(client).status_code == 303


def go(client: httpx.Client, wanted: str = "/areas?lang=en") -> httpx.Response:
    """Begin at the login page and go through the provider; give the console's answer."""
    sent = client.get(START, params={"next": wanted})
    assert sent.status_code == 303, sent.text
    back = client.get(sent.headers["location"])
    assert back.status_code == 302, back.text
    return client.get(back.headers["location"])


def knock(client: httpx.Client, session: str) -> int:
    """Give the status of the console's answer to a session."""
    return httpx.get(client.base_url, headers={"cookie": f"{COOKIE}={session}"},
                     trust_env=False).status_code


def test_a_person_gets_the_role_and_area_that_the_claims_give(
        browser: httpx.Client, provider: Provider) -> None:
    assert START in browser.get("/login").text
    answer = go(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/areas?lang=en")
    assert browser.get("/", headers={"accept": "text/html"}).status_code == 200
    found = list_staff()["oidc:u-17"]
    assert (found.role, found.area, found.shown) == (Role.OFFICER, "370102", "王丽")
    assert found.hash == "" and found.issuer == provider.issuer


def test_a_changed_role_ends_sessions_of_the_former_one(
        browser: httpx.Client, provider: Provider) -> None:
    go(browser)
    former = browser.cookies[COOKIE]
    go(browser)  # nothing changed: both sessions stay
    assert knock(browser, former) == 200
    provider.claims["realm_access"] = {"roles": ["city-run"]}
    go(browser)
    assert list_staff()["oidc:u-17"].role is Role.OPERATOR
    assert knock(browser, former) == 401


def test_signing_out_ends_the_session(browser: httpx.Client, provider: Provider) -> None:
    go(browser)
    kept = browser.cookies[COOKIE]
    browser.get("/logout")
    assert knock(browser, kept) == 401


def test_who_comes_from_elsewhere_has_no_password(
        browser: httpx.Client, provider: Provider) -> None:
    go(browser)
    for password in ("", "x" * 20):
        answer = httpx.post(f"{browser.base_url}/login", data={
            "name": "oidc:u-17", "password": password})
        assert answer.status_code == 401


@pytest.mark.parametrize(("changed", "key"), [
    ({"realm_access": {"roles": ["mail"]}}, "role"), ({"realm_access": None}, "role"),
    ({"realm_access": {"roles": ["officer"]}}, "role"), ({"realm_access": "city-duty"}, "role"),
    ({"realm_access": {"roles": ["city-duty", "city-run"]}}, "role"),
    ({"citybrain_area": None}, "area"), ({"citybrain_area": ""}, "area"),
    ({"citybrain_area": "110101"}, "area"), ({"citybrain_area": ["370102", "370103"]}, "area")])
def test_a_person_without_one_role_and_area_is_told_in_both_languages(
        browser: httpx.Client, provider: Provider, changed: dict[str, Any], key: str) -> None:
    provider.claims |= changed
    answer = go(browser)
    assert answer.status_code == 403
    assert {"role": "尚未分配本系统的角色", "area": "尚未分配本市的区域"}[key] in answer.text
    assert f"Your account has no {key}" in answer.text
    assert COOKIE not in answer.cookies
    assert browser.get("/").status_code == 401


@pytest.mark.parametrize("wrong", [
    {"claims": {"exp": 1_700_000_000}}, {"claims": {"exp": None}},
    {"claims": {"aud": "another-client"}}, {"claims": {"aud": None}},
    {"claims": {"aud": ["another-client"]}},
    {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
    {"claims": {"nonce": "replayed"}}, {"claims": {"nonce": None}},
    {"claims": {"iss": "https://elsewhere.example"}}, {"claims": {"sub": None}},
    {"algorithm": "none"}, {"algorithm": "HS256"},
    {"key": RSAKey.generate_key(2048, {"kid": "one"})}], ids=str)
def test_a_token_that_proves_nothing_is_refused(
        browser: httpx.Client, provider: Provider, wrong: dict[str, Any]) -> None:
    provider.wrong = wrong
    answer = go(browser)
    assert answer.status_code == 403
    assert "could not be verified" in answer.text and "未通过校验" in answer.text
    assert browser.get("/").status_code == 401


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(
        browser: httpx.Client, provider: Provider) -> None:
    sent = browser.get(START)
    back = browser.get(sent.headers["location"]).headers["location"]
    stranger = httpx.get(back, trust_env=False)
    assert stranger.status_code == 403 and "not begun in this browser" in stranger.text
    state = httpx.URL(back).params["state"]
    assert browser.get(back.replace(state, "x" * len(state))).status_code == 403
    # the flow ended with that try, and its code is spent with the next
    assert browser.get(back).status_code == 403
    assert browser.get("/").status_code == 401


def test_a_code_is_good_once_and_with_its_own_verifier(
        browser: httpx.Client, provider: Provider) -> None:
    codes = []
    for _ in range(2):
        sent = browser.get(START)
        codes.append(browser.get(sent.headers["location"]).headers["location"])
    first, last = (httpx.URL(one) for one in codes)
    mixed = last.copy_merge_params({"code": first.params["code"]})
    answer = browser.get(str(mixed))
    assert answer.status_code == 403 and "did not complete" in answer.text


@pytest.mark.parametrize("wrong", [
    {"error": "access_denied"}, {"iss parameter": "https://elsewhere.example"}], ids=str)
def test_an_answer_without_a_code_or_of_another_provider_is_refused(
        browser: httpx.Client, provider: Provider, wrong: dict[str, Any]) -> None:
    provider.wrong = wrong
    assert go(browser).status_code == 403
    assert browser.get("/").status_code == 401


@pytest.mark.parametrize("metadata", [
    {"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/token"},
    {"jwks_uri": None}], ids=str)
def test_a_provider_that_describes_another_is_not_gone_to(
        browser: httpx.Client, provider: Provider, metadata: dict[str, Any]) -> None:
    provider.wrong = {"metadata": metadata}
    answer = browser.get(START)
    assert answer.status_code == 502 and "did not complete" in answer.text


def test_a_client_that_fails_again_and_again_is_delayed(
        browser: httpx.Client, provider: Provider) -> None:
    answers = [browser.get(CALLBACK) for _ in range(23)]
    assert {one.status_code for one in answers[:20]} == {403}
    assert answers[-1].status_code == 429 and int(answers[-1].headers["retry-after"]) >= 1
    time.sleep(int(answers[-1].headers["retry-after"]))


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example"])
def test_a_sign_in_leads_only_to_this_server(
        browser: httpx.Client, provider: Provider, wanted: str) -> None:
    assert go(browser, wanted).headers["location"] == "/"
