"""What stays of a performance: the recording and the take."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.app.common import Format
from vj.clock import date
from vj.console import Console
from vj.engine import Parts
from vj.options import Options
from vj.params.looks import look_text
from vj.record.reels import Reels
from vj.record.take import TakeWriter, take_folder
from vj.record.takefile import TakeHeader, TrackRef
from vj.record.takesound import NAME, TakeSound
from vj.types import Look, Tick

if TYPE_CHECKING:
    from vj.record.recorder import Recorder, RecordStatus


WALK, SECOND_WALK = "walk", "walk_b"
"""The settings of a take that say where its walks begin, as JSON."""


@dataclass(slots=True)
class Keeping:
    """The reels, which may turn or not, and perhaps a take, tied to an engine's parts."""

    reels: Reels
    take: TakeWriter | None = None
    sound: TakeSound | None = None

    @classmethod
    def open(cls, parts: Parts, options: Options, form: Format, stack: ExitStack, *, track: Path | None,
             duration: float | None) -> Keeping:
        """Begin what ``options`` ask for. Raises VjError where it cannot be written."""
        def recorder(path: Path) -> Recorder:
            from vj.record.recorder import Recorder

            return Recorder.open(path, form.size, form.fps, parts.source.rate)

        keeping = cls(Reels(recorder))
        stack.callback(keeping.close)
        if options.record is not None:
            keeping.reels.use(recorder(options.record))
        parts.sinks.append(keeping.reels)
        parts.heard.append(keeping.reels.sound)
        if options.take is not None:
            header = TakeHeader(parts.stage.look, options.seed or 0, form.size, form.fps, date=date(),
                                settings={"device": options.device} | _walked(parts, options))
            keeping._take(parts, options.take, header, track, duration)
        return keeping

    def _take(self, parts: Parts, wanted: Path, header: TakeHeader, track: Path | None,
              duration: float | None) -> None:
        folder = take_folder(wanted)
        if track is None:
            header = replace(header, sound=NAME)
            self.sound = TakeSound.open(folder, parts.source.rate)
            parts.heard.append(self.sound.put)
        else:
            header = replace(header, track=TrackRef.of(track, folder, duration or 0.0))
        self.take = TakeWriter.open(folder, header)
        parts.stage.shelf.shown.append(_Carrier(self.take).shown)
        parts.stage.shelf.find(parts.stage.look)  # the first one too
        parts.landed.append(self.take.event)
        parts.told.append(self.take.clock)

    def tell(self, console: Console) -> None:
        """Say where things go; a name that was taken gave way to another."""
        if self.reels.status is not None:
            console.message(f"recording to {self.reels.status.path}")
        if self.take is not None:
            console.message(f"keeping the take in {self.take.folder}")

    def counts(self) -> tuple[int, float, str]:
        """Dropped frames, seconds recorded, and what is wrong, for the status line."""
        status = self.reels.status if self.reels.running else None
        return (status.dropped, status.seconds, self.error) if status else (0, 0.0, self.error)

    def close(self, tick: Tick | None = None) -> None:
        """Write everything to its end. Safe to call twice."""
        self.reels.close()
        if self.sound is not None:
            self.sound.close()
        if self.take is not None:
            self.take.close(tick)

    @property
    def error(self) -> str:
        """The first thing that went wrong with a file, or nothing."""
        errors = [self.reels.error, self.take.error if self.take else "",
                  self.sound.error if self.sound else ""]
        return next((error for error in errors if error), "")

    def summary(self) -> dict[str, Any]:
        """For the result line."""
        told: dict[str, Any] = {}
        if files := self._files:
            told |= {"file": files[-1].path, "files": [file.path for file in files],
                     "recorded_frames": sum(file.frames for file in files),
                     "dropped_frames": sum(file.dropped for file in files),
                     "recorded_s": round(sum(file.seconds for file in files), 3), "encoder": files[-1].encoder}
        if self.take is not None:
            told |= {"take": str(self.take.folder), "events": self.take.events}
        return told

    def sentence(self) -> str:
        """What was kept, after a comma."""
        files = [file for file in self._files if not file.error]
        return "".join(f", {file.seconds:.1f} s recorded in {file.path} ({file.dropped} frames dropped)"
                       for file in files)

    @property
    def _files(self) -> list[RecordStatus]:
        """Every recording of the show, the one that runs last."""
        running = [self.reels.status] if self.reels.running and self.reels.status else []
        return [*self.reels.ended, *running]


def _walked(parts: Parts, options: Options) -> dict[str, str]:
    """Where the walks of a show that was taken up again begins."""
    if not options.resume:
        return {}
    begins = parts.second.begins if parts.second is not None else None
    second = {} if begins is None else {SECOND_WALK: json.dumps(dict(begins))}
    return {WALK: json.dumps(parts.stage.decks[0].walk.state())} | second


class _Carrier:
    """Gives a take each look that is not vj's own, once, and again when it has changed."""

    def __init__(self, take: TakeWriter) -> None:
        self._take = take
        self._carried: dict[str, Look] = {}

    def shown(self, name: str, look: Look) -> None:
        """A look is taken from the shelf."""
        if self._carried.get(name) is not look:
            self._carried[name] = look
            self._take.look(name, lambda: look_text(look))
