"""Who leads: the clock chosen by hand or the most trusted that is there; a lost one gives way to the next."""

from __future__ import annotations

from vj.clockface import OUTSIDE, Reading

LOST = 1.0
"""Seconds without a word after which another clock is gone: those who live say something four times a second."""


class Leader:
    """Remembers the last word of each clock from outside and chooses. All in show time, so that a replay chooses the
    same.
    """

    def __init__(self) -> None:
        self.wish = "auto"
        self._said: dict[str, Reading] = {}

    def hear(self, reading: Reading) -> bool:
        """Another clock's word; False when it is no word to believe."""
        if not reading.sound:
            return False
        self._said[reading.source] = reading
        return True

    def choose(self, time: float, *, tapped: bool) -> str:
        """The source that leads at ``time``. ``tapped``: a hand's tempo stands."""
        for source in self._order():
            if self._there(source, time):
                return source
        return "tap" if self.wish == "tap" or (tapped and self.wish != "audio") else "audio"

    def last(self, source: str) -> Reading | None:
        """What ``source`` said last."""
        return self._said.get(source)

    def _order(self) -> tuple[str, ...]:
        """Clocks from outside that may lead: below the one chosen by hand its lessers, in case it is lost."""
        if self.wish in ("audio", "tap"):
            return ()
        return OUTSIDE[OUTSIDE.index(self.wish):] if self.wish in OUTSIDE else OUTSIDE

    def _there(self, source: str, time: float) -> bool:
        reading = self._said.get(source)
        return reading is not None and reading.playing and abs(time - reading.time) < LOST
