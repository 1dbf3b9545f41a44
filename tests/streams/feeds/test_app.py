"""Test the service as its clients see it."""

from __future__ import annotations

import gzip
import re
import time
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from streams.feeds.app import PAGES
from streams.feeds.guard import HEADERS
from tests.streams.feeds.conftest import Reach, Ticking

pytestmark = pytest.mark.live
ROADS = "/v1/traffic/roads.geojson"
AREAS = "/v1/traffic/areas.geojson"
PARKING = "/v1/parking.geojson"
PLAIN = {"Accept-Encoding": "identity"}
TIME = r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


def by_id(client: httpx.Client, address: str) -> dict[str, Any]:
    """Read a GeoJSON feed; give the features by their id."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["type"] == "FeatureCollection"
    return {one["id"]: one for one in answer.json()["features"]}


def test_roads_show_speed_line_and_status_but_no_small_count(client: httpx.Client) -> None:
    roads = by_id(client, ROADS)
    large, small = roads["jingshi-road"], roads["quiet-lane"]
    assert large["geometry"]["type"] == "LineString"
    shown = large["properties"]
    assert (shown["mean_speed"], shown["vehicles"], shown["suppressed"]) == (30.0, 10, False)
    assert (shown["status"], shown["revision"], shown["basis"]) == ("provisional", 0, "measured")
    assert shown["name"] == "经十路"
    assert not {"speed_sum", "speed_samples", "speed_min", "events"} & set(shown)
    hidden = small["properties"]
    assert (hidden["suppressed"], small["geometry"]) == (True, None)
    assert (hidden["mean_speed"], hidden["vehicles"], hidden["revision"]) == (None, None, None)


def test_areas_come_by_level_and_suppressed(client: httpx.Client) -> None:
    assert set(by_id(client, AREAS)) == {"370102"}
    townships = by_id(client, f"{AREAS}?level=township")
    assert {code: one["properties"]["suppressed"] for code, one in townships.items()} == {
        "370102001": False, "370102002": True}
    assert townships["370102002"]["properties"]["mean_speed"] is None


def test_closed_and_unknown_car_parks_are_not_full(client: httpx.Client) -> None:
    parks = {name: (one["properties"]["vacant"], one["properties"]["full"])
             for name, one in by_id(client, PARKING).items()}
    assert parks == {"some": (40, False), "full": (0, True), "closed": (None, None),
                     "unknown": (None, None), "uncounted": (None, None)}


def test_air_is_gathered_by_station(client: httpx.Client) -> None:
    station = by_id(client, "/v1/air.geojson?window=60")["s1"]
    assert station["geometry"] == {"type": "Point", "coordinates": [117.0203, 36.6612]}
    readings = {one["quantity"]: one["mean_value"] for one in station["properties"]["readings"]}
    assert readings == {"pm2_5": 10.0, "noise": 10.0}


def test_records_carry_their_times(client: httpx.Client) -> None:
    times = {"type": "object", "required": ["observed_at", "computed_at", "published_at"],
             "additionalProperties": {"type": "string", "pattern": TIME}}
    for address in (ROADS, PARKING, "/v1/air.geojson?window=60"):
        for one in by_id(client, address).values():
            found = {name: value for name, value in one["properties"].items()
                     if name.endswith("_at")}
            Draft202012Validator(times).validate(found)
            assert found["observed_at"] <= found["published_at"]
    assert all("received_at" in one["properties"] for one in by_id(client, PARKING).values())


def test_closed_families_fields_and_results_have_no_feed(client: httpx.Client) -> None:
    for name in ("vehicle-position.geojson", "grid-case.geojson", "hotline-call.geojson",
                 "grid-caseload.json", "city-pulse.json"):
        assert client.get(f"/v1/{name}").status_code == 404
    assert set(by_id(client, PARKING)["some"]["properties"]) == {
        "car_park_id", "name", "capacity", "occupied", "status", "area", "observed_at",
        "received_at", "computed_at", "published_at", "basis", "vacant", "full"}


def test_an_unchanged_payload_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get(PARKING)
    tag = first.headers["etag"]
    assert not tag.startswith("W/")
    for sent in ({"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'},
                 {"If-None-Match": "*"}, {"If-Modified-Since": first.headers["last-modified"]}):
        again = client.get(PARKING, headers=sent)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for sent in ({"If-None-Match": '"x"'}, {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
                 {"If-Modified-Since": "never"},
                 {"If-None-Match": '"x"', "If-Modified-Since": first.headers["last-modified"]}):
        assert client.get(PARKING, headers=sent).status_code == 200


def test_gzip_and_identity_are_the_same_data_under_two_tags(client: httpx.Client) -> None:
    plain = client.get(PARKING, headers=PLAIN)
    packed = client.get(PARKING, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in plain.headers["vary"]
    chosen = client.get(PARKING, headers={"Accept-Encoding": "gzip;q=0.1, identity"})
    assert "content-encoding" not in chosen.headers


def test_the_compressed_payload_is_whole(board: Ticking) -> None:
    feed = board.feeds[PARKING]
    found = board.find(feed, {})
    assert found is not None
    assert gzip.decompress(found.compressed) == found.body


def test_head_has_the_headers_of_get_and_no_body(client: httpx.Client) -> None:
    for address in (PARKING, "/v1/openapi.json", "/v1/catalogue"):
        head, get = client.head(address, headers=PLAIN), client.get(address, headers=PLAIN)
        assert (head.status_code, head.content) == (200, b"")
        same = ("etag", "content-length", "content-type", "cache-control")
        assert {one: head.headers[one] for one in same} == {one: get.headers[one] for one in same}
        assert int(head.headers["content-length"]) == len(get.content)


def test_browsers_of_other_origins_may_read(client: httpx.Client) -> None:
    for sent in ({}, {"Origin": "https://example.org"}):
        answer = client.get(PARKING, headers=sent)
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    assert client.options(PARKING, headers=asked).status_code == 200
    refused = client.options(PARKING, headers={**asked, "Access-Control-Request-Method": "PUT"})
    assert refused.status_code == 400


def test_every_answer_has_security_headers_and_caching(client: httpx.Client) -> None:
    for address in (PARKING, "/", "/v1/nope", "/v1/catalogue", f"{PARKING}?{'x' * 600}"):
        answer = client.get(address)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert client.get(PARKING).headers["cache-control"] == "public, max-age=2"


ERRORS: dict[str, tuple[str, str, dict[str, str], int, dict[str, Any]]] = {
    "no such feed": ("GET", "/v1/nope.geojson", {}, 404, {"title_zh": "没有这个地址"}),
    "no such page": ("GET", "/nope", {}, 404, {}),
    "no such schema": ("GET", "/v1/schemas/nope.json", {}, 404, {}),
    "writing": ("POST", PARKING, {}, 405, {}),
    "deleting": ("DELETE", "/", {}, 405, {}),
    "a wrong value": ("GET", f"{AREAS}?level=street", {}, 400,
                      {"parameter": "level", "value": "street", "allowed": ["county", "township"]}),
    "a value twice": ("GET", f"{AREAS}?level=county&level=county", {}, 400, {"parameter": "level"}),
    "an unknown parameter": ("GET", f"{PARKING}?limit=3", {}, 400,
                             {"parameter": "limit", "allowed": []}),
    "a parameter of a page": ("GET", "/v1/openapi.json?x=1", {}, 400, {"parameter": "x"}),
    "a window not published": ("GET", f"{ROADS}?window=300", {}, 400, {"allowed": ["60"]}),
    "another format": ("GET", PARKING, {"Accept": "text/csv"}, 406,
                       {"offered": ["application/geo+json"]}),
    "another encoding": ("GET", PARKING, {"Accept-Encoding": "br, identity;q=0"}, 406, {}),
    "too long a query": ("GET", f"{PARKING}?{'x' * 600}", {}, 414, {}),
}


@pytest.mark.parametrize(("method", "address", "headers", "status", "members"), ERRORS.values(),
                         ids=ERRORS.keys())
def test_errors_are_problem_documents(
        client: httpx.Client, method: str, address: str, headers: dict[str, str], status: int,
        members: dict[str, Any]) -> None:
    answer = client.request(method, address, headers=headers)
    body = answer.json()
    assert (answer.status_code, body["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "title_zh", "instance"} <= set(body)
    assert {name: body[name] for name in members} == members
    if status == 405:
        assert set(answer.headers["allow"].replace(" ", "").split(",")) == {"GET", "HEAD"}


def test_accepted_formats(client: httpx.Client) -> None:
    for accept in ("*/*", "application/*", "application/json", "application/geo+json;q=0.3",
                   "text/html, */*;q=0.1"):
        assert client.get(PARKING, headers={"Accept": accept}).status_code == 200


def test_a_stale_feed_says_so_and_an_old_one_is_unavailable(
        client: httpx.Client, board: Ticking, reach: Reach) -> None:
    assert client.get(PARKING).headers["data-stale"] == "false"
    reach.away = True
    reach.now += 20
    board.tick()
    stale = client.get(PARKING)
    assert (stale.status_code, stale.headers["data-stale"]) == (200, "true")
    assert (stale.headers["data-age-seconds"], stale.json()["stale"]) == ("20", True)
    assert client.get("/health").json()["feeds"][PARKING]["stale"] is True
    reach.now += 3600
    gone = client.get(PARKING)
    assert (gone.status_code, gone.json()["status"]) == (503, 503)
    assert int(gone.headers["retry-after"]) > 0
    assert client.get("/health").status_code == 503


def test_pages_answer(client: httpx.Client) -> None:
    for page in PAGES:
        address = page.path.replace("{name}", page.example)
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"].startswith(page.media)


def test_the_front_page_shows_feeds_and_data(client: httpx.Client, board: Ticking, reach: Reach
                                             ) -> None:
    reach.now = time.time()
    board.tick()
    page = client.get("/").text
    for feed in board.feeds.values():
        assert feed.path in page
        assert feed.title.zh in page
    for word in ("经十路", "CC BY 4.0", "curl", "实时", "Feeds"):
        assert word in page
    heads = re.findall("<th>(.*?)</th>", page)
    assert heads and all(re.search("[\u4e00-\u9fff]", head) for head in heads), heads
    reach.now += 1800
    board.tick()
    assert "source silent for 3" in client.get("/").text


def test_metrics_count_what_was_answered(client: httpx.Client) -> None:
    client.get(PARKING)
    text = client.get("/metrics").text
    assert f'citybrain_feed_requests_total{{path="{PARKING}",status="200"}}' in text
    assert f'citybrain_feed_records{{path="{PARKING}"}} 5.0' in text
