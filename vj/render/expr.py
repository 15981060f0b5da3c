"""Size expressions of an ISF pass (``"floor($WIDTH/2.0)"``): a tiny parser, never eval."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping

from vj.types import VjError

Variables = Mapping[str, float]
Expression = Callable[[Variables], float]
_Operator = Callable[[float, float], float]

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*|\.\d+)|\$([A-Za-z_]\w*)|([A-Za-z_]\w*)|(.))")
_MAX_LENGTH = 100
_FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "floor": (1, math.floor), "ceil": (1, math.ceil), "round": (1, round), "abs": (1, abs), "sqrt": (1, math.sqrt),
    "min": (2, min), "max": (2, max), "pow": (2, math.pow),
}
_SUMS = {"+": operator.add, "-": operator.sub}
_PRODUCTS = {"*": operator.mul, "/": operator.truediv, "%": math.fmod}


def parse_size(text: str, known: Collection[str] = ("WIDTH", "HEIGHT")) -> Expression:
    """The expression as a function of its ``$NAMES``, all ``known``. Raises VjError saying what was not understood."""
    if len(text) > _MAX_LENGTH:
        raise VjError(f"the size expression is longer than {_MAX_LENGTH} characters")
    parser = _Parser(text, known)
    expression = parser.sum()
    if parser.ahead:
        raise VjError(f"the size expression {text!r} goes wrong at {parser.ahead!r}")
    return expression


def size_value(expression: Expression, variables: Variables, limit: int) -> int:
    """The expression as whole pixels, 1..limit; an impossible sum (division by zero) is 1."""
    try:
        value = expression(variables)
    except (ArithmeticError, ValueError):
        return 1
    return max(1, min(int(value), limit)) if isinstance(value, int | float) and math.isfinite(value) else 1


class _Parser:
    """Recursive descent: sum > product > sign > atom."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self.text = text
        self._known = known
        self._tokens = [m.groups() for m in _TOKEN.finditer(text.rstrip())]
        self._at = 0

    @property
    def ahead(self) -> str:
        """The token not read yet, empty at the end."""
        return next(part for part in self._tokens[self._at] if part) if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, ...]:
        if self._at >= len(self._tokens):
            raise VjError(f"the size expression {self.text!r} ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, sign: str) -> None:
        if self.ahead != sign:
            raise VjError(f"the size expression {self.text!r} needs {sign!r} before {self.ahead or 'its end'!r}")
        self._at += 1

    def sum(self) -> Expression:
        return self._chain(_SUMS, self._product)

    def _product(self) -> Expression:
        return self._chain(_PRODUCTS, self._signed)

    def _chain(self, table: Mapping[str, _Operator], part: Callable[[], Expression]) -> Expression:
        left = part()
        while self.ahead in table:
            left = _binary(table[self._take()[3]], left, part())
        return left

    def _signed(self) -> Expression:
        if self.ahead == "-":
            self._at += 1
            inner = self._signed()
            return lambda variables: -inner(variables)
        return self._atom()

    def _atom(self) -> Expression:
        number, variable, function, sign = self._take()
        if number:
            value = float(number)
            return lambda _: value
        if variable:
            return self._lookup(variable)
        if function:
            return self._call(function)
        if sign != "(":
            raise VjError(f"the size expression {self.text!r} goes wrong at {sign!r}")
        inner = self.sum()
        self._expect(")")
        return inner

    def _lookup(self, name: str) -> Expression:
        if name not in self._known:
            raise VjError(f"the size expression {self.text!r} names ${name}, which is no number here")
        return lambda variables: variables[name]

    def _call(self, name: str) -> Expression:
        if name not in _FUNCTIONS:
            raise VjError(f"the size expression {self.text!r} calls {name!r}; known: {', '.join(sorted(_FUNCTIONS))}")
        count, function = _FUNCTIONS[name]
        self._expect("(")
        arguments = [self.sum()]
        while len(arguments) < count:
            self._expect(",")
            arguments.append(self.sum())
        self._expect(")")
        return lambda variables: function(*(argument(variables) for argument in arguments))


def _binary(function: _Operator, left: Expression, right: Expression) -> Expression:
    return lambda variables: function(left(variables), right(variables))
