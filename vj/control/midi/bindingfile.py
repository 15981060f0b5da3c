"""Binding files: TOML that a performer can read and write. Every mistake is told with its file, line and key.

A row of controls is one entry: ``control = "cc 16..23"`` with a list of targets, or with ``{n}`` in the target, which
counts from 1. What a name from a file does is look something up; nothing in it is run, or matched as a pattern.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from vj.control.midi.binding import BANKS, LITS, PRESSES, Binding, Layout, Light
from vj.control.midi.controls import Control, read_controls
from vj.control.midi.places import check_target
from vj.control.midi.relative import CODINGS
from vj.control.midi.takeover import MODES
from vj.registry import suggest
from vj.types import VjError, When

MAX_BYTES = 256 * 1024
MOST = 1024
"""Controls in one file."""
KEYS = ("name", "match", "outputs", "fallback", "only", "channel", "banked", "lights", "colours", "controls")
CONTROL_KEYS = ("control", "target", "channel", "bank", "relative", "speed", "accelerate", "takeover", "range",
                "invert", "button", "set", "step", "when", "light")
LIGHT_KEYS = ("on", "off", "absent", "control", "channel")
WHENS: tuple[When, ...] = ("now", "beat", "bar")
HEADER = "[[controls]]"
T = TypeVar("T", bound=str)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says: its layout, and what in it is wrong and therefore left out."""

    layout: Layout
    wrong: tuple[str, ...] = ()


def read_text(path: Path) -> str:
    """The file's text. Raises VjError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise VjError(f"{path}: a binding file is at most {MAX_BYTES // 1024} KiB")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise VjError(f"{path}: this binding file cannot be read: {error}") from error


def read_layout(path: Path) -> Reading:
    """The layout in ``path``. A control that is wrong is left out and told; raises VjError when all is."""
    return parse_layout(read_text(path), str(path))


def parse_layout(text: str, where: str) -> Reading:
    """As ``read_layout``, from a text; ``where`` names it in what is told."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise VjError(f"{where}: this binding file cannot be read: {error}") from error
    _known(table, KEYS, where)
    layout = _head(table, where)
    entries = _get(table, "controls", where, [], _is_list, "a list of tables")
    lines = control_lines(text)
    bindings: list[Binding] = []
    wrong: list[str] = []
    for n, entry in enumerate(entries, 1):
        line = f", line {lines[n - 1]}" if len(lines) == len(entries) else ""
        try:
            bindings += _row(entry, layout, f"{where}{line}: control {n}")
        except VjError as error:
            wrong.append(str(error))
    if len(bindings) > MOST:
        raise VjError(f"{where}: a box has at most {MOST} controls, here are {len(bindings)}")
    return Reading(replace(layout, controls=tuple(bindings)), tuple(wrong))


def control_lines(text: str) -> list[int]:
    """The lines, counted from 1, at which the controls of a file begin."""
    return [n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(HEADER)]


def _head(table: Mapping[str, Any], where: str) -> Layout:
    match = _texts(table, "match", where)
    return Layout(
        name=_get(table, "name", where, "", _is_text, "a text of 1 to 80 letters"),
        match=match,
        outputs=_texts(table, "outputs", where) or match,
        fallback=_get(table, "fallback", where, False, _is_bool, "true or false"),
        only=_get(table, "only", where, False, _is_bool, "true or false"),
        channel=_get(table, "channel", where, 1, _within(1, 16), "a channel from 1 to 16"),
        banked=_get(table, "banked", where, False, _is_bool, "true or false"),
        lights=_one_of(table, "lights", where, LITS) or "all",
        colours=_colours(table, where),
    )


def _row(entry: Any, layout: Layout, where: str) -> list[Binding]:
    if not isinstance(entry, dict):
        raise VjError(f"{where} must be a table")
    _known(entry, CONTROL_KEYS, where)
    text = _get(entry, "control", where, None, _is_text, "a text like 'cc 21'")
    where = f"{where} ({text})"
    try:
        controls = read_controls(text)
    except VjError as error:
        raise VjError(f"{where}: 'control': {error}") from error
    first = _binding(entry, controls[0], layout, where)
    return [replace(first, control=control, target=target, light=_at(first.light, n))
            for n, (control, target) in enumerate(zip(controls, _targets(entry, len(controls), where), strict=True))]


def _at(light: Light | None, n: int) -> Light | None:
    """The light of the n-th control in a row."""
    if light is None or light.control is None:
        return light
    return replace(light, control=replace(light.control, number=light.control.number + n))


def _binding(entry: Mapping[str, Any], control: Control, layout: Layout, where: str) -> Binding:
    low, high = _range(entry, where)
    binding = Binding(
        control, "",
        channel=_get(entry, "channel", where, None, _within(1, 16), "a channel from 1 to 16"),
        bank=_get(entry, "bank", where, 0, _within(0, BANKS), f"a bank from 1 to {BANKS}, or 0 for all of them"),
        coding=_one_of(entry, "relative", where, CODINGS),
        speed=float(_get(entry, "speed", where, 1.0, _between(0.01, 100.0), "a number from 0.01 to 100")),
        accelerate=_get(entry, "accelerate", where, False, _is_bool, "true or false"),
        takeover=_one_of(entry, "takeover", where, MODES) or "pickup",
        low=low, high=high,
        press=_one_of(entry, "button", where, PRESSES),
        set=_get(entry, "set", where, None, _is_value, "a number, true, false or a text"),
        step=_get(entry, "step", where, None, _between(-1e6, 1e6), "a number of steps"),
        when=_one_of(entry, "when", where, WHENS) or "now",
        where=where)
    if binding.coding and binding.button:
        raise VjError(f"{where}: 'relative' is for encoders, and 'button', 'set', 'step' and notes are for what is "
                      "pressed")
    return replace(binding, light=_light(entry, binding, layout, where))


