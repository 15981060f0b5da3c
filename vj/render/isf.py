"""ISF 2.0: a shader file with its inputs and passes declared in a leading JSON comment.

``parse`` turns the text of one file into an :class:`Effect`; ``glsl`` makes the program text from it.
The format: https://github.com/mrRay/ISF_Spec. What the file says is data: bounded in size, never evaluated.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from vj.params.spec import choice, colour, integer, number, switch, trigger
from vj.render.expr import Expression, parse_size
from vj.types import Curve, ParamSpec, VjError

Role = Literal["filter", "transition", "generator"]

MAX_BYTES = 256 * 1024
MAX_INPUTS = 48
MAX_PASSES = 16
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}")
_HEADER = re.compile(r"\s*/\*(.*?)\*/", re.DOTALL)
_FED_IMAGES = ("inputImage", "startImage", "endImage")


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input. ``type`` as ISF names it; ``values`` are the numbers behind a ``long``'s labels."""

    name: str
    type: str
    specs: tuple[ParamSpec, ...] = ()
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pass:
    """One drawing pass. Without a ``target`` it draws the effect's picture. ``full``: as large as the output."""

    target: str
    persistent: bool
    full: bool
    width: Expression
    height: Expression


@dataclass(frozen=True, slots=True)
class Effect:
    """A parsed ISF shader. ``source`` is the author's text, line for line, the JSON header blanked."""

    name: str
    description: str
    role: Role
    inputs: tuple[Input, ...]
    params: tuple[ParamSpec, ...]
    passes: tuple[Pass, ...]
    source: str
    path: Path

    @property
    def images(self) -> tuple[str, ...]:
        """The pictures it is fed: none, ``inputImage``, or ``startImage`` and ``endImage``."""
        return tuple(i.name for i in self.inputs if i.type == "image")

    @property
    def targets(self) -> dict[str, Pass]:
        """Its own buffers by name, each as first declared."""
        found: dict[str, Pass] = {}
        for step in self.passes:
            if step.target:
                found.setdefault(step.target, step)
        return found


