"""What a show was asked for, whichever command asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vj.types import VjError

MAX_SIDE = 8192
DEFAULT_LOOK = "velvet_hour"
DEFAULT_PORT = 7700
"""Of OSC (UDP) and of the page and OSCQuery (TCP)."""


@dataclass(frozen=True, slots=True)
class Options:
    """One show. None leaves the choice to the machine; ``sets`` are ``PATH=VALUE`` wishes for the first tick."""

    headless: bool = False
    duration: float | None = None
    size: tuple[int, int] | None = None
    fps: float | None = None
    look: str | None = None
    seed: int | None = None
    record: Path | None = None
    take: Path | None = None
    quiet: bool = False
    json: bool = False
    sets: tuple[str, ...] = ()
    device: str = "auto"
    quality: str = "live"
    monitor: str | None = None
    fullscreen: bool = False
    room: bool = True
    clock: str | None = None
    midi_clock: str | None = None
    midi_clock_out: str | None = None
    link: bool = False
    osc_beat: str | None = None
    osc_address: tuple[str, ...] = ()
    control: bool = True
    port: int = DEFAULT_PORT
    listen: str | None = None
    allow: tuple[str, ...] = ()
    osc_out: tuple[str, ...] = ()
    midi: tuple[str, ...] = ()
    no_midi: bool = False
    resume: bool = False
    model: tuple[str, ...] = ()
    lora: tuple[str, ...] = ()
    picture: tuple[str, ...] = ()


def parse_size(text: str) -> tuple[int, int]:
    """``1280x720`` -> (1280, 720). Raises VjError unless both sides are even and from 16 to 8192."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise VjError(f"a size is WIDTHxHEIGHT in pixels, like 1280x720, got {text!r}")
    size = int(width), int(height)
    for side in size:
        if not 16 <= side <= MAX_SIDE or side % 2:
            raise VjError(f"both sides of a size must be even and from 16 to {MAX_SIDE} pixels, got {text!r}")
    return size


def parse_set(text: str) -> tuple[str, float | str]:
    """``/a/walk/speed=0.5`` -> path and value. Raises VjError when there is no ``=``."""
    path, equals, value = text.partition("=")
    if not equals or not path.startswith("/"):
        raise VjError(f"--set takes /PATH=VALUE, like /a/walk/speed=0.5, got {text!r}")
    try:
        return path, float(value)
    except ValueError:
        return path, {"true": 1.0, "false": 0.0}.get(value, value)
