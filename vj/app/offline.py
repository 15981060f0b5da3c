"""``vj render``: a track or a take into a file, the same bits every time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj import __version__, offline
from vj.app.autosave import stand
from vj.app.common import Format, apart, assemble
from vj.app.keeping import SECOND_WALK, WALK, Keeping
from vj.app.lookfiles import open_shelf
from vj.app.props import equipped, looked_at
from vj.app.screen import CPU_SCALE, on_cpu
from vj.clock import OfflineClock, now
from vj.clockface import Reading
from vj.console import Console, Progress
from vj.engine import Engine
from vj.latency import OFFSET
from vj.options import DEFAULT_LOOK, Options
from vj.params.looks import look_of
from vj.params.shelf import SNAPSHOT, Shelf
from vj.timeline.clocks import TakenClocks
from vj.timeline.timeline import Timeline
from vj.types import ControlEvent, Tick, VjError

if TYPE_CHECKING:
    from vj.audio.source import TrackSource
    from vj.record.segments import SegmentWriter
    from vj.render.compositor import GLCompositor

RATES, CPU_RATE = ("/a/deck/rate", "/b/deck/rate"), 12
"""Where the generator runs on a CPU, images a second: more than a live show there gets."""
SIZE, FPS = (1280, 720), 30.0
"""What is rendered when nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be rendered: a track, the options, and the gestures of a take, with what other clocks said."""

    track: Path
    options: Options
    form: Format
    events: Sequence[tuple[float, ControlEvent]] = ()
    clocks: Sequence[tuple[float, Reading]] = ()
    length: float | None = None
    shelf: Shelf = field(default_factory=open_shelf)
    walk: Mapping[str, Any] | None = None
    second_walk: Mapping[str, Any] | None = None


def render(path: Path, options: Options, *, resume: bool = False, workers: int | None = None) -> None:
    """Render ``path`` to ``options.record``. Raises VjError; Ctrl-C leaves a playable file and can be resumed."""
    from vj.audio.source import TrackSource

    console = Console(quiet=options.quiet, as_json=options.json)
    job = job_of(path, looked_at(options))
    job.shelf.find(job.options.look or DEFAULT_LOOK)
    with ExitStack() as stack:
        source = TrackSource.open(job.track)
        stack.callback(source.close)
        frames = frames_of(source.duration if job.length is None else min(job.length, source.duration), job)
        _run(job, source, frames, console, stack, resume=resume, workers=workers or os.cpu_count() or 1)


def job_of(path: Path, options: Options) -> Job:
    """A track as asked for; a take with its own look, seed, size and gestures, unless the options say otherwise."""
    if not path.expanduser().is_dir():
        apart(path, options.record)
        return Job(path, equipped(options), Format(options.size or SIZE, options.fps or FPS))
    from vj.record.take import Take

    take = Take.load(path)
    head = take.header
    look = options.look or head.look
    seed = head.seed if options.seed is None else options.seed
    form = Format(options.size or head.size, options.fps or head.fps)
    gestures = [(time, event) for time, event in take.events if event.path != OFFSET]  # the room's, not the show's
    return Job(take.sound(), replace(options, look=look, seed=seed), form, gestures, take.clocks,
               take.ended if take.complete else None,  # a show cut short is rendered as far as its sound goes
               brought(take.looks, str(path)), walked(head.settings.get(WALK), str(path)),
               walked(head.settings.get(SECOND_WALK), str(path)))


def walked(text: object, where: str) -> Mapping[str, Any] | None:
    """Where a take's walk begins; None at its beginning. Raises VjError."""
    if text is None:
        return None
    try:
        state = json.loads(str(text))
    except ValueError as error:
        raise VjError(f"{where}: where the walk begins cannot be read: {error}") from error
    return state if isinstance(state, dict) else {}


def brought(looks: Mapping[str, str], where: str) -> Shelf:
    """The shelf for a take: the looks it brings with it, before those that are here. Raises VjError."""
    shelf = open_shelf()
    for name, text in looks.items():
        look = look_of(name.partition("@")[0], text, f"{where}: look {name}")
        shelf.put(name, look) if name.startswith(SNAPSHOT) else shelf.bring(name, look)
    return shelf


def frames_of(seconds: float, job: Job) -> int:
    """How many frames the render has: at least one."""
    wanted = min(seconds, job.options.duration) if job.options.duration else seconds
    return max(round(wanted * job.form.fps), 1)


