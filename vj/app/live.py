"""``vj play`` and ``vj live``: a performance, in a window or headless, recorded or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vj.app.autopilot import Autopilot
from vj.app.autosave import Autosave, State, read, resumed, take_up
from vj.app.boxes import open_midi
from vj.app.clocks import as_chosen, open_clocks
from vj.app.common import apart, assemble, chosen_look
from vj.app.keeping import Keeping
from vj.app.lookfiles import LookFiles, open_shelf
from vj.app.network import Network, open_network
from vj.app.operator import Operator
from vj.app.page import invite
from vj.app.props import equipped, looked_at
from vj.app.room import as_calibrated
from vj.app.screen import Screening
from vj.app.surfaces import Opener, open_desk, open_surfaces, report_surfaces
from vj.app.verbs import Verbs
from vj.clock import WallClock
from vj.config import bundled_track
from vj.console import Console
from vj.control.desk import Desk
from vj.engine import Engine, Parts
from vj.options import Options
from vj.params.crossfade import position
from vj.performance import Performance
from vj.status import Status
from vj.types import AudioSource, VjError

if TYPE_CHECKING:
    from vj.runner.process import ProcessRunner


OPENERS: tuple[Opener, ...] = (open_network, open_midi)
"""The control surfaces, in the order in which they are opened."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Where a performance's sound and its time come from. ``start`` begins it and gives the show's clock.

    ``capture`` gives the seconds by which the newest sound is late: none for a track, whose position is what is heard.
    ``state`` tells how often sound was lost, and what is wrong with the device.
    """

    source: AudioSource
    start: Callable[[ExitStack], Callable[[], float] | None]
    duration: float | None = None
    track: Path | None = None
    capture: Callable[[], float] = lambda: 0.0
    state: Callable[[], tuple[int, str]] = lambda: (0, "")


class News:
    """Says a sentence when it is new: the status line, which repeats it, is not kept."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def tell(self, sentence: str) -> None:
        """Say ``sentence``, unless it is the last one still, or nothing."""
        if sentence not in (self._last, ""):
            self._console.message(sentence)
        self._last = sentence


def play(track: Path | None, output: str | None, options: Options) -> None:
    """Perform ``track`` (None: the bundled one). Raises VjError."""
    from vj.audio.playback import Playback
    from vj.audio.source import TrackSource

    path = track or bundled_track()
    apart(path, options.record)
    with ExitStack() as stack:
        source = TrackSource.open(path)
        stack.callback(source.close)
        playing: list[Playback] = []

        def start(stack: ExitStack) -> Callable[[], float] | None:
            playback = Playback.open(source.reopen(), output)
            if playback is None:
                return None
            stack.callback(playback.close)
            playing.append(playback)
            return playback.position

        def state() -> tuple[int, str]:
            return (playing[0].underruns, playing[0].message) if playing else (0, "")

        _perform(Sound(source, start, source.duration, path, state=state), options, stack)


def live(name: str | None, channels: tuple[int, int] | None, options: Options) -> None:
    """Perform ``channels`` of the input called ``name`` (None: the default one). Raises VjError."""
    from vj.audio.device import Capture

    with ExitStack() as stack:
        capture = Capture.open(name, channels)
        stack.callback(capture.close)
        _perform(Sound(capture.source, lambda _: capture.position, capture=lambda: capture.latency,
                       state=lambda: (capture.overruns, capture.message)), options, stack)


@dataclass(frozen=True, slots=True)
class House:
    """A show made ready: ``options`` are what it was asked for in the end."""

    options: Options
    console: Console
    screening: Screening
    files: LookFiles
    parts: Parts


def _perform(sound: Sound, options: Options, stack: ExitStack) -> None:
    options = looked_at(equipped(as_chosen(as_calibrated(options))))
    console = Console(quiet=options.quiet, as_json=options.json)
    last = _last(options, console)
    runner = _runner(resumed(options, last), stack)
    house = _build(sound, options, last, console, stack)
    keeping = Keeping.open(house.parts, house.options, house.screening.form, stack, track=sound.track,
                           duration=sound.duration)
    keeping.tell(console)
    house.parts.clocks = open_clocks(house.options, stack)
    engine = Engine(house.parts, strict=False)
    verbs = Verbs(house.parts.tree, house.parts.inbox, keeping.reels)
    operator = _hands(engine, house, verbs, stack)
    ends = [seconds for seconds in (options.duration, sound.duration) if seconds is not None]
    duration = min(ends) if ends else None
    clock = _clock(sound, house, duration, stack)
    performance = Performance(engine, clock, runner, screen=operator, hands=operator, kept=keeping.counts,
                              tell=_teller(house, sound, verbs, operator, duration or 0.0), capture=sound.capture,
                              sound=sound.state)
    try:
        performance.run()
    finally:
        keeping.close(performance.tick)
        _conclude(performance, keeping, console)


