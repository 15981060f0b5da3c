"""The beat over OSC, as DJ programs' bridges send it: beats, tempo, positions, by address."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import get_args

from vj.clockface import BEATS_PER_BAR, FASTEST, SLOWEST, Reading, wrap
from vj.control.clocks.line import Line
from vj.control.clocks.meanings import ADDRESSES, Meaning
from vj.control.osc.packet import Argument
from vj.mailbox import Inbox
from vj.types import VjError

MOST = 32
"""Beats, or words about where the beat is, in the line."""
WAITING = 256
"""Messages that may wait to be understood."""
CLOSEST = 0.02
"""Seconds between two words that say something new about where the beat is."""
ELSEWHERE = 0.3
"""Beats off the expected place from which on it is another music."""
VAGUE = 0.03
"""Share that the tempo seen may be wrong, one standard deviation, before it is believed."""
TEMPO_TOLD = 10.0
"""Seconds that a tempo is believed after it was told, when nothing else is said."""
SAME = 0.02
"""Share that the tempo told may be off the one seen to be the finer word for it."""


class OscBeat:
    """Turns messages into a reading. ``message`` may be called on any thread: by vj's own small listener, or by
    whatever else receives OSC.
    """

    name = "osc"

    def __init__(self, addresses: Mapping[str, Meaning] = ADDRESSES) -> None:
        self._addresses = addresses
        self._inbox: Inbox[tuple[Meaning, float, float]] = Inbox(WAITING)
        self._line = Line(MOST)
        self._place = 0.0  # of the last word, in beats
        self._placed: float | None = None  # when it came
        self._one: float | None = None
        self._bpm, self._told = 0.0, -math.inf
        self._playing = True

    def message(self, address: str, values: Sequence[Argument], time: float) -> bool:
        """A message came at ``time`` (wall seconds); False when it is none about the beat."""
        meaning = self._addresses.get(address.rstrip("/").casefold())
        if meaning is None:
            return False
        value = values[0] if values else None
        if value is None or (isinstance(value, float | int) and math.isfinite(value)):
            self._inbox.put((meaning, math.nan if value is None else float(value), time))
        return True

    def read(self, now: float) -> Reading | None:
        """Where the beat is; its tempo alone where nothing else was said; None when all has fallen silent."""
        for meaning, value, time in self._inbox.drain():
            self._hear(meaning, value, time)
        if self._placed is not None and now - self._placed > max(2.5 * self._period(), 1.0):
            self._forget()
        fit = self._line.fit()
        told = self._bpm if now - self._told < TEMPO_TOLD or fit or self._placed is not None else 0.0
        if fit is not None and fit.doubt < VAGUE:
            seen = 60.0 / fit.period
            bpm = told if told and abs(told / seen - 1.0) < SAME else seen
            return self._reading(fit.time, fit.position, bpm)
        if not told:
            return None
        if self._placed is not None:
            return self._reading(self._placed, self._place, told)
        return Reading(now, 0.0, told, self._playing, "osc", phase_known=False)

    def news(self) -> str:
        """Nothing."""
        return ""

    def close(self) -> None:
        """Nothing to close."""

    def _reading(self, time: float, place: float, bpm: float) -> Reading:
        return Reading(time, place - (self._one or 0.0), bpm, self._playing, "osc",
                       downbeat_known=self._one is not None)

    def _hear(self, meaning: Meaning, value: float, time: float) -> None:
        match meaning:
            case "bpm":
                if SLOWEST <= value <= FASTEST:
                    self._bpm, self._told = value, time
            case "playing":
                self._playing = value != 0.0
            case "beat" if 0.0 < value < 1.0:
                self._at(value, 1.0, time)
            case "beat" | "downbeat" if value != 0.0:  # 0 is the button let go
                self._beat(meaning, value, time)
            case "position":
                self._at(value, 0.0, time)
            case "phase" | "bar_phase" if 0.0 <= value <= 1.0:
                length = 1 if meaning == "phase" else BEATS_PER_BAR
                self._at(value * length, float(length), time)

    def _beat(self, meaning: Meaning, value: float, time: float) -> None:
        """A beat is now: the first of its bar for a downbeat, or the one that its number 1..4 says."""
        gap = math.inf if self._placed is None else time - self._placed
        if gap < 60.0 / FASTEST:
            if meaning == "downbeat":
                self._one = float(round(self._place))  # said beside the beat itself
            return
        ahead = gap / self._period()
        steps = max(round(ahead), 1) if math.isfinite(ahead) else 1
        if self._known() and abs(ahead - steps) > ELSEWHERE:
            self._forget()
        self._put(float(math.floor(self._place + 0.5) + steps), time)
        number = 1.0 if meaning == "downbeat" else value
        if meaning == "downbeat" or (number in (2.0, 3.0, 4.0)) or (number == 1.0 and self._one is not None):
            # A bridge that sends 1 with every beat counts nothing: only other numbers prove that it counts.
            self._count_from(self._place - (number - 1.0), sure=meaning == "downbeat" or number != 1.0)

    def _count_from(self, one: float, *, sure: bool) -> None:
        if sure or self._one is None:
            self._one = one
        elif (one - self._one) % BEATS_PER_BAR:
            self._one = None

    def _at(self, value: float, length: float, time: float) -> None:
        """The beat stands at ``value``; known up to whole ``length`` beats only, 0 for a true position."""
        if self._placed is not None and 0.0 <= time - self._placed < CLOSEST:
            return
        expected = self._place + (time - self._placed) / self._period() if self._placed is not None else value
        place = expected + length * wrap((value - expected) / length) if length else value
        if abs(place - expected) > ELSEWHERE and self._known():
            self._forget()
        if length != 1.0:
            self._one = place - value if length else 0.0
        self._put(place, time)

    def _put(self, place: float, time: float) -> None:
        self._place, self._placed = place, time
        self._line.add(place, time)

    def _known(self) -> bool:
        """Whether the next word can be expected somewhere."""
        return self._placed is not None and (len(self._line) > 2 or self._bpm > 0.0)

    def _period(self) -> float:
        """Seconds per beat, as far as is known."""
        fit = self._line.fit()
        if fit is not None and fit.doubt < VAGUE:
            return fit.period
        return 60.0 / (self._bpm or 120.0)

    def _forget(self) -> None:
        """The beat has stopped, or another one has begun."""
        self._line.clear()
        self._placed = None


def addresses_with(own: Sequence[str]) -> Mapping[str, Meaning]:
    """The known addresses and those of ``own``, each ``MEANING=/ADDRESS``. Raises VjError naming the meanings."""
    addresses = dict(ADDRESSES)
    known: tuple[Meaning, ...] = get_args(Meaning)
    for text in own:
        meaning, equals, address = text.partition("=")
        if meaning not in known or not equals or not address.startswith("/"):
            raise VjError(f"an OSC address is given as MEANING=/ADDRESS with one of {', '.join(known)}, got {text!r}")
        addresses[address.rstrip("/").casefold()] = next(name for name in known if name == meaning)
    return addresses


