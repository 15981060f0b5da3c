"""What a take says: its header, its lines, and how a line of a stranger's file is read without trusting it."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

from vj import __version__
from vj.clockface import OUTSIDE, Reading
from vj.types import ControlEvent, Value, VjError, When

FORMAT = 1
LONGEST_LINE = 65_536
"""Bytes; a longer line is no line of ours."""
LONGEST_HEADER = 2**20
"""Bytes of the first line: it holds every setting of a show."""
LONGEST_TEXT = 4096
"""Characters of a path, a source or a text value."""


@dataclass(frozen=True, slots=True)
class TrackRef:
    """The sound of a take: a file by two paths and by what is in it. ``relative`` is to the take's folder."""

    path: str
    relative: str
    sha256: str
    duration: float

    @classmethod
    def of(cls, track: Path | str, folder: Path | str, duration: float) -> TrackRef:
        """Refer to ``track`` (of ``duration`` seconds) from a take in ``folder``; VjError where it cannot be read."""
        file, home = Path(track).expanduser().resolve(), Path(folder).expanduser().resolve()
        try:
            relative = os.path.relpath(file, home)
        except ValueError:  # another drive on Windows
            relative = file.name
        return cls(str(file), Path(relative).as_posix(), digest(file), duration)


@dataclass(frozen=True, slots=True)
class TakeHeader:
    """What a show was before the first hand touched it.

    ``track`` None: the sound came live and lies in the folder as the file ``sound``.
    ``date`` is told by whoever opens the take; ``settings`` is all else that a replay must know.
    """

    look: str
    seed: int
    size: tuple[int, int]
    fps: float
    track: TrackRef | None = None
    sound: str = ""
    date: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)
    vj: str = __version__
    python: str = field(default_factory=platform.python_version)
    platform: str = field(default_factory=platform.platform)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise VjError(f"{path} cannot be read: {error.strerror or error}") from error


def encode(item: Mapping[str, Any]) -> bytes:
    """One line of a take."""
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """A line back to what it says; ValueError tells what is wrong with it."""
    try:
        item = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error})") from error
    if not isinstance(item, dict):
        raise ValueError("expected an object in braces")
    return item


def header_line(header: TakeHeader) -> bytes:
    """The first line of a take."""
    return encode({"kind": "take", "version": FORMAT, **asdict(header)})


def header_of(item: Mapping[str, Any]) -> TakeHeader:
    """The first line's meaning; ValueError names the field that is missing or wrong."""
    if item.get("kind") != "take":
        raise ValueError("the first line is not the header of a take")
    if item.get("version") != FORMAT:
        raise ValueError(f"version {item.get('version')!r} of the format, this vj reads {FORMAT}")
    return TakeHeader(
        look=_text(item, "look"), seed=_whole(item, "seed"), size=_size(item.get("size")),
        fps=_number(item, "fps", 0.1, 1000.0), track=_track(item.get("track")), sound=_text(item, "sound", ""),
        date=_text(item, "date", ""), settings=_settings(item.get("settings", {})), vj=_text(item, "vj", ""),
        python=_text(item, "python", ""), platform=_text(item, "platform", ""))


def event_line(index: int, time: float, event: ControlEvent) -> bytes:
    """The line of an event that landed at tick ``index``, ``time`` seconds of the show."""
    return encode({"kind": "event", "tick": index, "time": time, **asdict(event)})


def event_of(item: Mapping[str, Any]) -> tuple[float, ControlEvent]:
    """An event line's time and event; ValueError names the field that is missing or wrong."""
    value, unit, when = item.get("value"), item.get("unit", False), item.get("when", "now")
    if not _is_value(value):
        raise ValueError("value must be a number, true, false or a short text")
    if not isinstance(unit, bool):
        raise ValueError("unit must be true or false")
    if when not in get_args(When):
        raise ValueError(f"when must be one of {', '.join(get_args(When))}")
    event = ControlEvent(_text(item, "path"), cast("Value", value), _text(item, "source"), unit, when)
    return _number(item, "time", 0.0, 1e9), event


