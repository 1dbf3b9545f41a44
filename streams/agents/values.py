"""Compute the declared value of a result row: a measure, or a derived column, in natural units.

A derived column is declared once, as the expression by which the store's view computes it. Here the
same expression is read as arithmetic over measures; the grammar is numbers, column names, + - * /,
parentheses and nullIf(a, b). Nothing else is evaluated, so a declaration can never run code here.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from schemas.declare import ResultTable
from schemas.errors import DeclarationError

Row = Mapping[str, Any]
Value = Callable[[Row], float | None]
COUNTS = ("events", "late")
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def value_names(result: ResultTable) -> tuple[str, ...]:
    """Name everything that a rule may compare: counts, measures and derived columns."""
    return (*COUNTS, *(f.name for f in result.numbers), *(f.name for f in result.derived))


def to_value(result: ResultTable, name: str) -> Value:
    """Give the function from a row to the value `name`; raise DeclarationError when it cannot be.

    The function gives None where the row has no figure or a divisor is zero.
    """
    for field in result.derived:
        if field.name == name:
            return _derived(result, field.sql)
    scales = {name: 1, **{f.name: 10 ** f.decimals for f in result.numbers}}
    if name not in value_names(result):
        raise DeclarationError(f"{result.name} has no measure or derived column {name!r}")
    scale = scales[name]

    def measured(row: Row) -> float | None:
        """Give a measure of one row in natural units."""
        found = row.get(name)
        return None if found is None else found / scale

    return measured


def _derived(result: ResultTable, sql: str) -> Value:
    """Read a derived column's expression; see the module for its grammar."""
    columns = {*COUNTS, *(f.name for f in result.numbers)}
    try:
        tree = ast.parse(sql, mode="eval").body
    except SyntaxError as error:
        raise DeclarationError(f"{result.name}: {sql!r} is not plain arithmetic") from error
    compute = _compile(tree, columns, sql)

    def value(row: Row) -> float | None:
        """Compute the expression over one row."""
        try:
            found = compute(row)
        except (TypeError, ZeroDivisionError, OverflowError):
            return None
        return found if found is not None and math.isfinite(found) else None

    return value


def _compile(node: ast.expr, columns: set[str], sql: str) -> Callable[[Row], Any]:
    """Compile one node; a missing operand makes its operation a TypeError, that is: no value."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return lambda _: number
        case ast.Name(id=name) if name in columns:
            return lambda row: row.get(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            negated = _compile(inner, columns, sql)
            return lambda row: -negated(row)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _ARITHMETIC:
            apply = _ARITHMETIC[type(sign)]
            first, second = _compile(left, columns, sql), _compile(right, columns, sql)
            return lambda row: apply(first(row), second(row))
        case ast.Call(func=ast.Name(id="nullIf"), args=[subject, null], keywords=[]):
            kept, other = _compile(subject, columns, sql), _compile(null, columns, sql)
            return lambda row: None if (found := kept(row)) == other(row) else found
    raise DeclarationError(f"{sql!r} holds more than arithmetic over the result's measures")