def _run(job: Job, source: TrackSource, frames: int, console: Console, stack: ExitStack, *, resume: bool,
         workers: int) -> None:
    from vj.record.segments import SegmentWriter
    from vj.runner.inline import InlineRunner

    if job.options.record is None:
        raise VjError("a render needs a file to write: -o FILE")
    writer = SegmentWriter.open(job.options.record, job.form.size, job.form.fps, settings=settings(job, source, frames),
                                resume=resume)
    stack.callback(writer.close)
    engine, compositor = _engine(job, source, writer, stack)
    keeping = Keeping.open(engine.parts, replace(job.options, record=None), job.form, stack, track=job.track,
                           duration=source.duration)
    runner = InlineRunner(job.options.device, workers)
    stack.callback(runner.close)
    with finishing(writer, source, console, frames):
        start = _take_up(engine, compositor, writer, job.form.fps)
        progress = stack.enter_context(Progress(console, frames, start, job.form.fps))

        def before(tick: Tick) -> None:
            if tick.index > start and writer.begins(tick.index):
                writer.checkpoint(tick.index, compositor.state())
            progress.at(tick.index)

        offline.render(engine, OfflineClock(job.form.fps, frames, start), runner, 2 * workers, before)
        keeping.close(Tick(frames, frames / job.form.fps, 1.0 / job.form.fps))


def _engine(job: Job, source: TrackSource, writer: SegmentWriter, stack: ExitStack) -> tuple[Engine, GLCompositor]:
    from vj.render.compositor import GLCompositor
    from vj.render.context import headless_context
    from vj.render.effects import EffectLibrary

    effects, context, full = EffectLibrary.open(), headless_context(), job.options.quality == "full"
    scale = CPU_SCALE if on_cpu(context) and not full else 1.0
    compositor = GLCompositor(context, job.form.size, effects, scale=scale)
    stack.callback(compositor.close)
    parts = assemble(source, compositor, effects, job.options if full else _as_live(job.options), job.form,
                     shelf=job.shelf)
    if job.walk is not None:
        stand(parts.stage.decks[0].walk, job.walk)
    if parts.second is not None:
        parts.second.begins = job.second_walk
    parts.timeline, parts.clocks = Timeline(job.events), TakenClocks(job.clocks)
    parts.sinks.append(writer)
    return Engine(parts, strict=True), compositor


def _as_live(options: Options) -> Options:
    """Where the generator runs on a CPU, an image a few times a second, unless a rate was asked for."""
    from vj.runner.device import pick_device

    if pick_device(options.device) != "cpu":
        return options
    return replace(options, sets=(*(f"{rate}={CPU_RATE}" for rate in RATES), *options.sets))


def _take_up(engine: Engine, compositor: GLCompositor, writer: SegmentWriter, fps: float) -> int:
    """Bring the engine to where the last render stopped; the frame to go on with."""
    point = writer.resume_point
    if point.frame and point.state is not None:
        moment = offline.fast_forward(engine, OfflineClock(fps, point.frame))
        if moment is not None:
            engine.hang(moment)
        compositor.restore(point.state)
    return point.frame


@contextmanager
def finishing(writer: SegmentWriter, source: TrackSource, console: Console, frames: int) -> Iterator[None]:
    """Join the file at the end, and also when the render was interrupted."""
    began = now()
    try:
        yield
    except KeyboardInterrupt:
        with closing(source.reopen()) as sound:
            done = writer.interrupt(sound)
        console.message(f"interrupted: {done or 'nothing'} holds {writer.frames} of {frames} frames; "
                        "the same command with --resume goes on")
        raise
    with closing(source.reopen()) as sound:
        path = writer.finish(sound)
    seconds = now() - began
    console.result({"file": str(path), "frames": frames, "seconds": round(seconds, 3)},
                   f"{path}: {frames} frames in {seconds:.1f} s")


def settings(job: Job, source: TrackSource, frames: int) -> Mapping[str, object]:
    """All that decides what the pictures look like: a resumed render must have the same."""
    from vj.record.takefile import digest

    o = job.options
    look = asdict(job.shelf.find(o.look or DEFAULT_LOOK))
    return {"vj": __version__, "track": digest(job.track), "look": _hash(look), "look name": look["name"],
            "seed": o.seed or 0, "set": list(o.sets), "device": o.device, "quality": o.quality, "frames": frames,
            "rate": source.rate,
            "files": [list(o.model), list(o.lora), list(o.picture)],
            "walk": _hash(job.walk), "walk_b": _hash(job.second_walk),
            "gestures": _hash([(time, asdict(event)) for time, event in job.events]),
            "clocks": _hash(list(job.clocks))}


def _hash(thing: object) -> str:
    return hashlib.sha256(repr(thing).encode()).hexdigest()[:16]
