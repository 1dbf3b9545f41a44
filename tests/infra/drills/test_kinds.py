"""Test that each kind of bad record is what it says, and fares with gate and door as declared."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from infra.drills.calls import BARRED, CALLS
from infra.drills.draft import Draft, draft
from infra.drills.kinds import COPY, GOOD, KINDS, Door, Fate, Kind
from schemas import registry
from schemas.errors import Reason, Refusal
from schemas.wire import check
from streams.gate import Gate, Verdict
from streams.intake.items import Item
from streams.intake.judge import judge
from streams.origin import refuse_payload
from streams.privacy import Pseudonyms
from streams.record import Record

NOW, PUBLISHER = 1_764_000_000_000, "drill-bad-input"
HEADERS = ("ce_id", "ce_time", "replay", "map_error", "ce_source")
# what no record of a publisher can be given: other doors, or errors of ours
ELSEWHERE = {Reason.INTERNAL}


def make(kind: Kind) -> Draft:
    """Draft a record of a kind."""
    one = draft(kind.family, "e1", "marker", PUBLISHER, random.Random(1), NOW)
    kind.spoil(one)
    return one


def at_the_gate(kind: Kind) -> Fate:
    """Let a gate judge a record of a kind, after the good event that it may repeat."""
    gate = Gate(locate=lambda lon, _: [""] * len(lon), to_wgs84=lambda _, lon, lat: (lon, lat),
                datum_of=lambda _: "wgs84", may_replay=lambda _: False,
                pseudonyms=Pseudonyms(b"key"), clock=lambda: NOW)
    topic = f"raw-{PUBLISHER}--{kind.topic or kind.family}"
    one = make(kind)
    headers = dict(one.headers)
    records = [Record(topic, 0, 0, NOW + 50, one.body, *(headers.get(name) for name in HEADERS))]
    if kind.fate == COPY:
        records.append(Record(topic, 0, 1, NOW + 60, one.body))
    judged = gate.judge(records)[-1]
    if judged.verdict in {Verdict.ACCEPTED, Verdict.DUPLICATE}:
        return GOOD if judged.verdict is Verdict.ACCEPTED else COPY
    letter = json.loads(judged.body)
    return Fate(letter["reason"], letter["field"])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_fares_as_declared(kind: Kind) -> None:
    assert at_the_gate(kind) == kind.fate
    one = make(kind)
    if Door.HTTP in kind.doors and kind.fate != COPY:
        found = judge(Item(one.body or b""), PUBLISHER, registry.get_family(kind.family), NOW).found
        refused = Fate(found.reason, found.field) if isinstance(found, Refusal) else GOOD
        assert refused == kind.fate
    if Door.CLASS in kind.doors:
        refusal = check(registry.get_family(kind.family), one.encoded()) or refuse_payload(
            one.encoded(), PUBLISHER)
        assert refusal is not None and Fate(refusal.reason, refusal.field) == kind.fate


def test_there_are_at_least_sixty_kinds_and_each_reason_has_one() -> None:
    names = Counter([one.name for one in KINDS] + [one.name for one in CALLS]
                    + [one.name for one in BARRED])
    assert len(KINDS) >= 60 and set(names.values()) == {1}
    told = {one.fate.reason for one in KINDS} | {
        one.told.reason for one in CALLS if isinstance(one.told, Fate)}
    assert {*Reason} - told == ELSEWHERE


def test_good_drafts_are_good() -> None:
    for family in registry.families().values():
        one = draft(family.name, "e1", "marker", PUBLISHER, random.Random(1), NOW)
        assert check(family, one.encoded()) is None
