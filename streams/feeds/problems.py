"""Say what is wrong with the parameters of a request for a feed."""

from __future__ import annotations

from streams.problems import Problem


def bad_parameter(name: str, value: str, allowed: tuple[str, ...]) -> Problem:
    """Say that a parameter may not have this value."""
    listed = ", ".join(allowed)
    return Problem(400, "bad-parameter", f"{name}={value[:64]!r} is not one of {listed}",
                   f"参数 {name} 只能取 {listed}", parameter=name, value=value[:64],
                   allowed=list(allowed))


def unknown_parameter(name: str, known: tuple[str, ...]) -> Problem:
    """Say that a parameter does not exist."""
    listed = ", ".join(known) or "none"
    return Problem(400, "unknown-parameter",
                   f"there is no parameter {name[:64]!r}; parameters here: {listed}",
                   f"没有参数 {name[:64]}", parameter=name[:64], allowed=list(known))
