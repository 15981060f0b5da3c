"""What stays of a performance: the recording and the take."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.app.common import Format
from vj.clock import date
from vj.console import Console
from vj.engine import Parts
from vj.options import Options
from vj.record.take import TakeWriter, take_folder
from vj.record.takefile import TakeHeader, TrackRef
from vj.record.takesound import NAME, TakeSound
from vj.types import Tick

if TYPE_CHECKING:
    from vj.record.recorder import Recorder


@dataclass(slots=True)
class Keeping:
    """A recorder, a take, both or neither, tied to an engine's parts."""

    recorder: Recorder | None = None
    take: TakeWriter | None = None
    sound: TakeSound | None = None

    @classmethod
    def open(cls, parts: Parts, options: Options, form: Format, stack: ExitStack, *, track: Path | None,
             duration: float | None) -> Keeping:
        """Begin what ``options`` ask for. Raises VjError where it cannot be written."""
        keeping = cls()
        stack.callback(keeping.close)
        if options.record is not None:
            keeping._record(parts, options.record, form)
        if options.take is not None:
            header = TakeHeader(parts.stage.look, options.seed or 0, form.size, form.fps, date=date(),
                                settings={"device": options.device})
            keeping._take(parts, options.take, header, track, duration)
        return keeping

    def _record(self, parts: Parts, path: Path, form: Format) -> None:
        from vj.record.recorder import Recorder

        self.recorder = Recorder.open(path, form.size, form.fps, parts.source.rate)
        parts.sinks.append(self.recorder)
        parts.heard.append(self.recorder.sound)

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
        parts.landed.append(self.take.event)
        parts.told.append(self.take.clock)

    def tell(self, console: Console) -> None:
        """Say where things go; a name that was taken gave way to another."""
        if self.recorder is not None:
            console.message(f"recording to {self.recorder.path}")
        if self.take is not None:
            console.message(f"keeping the take in {self.take.folder}")

    def counts(self) -> tuple[int, float, str]:
        """Dropped frames, seconds recorded, and what is wrong, for the status line."""
        if self.recorder is None:
            return 0, 0.0, self.error
        status = self.recorder.status
        return status.dropped, status.seconds, self.error

    def close(self, tick: Tick | None = None) -> None:
        """Write everything to its end. Safe to call twice."""
        if self.recorder is not None:
            self.recorder.close()
        if self.sound is not None:
            self.sound.close()
        if self.take is not None:
            self.take.close(tick)

    @property
    def error(self) -> str:
        """The first thing that went wrong with a file, or nothing."""
        errors = [self.recorder.status.error if self.recorder else "", self.take.error if self.take else "",
                  self.sound.error if self.sound else ""]
        return next((error for error in errors if error), "")

    def summary(self) -> dict[str, Any]:
        """For the result line."""
        told: dict[str, Any] = {}
        if self.recorder is not None:
            status = self.recorder.status
            told |= {"file": status.path, "recorded_frames": status.frames, "dropped_frames": status.dropped,
                     "recorded_s": round(status.seconds, 3), "encoder": status.encoder}
        if self.take is not None:
            told |= {"take": str(self.take.folder), "events": self.take.events}
        return told

    def sentence(self) -> str:
        """What was kept, after a comma."""
        if self.recorder is None or self.recorder.status.error:
            return ""
        status = self.recorder.status
        return f", {status.seconds:.1f} s recorded in {status.path} ({status.dropped} frames dropped)"