def _range(entry: Mapping[str, Any], where: str) -> tuple[float, float]:
    low, high = _get(entry, "range", where, [0.0, 1.0], _is_range, "two different numbers from 0 to 1, like [0.2, 0.8]")
    invert = _get(entry, "invert", where, False, _is_bool, "true or false")
    return (float(high), float(low)) if invert else (float(low), float(high))


def _targets(entry: Mapping[str, Any], many: int, where: str) -> list[str]:
    target = entry.get("target")
    targets = target if isinstance(target, list) else [target] * many
    if not all(isinstance(one, str) and len(one) <= 200 for one in targets) or len(targets) != many:
        raise VjError(f"{where}: 'target' must be a path like '/a/walk/speed', or a list of {many} of them, "
                      f"got {target!r}")
    named = [one.replace("{n}", str(n)) for n, one in enumerate(targets, 1)]
    for one in named:
        try:
            check_target(one)
        except VjError as error:
            raise VjError(f"{where}: 'target': {error}") from error
    return named


def _light(entry: Mapping[str, Any], binding: Binding, layout: Layout, where: str) -> Light | None:
    """Its light as told; as the layout has it where nothing is told."""
    told = entry.get("light")
    if told is None or told is True:
        lit = layout.lights == "all" or (layout.lights == "buttons" and binding.button)
        lit = lit or told is True
        return Light() if lit and binding.control.kind != "program" else None
    if told is False:
        return None
    if not isinstance(told, dict):
        raise VjError(f"{where}: 'light' must be true, false or a table like {{ on = 127 }}, got {told!r}")
    at = f"{where}: 'light'"
    _known(told, LIGHT_KEYS, at)
    own = _get(told, "control", at, None, _is_text_or_none, "a text like 'cc 48'")
    return Light(_colour(told, "on", 127, layout, at), _colour(told, "off", 0, layout, at),
                 _colour(told, "absent", 0, layout, at),
                 control=read_controls(own)[0] if own else None,
                 channel=_get(told, "channel", at, None, _within(1, 16), "a channel from 1 to 16"))


def _colour(table: Mapping[str, Any], key: str, usual: int, layout: Layout, where: str) -> int:
    value = table.get(key, usual)
    if isinstance(value, str):
        if value not in layout.colours:
            raise VjError(f"{where}: {key!r}: there is no colour {value!r} under 'colours'"
                          f"{suggest(value, list(layout.colours))}")
        return layout.colours[value]
    return int(_get(table, key, where, usual, _within(0, 127), "a number from 0 to 127 or one of the 'colours'"))


def _colours(table: Mapping[str, Any], where: str) -> dict[str, int]:
    colours = _get(table, "colours", where, {}, lambda value: isinstance(value, dict), "a table of names and numbers")
    for name in colours:
        _get(colours, name, f"{where}: 'colours'", 0, _within(0, 127), "a number from 0 to 127")
    return dict(colours)


# ------------------------------------------------------------------------------------------ one key


def _known(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in table:
        if key not in keys:
            raise VjError(f"{where}: unknown key {key[:80]!r}{suggest(key[:80], list(keys))}")


def _get(table: Mapping[str, Any], key: str, where: str, usual: Any,  # noqa: PLR0917
         right: Callable[[Any], bool], expected: str) -> Any:
    if key not in table and (usual is not None or right(None)):
        return usual
    value = table.get(key, usual)
    if not right(value):
        got = f", got {value!r:.80}" if key in table else ", and is missing"
        raise VjError(f"{where}: {key!r} must be {expected}{got}")
    return value


def _one_of(table: Mapping[str, Any], key: str, where: str, names: Sequence[T]) -> T | None:
    value = table.get(key)
    if value is not None and value not in names:
        raise VjError(f"{where}: {key!r} must be one of {', '.join(names)}, got {value!r:.80}")
    return cast("T | None", value)


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    return tuple(_get(table, key, where, [], lambda value: _is_list(value) and all(map(_is_text, value)),
                      "a list of texts"))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 80


def _is_text_or_none(value: Any) -> bool:
    return value is None or _is_text(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_value(value: Any) -> bool:
    """A value to set, or none at all."""
    return value is None or _is_bool(value) or _is_number(value) or (isinstance(value, str) and len(value) <= 2000)


def _is_range(value: Any) -> bool:
    return (isinstance(value, list) and len(value) == 2 and all(_is_number(end) and 0 <= end <= 1 for end in value)
            and value[0] != value[1])


def _within(low: int, high: int) -> Callable[[Any], bool]:
    """A whole number, or none at all."""
    return lambda value: value is None or (isinstance(value, int) and not _is_bool(value) and low <= value <= high)


def _between(low: float, high: float) -> Callable[[Any], bool]:
    """A number, or none at all."""
    return lambda value: value is None or (_is_number(value) and low <= value <= high)
