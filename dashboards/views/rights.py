"""Say which role sees which page of the console, once: pages, navigation and proofs follow."""

from __future__ import annotations

from schemas import registry
from streams.staff import Role

WORKS = frozenset({Role.OFFICER, Role.OPERATOR, Role.ADMIN})
RUNS = frozenset({Role.OPERATOR, Role.AUDITOR, Role.ADMIN})
ALL = frozenset(Role)

# the families whose pages have a name of their own
NAMED = {"grid-case": "cases", "hotline-call": "calls", "service-item": "services",
         "alert": "alerts"}
GROUPS: dict[str, dict[str, frozenset[Role]]] = {
    "group.work": {"cases": WORKS, "calls": WORKS, "services": WORKS, "alerts": WORKS,
                   "areas": ALL},
    "group.system": {"dead-letters": RUNS, "publishers": RUNS, "feedback": RUNS, "catalogue": ALL},
}


def list_pages() -> dict[str, dict[str, frozenset[Role]]]:
    """List pages by group with the roles that see them: the console's own, then declarations.

    Single events are for who works with them; results for all.
    """
    return GROUPS | {
        "group.events": {name: WORKS for name in sorted(registry.families()) if name not in NAMED},
        "group.results": dict.fromkeys(sorted(registry.results()), ALL)}
