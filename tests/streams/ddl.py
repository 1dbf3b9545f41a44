"""Read column names back out of rendered ClickHouse statements."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")


def written_columns(statement: str) -> list[str]:
    """List the columns of a CREATE TABLE that have no default: those that a writer must give."""
    bare = _QUOTED.sub("''", statement)
    inside = bare[bare.index("(\n") + 2:bare.index("\n)")]
    parts, depth, begun = [], 0, 0
    for at, sign in enumerate(inside + ","):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append(inside[begun:at].strip())
            begun = at + 1
    return [part.split()[0].strip("`") for part in parts if " DEFAULT " not in part]