def load(path: Path) -> Effect:
    """Parse a file. Raises VjError naming the file and, where there is one, the line."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise VjError(f"{path}: a shader may have {MAX_BYTES // 1024} kB, this file is larger")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise VjError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise VjError(f"{path}: is not UTF-8 text") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Effect:
    """Parse the text of one ISF file; ``path`` names it in errors and gives the effect its name."""
    reader = _Reader(text, path)
    inputs = reader.inputs()
    names = tuple(i.name for i in inputs)
    return Effect(path.stem, reader.words("DESCRIPTION"), _role(names, reader), inputs,
                  tuple(spec for i in inputs for spec in i.specs), reader.passes(inputs), reader.source, path)


def _role(names: Sequence[str], reader: _Reader) -> Role:
    fed = [name for name in names if name in _FED_IMAGES]
    if fed == ["inputImage"]:
        return "filter"
    if set(fed) == {"startImage", "endImage"}:
        if "progress" not in names:
            reader.fail("INPUTS", "a transition needs a float input called progress")
        return "transition"
    if fed:
        reader.fail(fed[0], "expected inputImage alone, or startImage together with endImage")
    return "generator"


class _Reader:
    """The header of one file, and where in the file a complaint belongs."""

    def __init__(self, text: str, path: Path) -> None:
        self._path = path
        match = _HEADER.match(text.lstrip("\ufeff"))
        if match is None:
            raise VjError(f"{path}:1: expected a leading /* {{JSON}} */ comment")
        head = text[: text.index("*/") + 2]
        self._head = head
        self._data = self._decode(match.group(1))
        self.source = "\n" * head.count("\n") + text[len(head):]

    def _decode(self, text: str) -> dict[str, Any]:
        first = self._head[: self._head.index("/*")].count("\n") + 1
        try:
            data = json.loads(text, parse_constant=lambda word: self.fail(word, f"{word} is not a number"))
        except json.JSONDecodeError as error:
            raise VjError(f"{self._path}:{first + error.lineno - 1}: bad JSON: {error.msg}") from error
        except (RecursionError, ValueError) as error:
            raise VjError(f"{self._path}:{first}: bad JSON: too deep or too long") from error
        if not isinstance(data, dict):
            raise VjError(f"{self._path}:{first}: expected a JSON object in the leading comment")
        if data.get("IMPORTED"):
            self.fail("IMPORTED", "imported pictures are not supported")
        return data

    def fail(self, near: str, message: str) -> NoReturn:
        """Raise VjError with the line of the header where ``near`` stands."""
        at = self._head.find(f'"{near}"')
        line = self._head[: max(at, 0)].count("\n") + 1
        raise VjError(f"{self._path}:{line}: {message}")

    def words(self, key: str) -> str:
        value = self._data.get(key, "")
        return " ".join(value.split())[:500] if isinstance(value, str) else ""

    def _objects(self, key: str, limit: int) -> list[dict[str, Any]]:
        items = self._data.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items) or len(items) > limit:
            self.fail(key, f"{key}: expected a list of at most {limit} objects")
        return items

    def inputs(self) -> tuple[Input, ...]:
        found: dict[str, Input] = {}
        for item in self._objects("INPUTS", MAX_INPUTS):
            name = item.get("NAME")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                self.fail(str(name), f"expected an input's NAME of letters, digits and _, got {name!r}")
            if name in found:
                self.fail(name, f"two inputs are called {name}")
            found[name] = self._input(name, item)
        return tuple(found.values())

    def _input(self, name: str, item: Mapping[str, Any]) -> Input:
        kind = item.get("TYPE")
        if kind == "image":
            if name not in _FED_IMAGES:
                self.fail(name, f"nothing feeds the image {name}; expected {', '.join(_FED_IMAGES)}")
            return Input(name, "image")
        make = _MAKERS.get(kind) if isinstance(kind, str) else None
        if make is None:
            self.fail(name, f"input {name} has the unknown type {kind!r}; expected image, {', '.join(_MAKERS)}")
        try:
            return make(name, item)
        except VjError as error:
            self.fail(name, f"input {name}: {error}")

    def passes(self, inputs: Sequence[Input]) -> tuple[Pass, ...]:
        items = self._objects("PASSES", MAX_PASSES) or [{}]
        return tuple(self._pass(item, inputs) for item in items)

    def _pass(self, item: Mapping[str, Any], inputs: Sequence[Input]) -> Pass:
        target = item.get("TARGET") or ""
        taken = {i.name for i in inputs}
        if target and (not isinstance(target, str) or not _NAME.fullmatch(target) or target in taken):
            self.fail(str(target), f"expected a TARGET name that no input has, got {target!r}")
        known = ["WIDTH", "HEIGHT", *(i.name for i in inputs if i.type == "float")]
        try:
            width, height = (parse_size(str(item.get(key, f"${key}")), known) for key in ("WIDTH", "HEIGHT"))
        except VjError as error:
            self.fail(str(target), f"pass {target}: {error}")
        full = "WIDTH" not in item and "HEIGHT" not in item
        return Pass(target, bool(item.get("PERSISTENT", False)), full, width, height)


# ------------------------------------------------------------------------------- inputs -> parameters


def _real(item: Mapping[str, Any], key: str, fallback: float) -> float:
    value = item.get(key, fallback)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise VjError(f"{key} should be a finite number, got {value!r}")
    return float(value)


def _range(item: Mapping[str, Any], fallback: float = 0.0) -> tuple[float, float, float]:
    """DEFAULT, MIN, MAX of a float: a missing bound is 0 or 1, widened to hold the default."""
    default = _real(item, "DEFAULT", _real(item, "MIN", fallback))
    lo, hi = _real(item, "MIN", min(0.0, default)), _real(item, "MAX", max(1.0, default))
    if not lo <= default <= hi or lo == hi:
        raise VjError(f"DEFAULT {default:g} should lie in MIN {lo:g} .. MAX {hi:g}")
    return default, lo, hi


def _help(item: Mapping[str, Any]) -> str:
    return str(item.get("LABEL", ""))[:200]


def _float(name: str, item: Mapping[str, Any]) -> Input:
    default, lo, hi = _range(item)
    curve: Curve = item.get("CURVE", "linear")
    if curve not in ("linear", "log", "square") or (curve == "log" and lo <= 0):
        raise VjError(f"CURVE should be linear, square, or log with a MIN above 0, got {curve!r}")
    smooth = _real(item, "SMOOTH", 0.05)
    return Input(name, "float", (number(name, default, lo, hi, curve=curve, unit=str(item.get("UNIT", ""))[:12],
                                        smooth=smooth, help=_help(item)),))


def _bool(name: str, item: Mapping[str, Any]) -> Input:
    return Input(name, "bool", (switch(name, bool(item.get("DEFAULT", False)), help=_help(item)),))


def _event(name: str, item: Mapping[str, Any]) -> Input:
    return Input(name, "event", (trigger(name, help=_help(item)),))


def _long(name: str, item: Mapping[str, Any]) -> Input:
    values = item.get("VALUES")
    if not values:
        default, lo, hi = _range(item)
        return Input(name, "long", (integer(name, round(default), round(lo), round(hi), help=_help(item)),))
    if not isinstance(values, list) or not all(isinstance(v, int) for v in values) or len(values) > 64:
        raise VjError("VALUES should be a list of at most 64 whole numbers")
    labels = item.get("LABELS") or values
    if not isinstance(labels, list) or len(labels) != len(values):
        raise VjError("LABELS should be a list as long as VALUES")
    default = item.get("DEFAULT", values[0])
    if default not in values:
        raise VjError(f"DEFAULT {default!r} should be one of VALUES")
    words = [str(label)[:40] for label in labels]
    return Input(name, "long", (choice(name, words[values.index(default)], words, help=_help(item)),), tuple(values))


def _axis(item: Mapping[str, Any], index: int) -> dict[str, Any]:
    """One axis of a point2D's DEFAULT, MIN, MAX."""
    axis: dict[str, Any] = {}
    for key in ("DEFAULT", "MIN", "MAX"):
        pair = item.get(key)
        if pair is not None:
            if not isinstance(pair, list) or len(pair) != 2:
                raise VjError(f"{key} should be a list of two numbers")
            axis[key] = pair[index]
    return axis


def _point(name: str, item: Mapping[str, Any]) -> Input:
    ranges = [_range(_axis(item, index)) for index in (0, 1)]
    return Input(name, "point2D", tuple(
        number(f"{name}_{axis}", *span, help=f"{_help(item)} {axis}".strip())
        for axis, span in zip("xy", ranges, strict=True)))


def _color(name: str, item: Mapping[str, Any]) -> Input:
    parts = item.get("DEFAULT", [1.0, 1.0, 1.0, 1.0])
    if not isinstance(parts, list) or len(parts) not in (3, 4):
        raise VjError("DEFAULT should be a list of three or four numbers")
    levels = [min(max(_real({"DEFAULT": part}, "DEFAULT", 1.0), 0.0), 1.0) for part in [*parts, 1.0][:4]]
    code = "#" + "".join(f"{round(level * 255):02x}" for level in levels)
    return Input(name, "color", (colour(name, code, help=_help(item)),))


_MAKERS = {"float": _float, "bool": _bool, "event": _event, "long": _long, "point2D": _point, "color": _color}