def _build(sound: Sound, wanted: Options, last: State | None, console: Console, stack: ExitStack) -> House:
    """Screen and engine's parts, with the last show's state in them where it goes on."""
    options = resumed(wanted, last)
    screening = Screening.open(options, stack)
    files = LookFiles.open()
    stack.callback(files.close)
    parts = assemble(sound.source, screening.compositor, screening.effects, options, screening.form,
                     shelf=open_shelf(files))
    screening.rehearse(parts.stage)
    if last is not None:
        _take_up(parts, last, console, scene=wanted.look is None)
    return House(options, console, screening, files, parts)


def _hands(engine: Engine, house: House, verbs: Verbs, stack: ExitStack) -> Operator:
    """All that steers the show: surfaces, autopilot, keys."""
    parts, screening = house.parts, house.screening
    desk = open_desk(engine)
    house.files.say = desk.say
    _accompany(parts, desk, stack)
    surfaces = open_surfaces(desk, house.options, stack, OPENERS)
    report_surfaces(engine, surfaces)
    for network in (surface for surface in surfaces if isinstance(surface, Network)):
        invite(network.pages, house.console)
        parts.sinks.append(screening.preview(desk.views, lambda: shown_look(parts), stack))
    verbs.begin(fullscreen=screening.display.fullscreen)
    parts.landed.append(verbs.landed)
    return Operator(screening.display, engine, screening.compositor, house.console, notes=desk.notes, verbs=verbs)


def shown_look(parts: Parts) -> str:
    """The look that the wall shows by itself; nothing while two are mixed."""
    if len(parts.awake) == 1:
        return parts.stage.look
    at = position(parts.tree.bases("mix"))
    return "" if 0.0 < at < 1.0 else parts.awake[round(at)].look


def _clock(sound: Sound, house: House, duration: float | None, stack: ExitStack) -> WallClock:
    """The sound begins, and the show's time with it."""
    position = sound.start(stack)
    if position is None:
        house.console.message("there is no sound output here: the show runs in real time, without sound")
    return WallClock(house.screening.form.fps, duration, position, slack=house.screening.slack)


def _teller(house: House, sound: Sound, verbs: Verbs, operator: Operator,
            duration: float) -> Callable[[float, Status], None]:
    """Tells how the show goes, to everybody who shows it."""
    news = News(house.console)

    def tell(at: float, status: Status) -> None:
        house.parts.tree.report("record", verbs.readings(at))
        news.tell(sound.state()[1])
        house.console.status(at, status, duration)
        operator.tell(status)

    return tell


def _accompany(parts: Parts, desk: Desk, stack: ExitStack) -> None:
    """What goes along with a live show: the autopilot, and the autosave."""
    pilot = Autopilot(parts.tree, parts.stage, parts.inbox.put, parts.second)
    parts.minds.append(pilot.hear)
    parts.landed.append(pilot.landed)
    autosave = Autosave.open(parts)
    stack.callback(autosave.close)
    autosave.say = desk.say


def _last(options: Options, console: Console) -> State | None:
    """The show that is to go on, if there is one. One that cannot be read is told, and a new one begins."""
    if not options.resume:
        return None
    try:
        last = read()
    except VjError as error:
        console.message(str(error))
        return None
    if last is None:
        console.message("there is no show to go on with: a new one begins")
    return last


def _take_up(parts: Parts, last: State, console: Console, *, scene: bool) -> None:
    try:
        take_up(parts, last, scene=scene)
    except VjError as error:
        console.message(str(error))


def _runner(options: Options, stack: ExitStack) -> ProcessRunner:
    """The generator's process, started first: it needs the longest to be ready."""
    from vj.runner.process import ProcessRunner

    runner = ProcessRunner(options.device)
    runner.start(chosen_look(options.look).generator)
    stack.callback(runner.close)
    return runner


def _conclude(performance: Performance, keeping: Keeping, console: Console) -> None:
    """Say how it went. A recording that could not be written to its end is an error, after the show."""
    summary = performance.summary() | keeping.summary()
    console.result(summary, f"{summary['frames']} frames, {summary['fps']:.1f} fps, "
                            f"{summary['images']} images{keeping.sentence()}")
    if keeping.error:
        raise VjError(keeping.error)