def clock_line(index: int, time: float, reading: Reading) -> bytes:
    """The line of what another clock said at tick ``index``, ``time`` seconds of the show."""
    return encode({"kind": "clock", "tick": index, "time": time, "reading": asdict(reading)})


def clock_of(item: Mapping[str, Any]) -> tuple[float, Reading]:
    """A clock line's time and reading; ValueError names the field that is missing or wrong."""
    said = item.get("reading")
    if not isinstance(said, dict):
        raise ValueError("reading must be an object in braces")
    flags = [said.get(name) for name in ("playing", "downbeat_known", "phase_known")]
    if not all(isinstance(flag, bool) for flag in flags):
        raise ValueError("playing, downbeat_known and phase_known must be true or false")
    if said.get("source") not in OUTSIDE:
        raise ValueError(f"source must be one of {', '.join(OUTSIDE)}")
    reading = Reading(_number(said, "time", -1e9, 1e9), _number(said, "beats", -1e9, 1e9),
                      _number(said, "bpm", 1.0, 1000.0), bool(flags[0]), str(said["source"]), bool(flags[1]),
                      bool(flags[2]))
    return _number(item, "time", 0.0, 1e9), reading


def look_line(name: str, text: str) -> bytes:
    """The line of a look that is not vj's own, before the event that shows it for the first time. ValueError where it
    is too long for a line.
    """
    line = encode({"kind": "look", "name": name, "toml": text})
    if len(line) >= LONGEST_LINE:
        raise ValueError(f"the look {name!r} has {len(line)} bytes, a take's lines have room for {LONGEST_LINE}")
    return line


def look_of(item: Mapping[str, Any]) -> tuple[str, str]:
    """A look line's name and the text of its file; ValueError names the field that is missing or wrong."""
    name, text = item.get("name"), item.get("toml")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,40}", name):
        raise ValueError("name must be a look's name")
    if not isinstance(text, str):
        raise ValueError("toml must be the text of a look")
    return name, text


def end_line(index: int, time: float, events: int) -> bytes:
    """The last line: the show ended at this tick, and it was meant."""
    return encode({"kind": "end", "tick": index, "time": time, "events": events})


def end_of(item: Mapping[str, Any]) -> float:
    """The end line's time."""
    return _number(item, "time", 0.0, 1e9)


def _size(item: object) -> tuple[int, int]:
    if isinstance(item, list) and len(item) == 2 and all(type(side) is int and 0 < side < 65_536 for side in item):
        return item[0], item[1]
    raise ValueError("size must be two whole numbers, width and height")


def _track(item: object) -> TrackRef | None:
    if item is None:
        return None
    if not isinstance(item, dict):
        raise ValueError("track must be an object in braces")
    return TrackRef(_text(item, "path"), _text(item, "relative"), _text(item, "sha256"),
                    _number(item, "duration", 0.0, 1e9))


def _settings(item: object) -> dict[str, Value]:
    if not (isinstance(item, dict) and len(item) <= 10_000 and all(_is_value(value) for value in item.values())):
        raise ValueError("settings must be names with plain values")
    return item


def _is_value(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT
    return isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))


def _text(item: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = item.get(name, default)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ValueError(f"{name} must be a text of at most {LONGEST_TEXT} characters")
    return value


def _whole(item: Mapping[str, Any], name: str) -> int:
    value = item.get(name)
    if type(value) is not int:
        raise ValueError(f"{name} must be a whole number")
    return value


def _number(item: Mapping[str, Any], name: str, lo: float, hi: float) -> float:
    value = item.get(name)
    if type(value) not in (int, float) or not lo <= cast("float", value) <= hi:
        raise ValueError(f"{name} must be a number from {lo:g} to {hi:g}")
    return float(cast("float", value))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number here")
