"""Changing a binding file as a careful hand would: what stands there stays as it was written, comments and all."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w

from vj.control.midi.binding import Binding, Light
from vj.control.midi.bindingfile import HEADER, control_lines

_PLAIN = Binding.__dataclass_fields__
_HEAD = "# What {box} does in vj: learnt by hand, and yours to edit. docs/control.md says how.\n\n"


def created(box: str, match: Sequence[str]) -> str:
    """A new file for ``box``, whose ports' names have one of ``match`` in them."""
    named = "".join(letter for letter in box if letter.isprintable())[:80]
    return _HEAD.format(box=named) + tomli_w.dumps({"name": named or "box", "match": [one[:80] for one in match]})


def table_of(binding: Binding) -> dict[str, Any]:
    """A binding as the table of a file, with nothing in it that goes without saying."""
    table: dict[str, Any] = {"control": str(binding.control), "target": binding.target}
    if (binding.low, binding.high) != (0.0, 1.0):
        table["range"] = [binding.low, binding.high]
    names = {"channel": "channel", "bank": "bank", "coding": "relative", "speed": "speed", "accelerate": "accelerate",
             "takeover": "takeover", "press": "button", "set": "set", "step": "step", "when": "when"}
    for field, key in names.items():
        value = getattr(binding, field)
        if value is not None and value != _PLAIN[field].default:
            table[key] = value
    if binding.light is None and binding.target:
        table["light"] = False
    elif binding.light not in (None, Light()):
        table["light"] = _light(binding.light)
    return table


def _light(light: Light) -> dict[str, Any]:
    told = {key: getattr(light, key) for key in ("on", "off", "absent", "channel")}
    told |= {"control": str(light.control)} if light.control else {}
    return {key: value for key, value in told.items() if value is not None}


def added(text: str, binding: Binding) -> str:
    """The file with ``binding`` at its end."""
    table = table_of(binding)
    whole = tomllib.loads(text)
    whole["controls"] = [*whole.get("controls", []), table]
    longer = f"{text.rstrip()}\n\n{_block(table)}"
    return longer if _says(longer, whole) else _dumped(whole)


def _block(table: Mapping[str, Any]) -> str:
    """One control, its light on one line."""
    lines = [HEADER]
    for key, value in table.items():
        if isinstance(value, dict):
            inside = ", ".join(tomli_w.dumps({name: one}).strip() for name, one in value.items())
            lines.append(f"{key} = {{ {inside} }}")
        elif isinstance(value, list):
            inside = ", ".join(tomli_w.dumps({"x": one}).strip().removeprefix("x = ") for one in value)
            lines.append(f"{key} = [{inside}]")
        else:
            lines.append(tomli_w.dumps({key: value}).strip())
    return "\n".join(lines) + "\n"


def _dumped(whole: Mapping[str, Any]) -> str:
    """A file written anew, where its own way of writing left no other."""
    head = tomli_w.dumps({key: value for key, value in whole.items() if key != "controls"})
    return "\n".join([head, *(_block(table) for table in whole.get("controls", []))])


def without(text: str, target: str) -> str:
    """The file without the controls that turn ``target``; of a row only that one target goes."""
    whole = tomllib.loads(text)
    entries = whole.get("controls", [])
    kept = [entry if entry.get("target") != target else None for entry in (_cut(one, target) for one in entries)]
    whole["controls"] = [entry for entry in kept if entry is not None]
    lines, starts = text.splitlines(keepends=True), control_lines(text)
    if len(starts) == len(entries):
        for n in reversed([n for n, entry in enumerate(kept) if entry is None]):
            del lines[starts[n] - 1:_end(lines, starts[n])]
    shorter = "".join(lines)
    return shorter if _says(shorter, whole) else _dumped(whole)


def _end(lines: Sequence[str], start: int) -> int:
    """The line after the last one of the table whose header is line ``start``, counted from 1; words about what comes
    next stay.
    """
    after = next((n for n in range(start, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
    while after > start and (not lines[after - 1].strip() or lines[after - 1].lstrip().startswith("#")):
        after -= 1
    return after


def loses_words(before: str, after: str) -> bool:
    """Has a line of ``before`` with a comment not come along?"""
    lines = {line.strip() for line in after.splitlines()}
    return any("#" in line and line.strip() not in lines for line in before.splitlines())


def _cut(entry: dict[str, Any], target: str) -> dict[str, Any]:
    """A row whose ``target`` does nothing any more."""
    if not isinstance(entry.get("target"), list):
        return entry
    return entry | {"target": ["" if one == target else one for one in entry["target"]]}


def _says(text: str, whole: dict[str, Any]) -> bool:
    """Does the text say what it should? Where no control is left the key may be missing."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return {"controls": [], **told} == whole
