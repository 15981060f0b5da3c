"""One calibration as it goes: the field, the keys, the clicks that come back. It reads no clock and opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from vj.app.calibration_card import lines
from vj.calibration import Advice, Session, Spread, advised
from vj.clock import now
from vj.latency import LatencyMeter
from vj.types import Tick

if TYPE_CHECKING:
    from vj.audio.echo import Listener
    from vj.audio.metronome import Metronome
    from vj.render.display import Display
    from vj.render.testcard import TestCard

NUDGE = 5.0
"""Milliseconds that an arrow key moves the offset by."""
LEAVE = ("Q", "ESCAPE")


class Playing(Protocol):
    """The metronome on its way out. ``latency``: seconds that the driver states."""

    latency: float

    def position(self) -> float: ...


class Hearing(Protocol):
    """An input that hears it."""

    source: Any
    latency: float

    def position(self) -> float: ...


class Loopback:
    """What an input says of the clicks: how much later than their moment they are there.

    ``sounds`` tells whether there is one at a whole second.
    """

    def __init__(self, hearing: Hearing, playing: Playing, listener: Listener,
                 sounds: Callable[[int], bool] = lambda _: True) -> None:
        self.sounds: list[float] = []
        self.lights: list[float] = []
        self.looked = 0
        self._hearing, self._playing, self._listener = hearing, playing, listener
        self._expected = sounds

    def listen(self) -> None:
        """Take what has come since the last call."""
        played, captured = self._playing.position(), self._hearing.position()
        for echo in self._listener.hear(self._hearing.source.read(captured), played, captured):
            self.looked += self._expected(echo.second)
            if echo.sound is not None:
                self.sounds.append(echo.sound)
            if echo.light is not None:
                self.lights.append(echo.light)

    @property
    def trip(self) -> Spread:
        """From a sample's being handed to the output until it is there at the input."""
        return Spread.of([sound + self._playing.latency for sound in self.sounds])

    @property
    def error(self) -> float:
        """Milliseconds by which that is longer than both drivers state."""
        return self.trip.median - 1000.0 * (self._playing.latency + self._hearing.latency)

    @property
    def stated(self) -> tuple[float, float]:
        """What the drivers state, milliseconds: output and input."""
        return 1000.0 * self._playing.latency, 1000.0 * self._hearing.latency

    def advice(self, offset: float) -> Advice | None:
        """What sensor and microphone together say of the picture."""
        return advised(Spread.of(self.lights), Spread.of(self.sounds), offset)

    def words(self) -> str:
        """One line."""
        if not self.sounds:
            return "the input hears no click yet"
        trip = self.trip
        return f"click back after {trip.median:.1f} ms, jitter {trip.spread:.1f}, error {self.error:+.1f}"


class Calibration:
    """One run: every turn lights or darkens the field, takes the keys, listens. Drives no clock of its own."""

    def __init__(self, playing: Playing, metronome: Metronome, session: Session, *, display: Display | None = None,
                 card: TestCard | None = None, loopback: Loopback | None = None, light: bool = False,
                 wall: Callable[[], float] = now) -> None:
        self.session = session
        self.loopback = loopback
        self.kept = False
        self._playing, self._metronome = playing, metronome
        self._display, self._card, self._light = display, card, light
        self._wall = wall
        self._late = LatencyMeter()
        self._polled: float | None = None
        if light:  # nothing is tapped: flash and click together from the start
            session.phase = "check"
        metronome.switch(session.clicking or display is None, 0.0)

    @property
    def advice(self) -> Advice | None:
        """The sensor's word where there is one, else the hand's."""
        if self.loopback is not None and self._light:
            return self.loopback.advice(self.session.measured)
        return self.session.advice

    def turn(self, tick: Tick) -> bool:
        """One frame; True when it is over."""
        began = self._wall()
        if self.loopback is not None:
            self.loopback.listen()
        if self._display is None or self._card is None:
            return False
        self._draw(self._display, self._card, tick)
        if self._display.glass is not None:
            self._late.shown(self._wall() - began, self._display.glass, tick.dt)
        return self._read_keys(self._display)

    def _draw(self, display: Display, card: TestCard, tick: Tick) -> None:
        seen = tick.time + self._late.now().lead(self.session.offset / 1000.0)
        heard = self.loopback.words() if self.loopback else ""
        words = lines(self.session, self.advice, tick.time, heard, self._light)
        display.present(card.frame(self.session.lit(seen), words), tick.time)

    def _read_keys(self, display: Display) -> bool:
        """What was pressed since the last look; a tap was made, as likely as not, half way since then."""
        here = self._playing.position()
        tapped = here if self._polled is None else 0.5 * (self._polled + here)
        self._polled = here
        pressed = display.keys()
        ends = [self._press(key, tapped, display) for key in pressed]  # all of them, before the answer
        return any(ends) or display.closing

    def _press(self, key: str, second: float, display: Display) -> bool:
        """One key; True for those that end it."""
        session, before = self.session, self.session.phase
        if key == "F":
            display.toggle_fullscreen()
        elif key == "ENTER" and before == "check":
            self._take_advice()
        elif key in ("UP", "DOWN") and not self._light:
            session.nudge(NUDGE if key == "UP" else -NUDGE)
        elif key == "TAB" and not self._light:
            session.go_on(second)
        elif key not in (*LEAVE, "ENTER"):
            session.tap(second)
        if session.phase != before:
            self._metronome.switch(session.clicking, float(session.begins))
        return self.kept or key in LEAVE

    def _take_advice(self) -> None:
        """Agreed. A hand's advice was taken when the check began, and may have been moved since; a sensor's is new."""
        advice = self.advice
        if self._light and advice is not None:
            self.session.offset = advice.offset
        self.kept = advice is not None or not self._light
