"""What a hand can ask of the show itself: to record, to go full screen, to be locked, to end.

These are parameters like any other, so every surface has them; but they are guarded, and while the show is locked
nobody ends it or its recording by a slip of the hand.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vj.clock import date
from vj.config import recordings_dir
from vj.control.keyboard import HELD
from vj.params.spec import integer, number, switch, text, trigger
from vj.types import ControlEvent, Tick, Value, VjError

if TYPE_CHECKING:
    from vj.mailbox import Inbox
    from vj.params.tree import ParamTree
    from vj.record.reels import Reels

SOURCE = "show"
QUIT, LOCK, FULLSCREEN, RECORD = "/machine/quit", "/machine/lock", "/machine/fullscreen", "/record/on"
LOTS = 1e9
VERBS = {
    "machine": (
        trigger("quit", guarded=True, help="End the show."),
        switch("lock", guarded=True, help="Nothing that ends the show or a recording works while this is on."),
        switch("fullscreen", guarded=True, help="The picture fills its monitor."),
    ),
    "record": (switch("on", guarded=True, help="Record picture and sound to a new file."),),
}
"""Mount -> what a hand can ask there."""
RECORDING = (
    switch("running", help="Frames are being kept."),
    number("seconds", 0.0, 0.0, LOTS, unit="s", help="How long the recording is."),
    number("free_gb", 0.0, 0.0, LOTS, unit="GB", help="Room left on the disk that is recorded to."),
    integer("dropped", 0, 0, int(LOTS), help="Frames that the recording had to leave out."),
    text("file", "", help="The recording's file."),
)
"""What can be read under ``/record``."""
LOOK_AT_DISK = 2.0
"""Seconds between two looks at the disk's free space."""


def recording_name() -> Path:
    """A new recording's path, named by date and time. Raises VjError where there can be none."""
    folder = recordings_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VjError(f"recordings cannot be kept in {folder}: {error.strerror}") from error
    return folder / f"vj {date()[:19].replace('T', ' ').replace(':', '.')}.mkv"


class Verbs:
    """Carries out what lands under ``VERBS``. ``screen`` puts the picture on full screen or takes it back.

    ``ending``: someone has ended the show. ``news()``: sentences for the performer.
    """

    def __init__(self, tree: ParamTree, inbox: Inbox[ControlEvent], reels: Reels, *,
                 name: Callable[[], Path] = recording_name) -> None:
        self.ending = False
        self.screen: Callable[[bool], None] = lambda _: None
        self._tree, self._inbox, self._reels, self._name = tree, inbox, reels, name
        self._sentences: list[str] = []
        self._next_look = 0.0
        self._free = 0.0

    def begin(self, *, fullscreen: bool) -> None:
        """The switches stand as the command line has set things."""
        for path, value in ((FULLSCREEN, fullscreen), (RECORD, self._reels.on)):
            self._tree.apply(ControlEvent(path, value, SOURCE))

    @property
    def locked(self) -> bool:
        """Is the show locked?"""
        return bool(self._tree.base(LOCK))

    def landed(self, _: Tick, event: ControlEvent) -> None:
        """A wish has landed in the tree; if it is one of these, do it."""
        match event.path:
            case "/machine/quit" if event.value:
                self._unless_locked(event, lambda: setattr(self, "ending", True))
            case "/machine/fullscreen":
                self.screen(bool(self._tree.base(FULLSCREEN)))
            case "/record/on" if event.source != SOURCE:
                self._record(event)
            case "/machine/lock":
                self._sentences.append("the show is locked" if self.locked else "the show is unlocked")

    def _record(self, event: ControlEvent) -> None:
        if self._tree.base(RECORD):
            if not self._reels.on:
                self._start()
        elif self._reels.on:
            self._unless_locked(event, self._reels.stop)

    def _start(self) -> None:
        try:
            self._reels.start(self._name())
        except VjError as error:
            self._sentences.append(str(error))
            self._show_recording()

    def _unless_locked(self, event: ControlEvent, act: Callable[[], None]) -> None:
        if event.source == HELD or not self.locked:
            act()
            return
        self._sentences.append("the show is locked: hold K for two seconds to unlock it")
        self._show_recording()

    def _show_recording(self) -> None:
        """The switch stands where the recording is, whatever was wished."""
        if bool(self._tree.base(RECORD)) != self._reels.on:
            self._inbox.put(ControlEvent(RECORD, self._reels.on, SOURCE))

    def news(self) -> list[str]:
        """What has happened since the last call. A recording that failed puts its switch back."""
        if self._reels.news:
            self._show_recording()
        sentences = self._sentences + self._reels.news
        self._sentences, self._reels.news = [], []
        return sentences

    def readings(self, time: float) -> Mapping[str, Value]:
        """The values of ``RECORDING`` at ``time`` seconds of the show."""
        status = self._reels.status
        if time >= self._next_look:
            self._next_look = time + LOOK_AT_DISK
            self._free = _free(Path(status.path).parent if status else recordings_dir())
        running = self._reels.running and status is not None
        return {"running": running, "free_gb": self._free, "file": status.path if status else "",
                "seconds": status.seconds if status and running else 0.0,
                "dropped": status.dropped if status and running else 0}


def _free(folder: Path) -> float:
    """GB left on the disk that ``folder`` lies on, or will; 0 where nothing is known."""
    try:
        return shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free / 1e9
    except OSError:
        return 0.0
