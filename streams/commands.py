"""Say what staff may do, as messages: each command is checked here and written to its topic."""

from __future__ import annotations

import msgspec

from schemas.errors import CityBrainError, ComponentError
from streams.agents.history import list_topics, open_reader, read_back
from streams.agents.rules import Rule, RuleRefusedError, to_rule
from streams.kept import write_kept

RULES = "rules"
ACCOUNT = "agents"
CONFIRM_SECONDS = 15.0


class UnknownRuleError(CityBrainError):
    """Tell that no rule has this id."""


def read_rules(account: str = ACCOUNT) -> dict[str, Rule]:
    """Read the rules as they stand, by id; records that are no rule are passed over."""
    consumer = open_reader(account, "agents-rules")
    try:
        partitions = list_topics(consumer).get(RULES)
        if partitions is None:
            raise ComponentError(f"the topic {RULES!r} does not exist yet; is the city up?")
        found: dict[str, Rule] = {}
        for message in read_back(consumer, RULES, partitions, None, {}):
            key, body = (message.key() or b"").decode(errors="replace"), message.value()
            found.pop(key, None)
            if body is not None:
                try:
                    found[key] = to_rule(body)
                except RuleRefusedError:
                    continue
        return dict(sorted(found.items()))
    finally:
        consumer.close()


def put_rules(rules: list[Rule], account: str = ACCOUNT) -> None:
    """Add or replace rules; raise ComponentError when the broker does not confirm."""
    encode = msgspec.json.Encoder().encode
    write_kept(account, RULES, {rule.id: encode(rule) for rule in rules}, CONFIRM_SECONDS)


def remove_rule(rule_id: str, account: str = ACCOUNT) -> None:
    """Remove a rule; raise UnknownRuleError when there is none of this id."""
    known = read_rules(account)
    if rule_id not in known:
        raise UnknownRuleError(f"no rule {rule_id!r}; known: {', '.join(known) or 'none'}")
    write_kept(account, RULES, {rule_id: None}, CONFIRM_SECONDS)
