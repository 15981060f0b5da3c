"""``vj calibrate``: flashes and clicks at the same moment, and what taps or a loopback say of the difference."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.app.calibration_run import Calibration, Loopback, Playing
from vj.calibration import FEWEST, Session
from vj.clock import WallClock
from vj.console import Console
from vj.latency import OFFSET
from vj.options import Options
from vj.room import keep_offset, kept_offset
from vj.types import VjError

if TYPE_CHECKING:
    from vj.audio.metronome import Metronome
    from vj.render.display import Display
    from vj.render.testcard import TestCard

RATES = (48000, 44100)
CLICKS = 12
"""Clicks that a loopback is measured with where nobody taps."""
GRACE = 4.0
"""Seconds that such a measurement may take longer than its clicks."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for beside a show's options: devices by name, a light sensor, another file to keep it in."""

    input: str | None = None
    output: str | None = None
    light: bool = False
    save: Path | None = None
    clicks: int = CLICKS


def calibrate(wishes: Wishes, options: Options) -> None:
    """Run ``vj calibrate``. Raises VjError."""
    if options.headless and wishes.input is None:
        raise VjError("without a window there is nothing to tap to: name the input that hears the click, --input NAME")
    if wishes.light and (wishes.input is None or options.headless):
        raise VjError("--light needs a window to look at, and --input NAME, whose second channel is the sensor")
    console = Console(quiet=options.quiet, as_json=options.json)
    began = kept_offset(wishes.save) or 0.0
    with ExitStack() as stack:
        run, clock = _made(wishes, options, began, stack)
        console.message(f"listening for {wishes.clicks} clicks, one a second" if options.headless else
                        "the window says what to do; the offset is kept when you press ENTER at the end")
        for tick in clock:
            if run.turn(tick) or (options.headless and _heard_enough(run, wishes.clicks, tick.time)):
                break
        _conclude(run, wishes, console, headless=options.headless)


def _made(wishes: Wishes, options: Options, offset: float, stack: ExitStack) -> tuple[Calibration, WallClock]:
    from vj.audio.echo import Listener

    display, card, fps, slack = _screen(options, stack)
    loopback_source = _input(wishes, stack)
    metronome, playing = _output(wishes.output, stack)
    loopback = None
    if loopback_source is not None:
        loopback = Loopback(loopback_source, playing, Listener(loopback_source.source.rate, wishes.light),
                            metronome.sounds)
    run = Calibration(playing, metronome, Session(offset), display=display, card=card, loopback=loopback,
                      light=wishes.light)
    return run, WallClock(fps, options.duration, playing.position, slack=slack)


def _screen(options: Options, stack: ExitStack) -> tuple[Display | None, TestCard | None, float, float]:
    """Window, card, frames a second and slack: as a show on this machine has them."""
    if options.headless:
        return None, None, 50.0, 0.0
    from vj.app.screen import ON_GPU, WINDOW_SLACK, format_of
    from vj.render.display import WindowDisplay
    from vj.render.testcard import TestCard

    display = WindowDisplay.open(options.size or ON_GPU.size, title="vj calibrate", monitor=options.monitor,
                                 fullscreen=options.fullscreen)
    stack.callback(display.close)
    card = TestCard(display.context)
    stack.callback(card.release)
    fps = format_of(options, display.context).fps
    return display, card, fps, WINDOW_SLACK if fps >= 50 else 0.0


def _input(wishes: Wishes, stack: ExitStack) -> Any:
    from vj.audio.device import Capture

    if wishes.input is None:
        return None
    capture = Capture.open(wishes.input)
    stack.callback(capture.close)
    if wishes.light and capture.source.channels < 2:
        raise VjError(f"the input {wishes.input!r} has one channel: --light needs a second one for the sensor")
    return capture


def _output(name: str | None, stack: ExitStack) -> tuple[Metronome, Playing]:
    """The metronome playing, at a rate that the output takes."""
    from vj.audio.metronome import Metronome
    from vj.audio.playback import Playback

    for rate in RATES:
        metronome = Metronome(rate)
        try:
            playing = Playback.open(metronome, name)
        except VjError:
            if rate == RATES[-1]:
                raise
            continue
        if playing is not None:
            stack.callback(playing.close)
            return metronome, playing
    raise VjError("there is no sound output here that could click")


def _heard_enough(run: Calibration, clicks: int, second: float) -> bool:
    return run.loopback is None or len(run.loopback.sounds) >= clicks or second > clicks + GRACE


def _conclude(run: Calibration, wishes: Wishes, console: Console, *, headless: bool) -> None:
    """Say what was found, and keep the offset when it was agreed to."""
    told: dict[str, Any] = {"offset_ms": run.session.offset, "saved": None}
    sentences = []
    if run.loopback is not None:
        told |= _loopback(run.loopback)
        sentences.append(_heard(run.loopback, wishes.input or "", strict=headless))
    advice = run.advice
    if advice is not None:
        told |= {"late_ms": round(advice.late, 1), "within_ms": round(advice.within, 1),
                 "advised_ms": advice.offset, "taps": run.session.seen.count + run.session.heard.count}
        sentences.append(f"the picture is seen {advice.late:+.0f} ms after the sound (±{advice.within:.0f}); "
                         f"--set {OFFSET}={advice.offset:g} brings them together")
    if run.kept:
        told["offset_ms"] = round(run.session.offset, 1)
        told["saved"] = str(keep_offset(run.session.offset, wishes.save))
        sentences.append(f"kept {OFFSET}={run.session.offset:g} in {told['saved']}")
    console.result(told, "\n".join(sentences) or "nothing was measured, nothing is kept")


def _loopback(loopback: Loopback) -> dict[str, Any]:
    trip, (output, input_) = loopback.trip, loopback.stated
    return {"clicks": len(loopback.sounds), "clicks_listened_for": loopback.looked,
            "round_trip_ms": round(trip.median, 2), "jitter_ms": round(trip.spread, 2), "output_ms": round(output, 2),
            "capture_ms": round(input_, 2), "error_ms": round(loopback.error, 2), "flashes": len(loopback.lights)}


def _heard(loopback: Loopback, name: str, *, strict: bool) -> str:
    """The loopback in words. Raises VjError when nothing else was asked for and it heard next to nothing."""
    if len(loopback.sounds) < FEWEST:
        heard = f"the input {name!r} heard {len(loopback.sounds)} of {loopback.looked} clicks"
        if strict:
            raise VjError(f"{heard}: connect the output to it, or turn up what it hears")
        return heard
    output, input_ = loopback.stated
    trip = loopback.trip
    return (f"{len(loopback.sounds)} of {loopback.looked} clicks came back, after {trip.median:.1f} ms, "
            f"jitter {trip.spread:.1f} ms; the drivers state {output + input_:.1f} ms (output {output:.1f}, "
            f"input {input_:.1f}): error {loopback.error:+.1f} ms")
