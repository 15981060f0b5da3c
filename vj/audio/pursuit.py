"""How far a clock believes a beat that it did not expect there."""

from __future__ import annotations

from vj.clockface import wrap

STRANGE = 0.2
"""Beats of error that a clock which runs true takes for somebody else's at first."""
ALIKE = 0.12
"""Beats within which two strange ones say the same."""
PATIENCE = 3
"""Strange beats in a row, alike, that convince a clock which was sure."""
LOCK, UNLOCK = 0.6, 0.25
"""Agreement of the beats heard with the clock, 0..1, at which it locks and lets go."""
YOUNG, MEMORY = 3, 12
"""Beats that a new tempo from the ears is worth, and the most that are remembered."""


class Pursuit:
    """Phase and tempo corrections as those of a straight line, least squares, through the beats heard so far, whose
    memory grows to ``MEMORY`` beats and then stays: the growing-memory alpha-beta filter, with the gains
    ``alpha = 2 (2n - 1) / (n (n + 1))`` and ``beta = 6 / (n (n + 1))`` after n beats.
    """

    def __init__(self) -> None:
        self.agreement = 0.0
        self.locked = False
        self._beats = 0
        self._strange = 0.0
        self._in_a_row = 0

    @property
    def fresh(self) -> bool:
        """Nothing was heard since the last restart."""
        return self._beats == 0

    def restart(self) -> None:
        """Another tempo or phase: what was heard before says nothing about it."""
        self._beats = self._in_a_row = 0

    def doubt(self) -> None:
        """Start again without any agreement."""
        self.restart()
        self.agreement = 0.0

    def judge(self, error: float, weight: float) -> bool:
        """Whether to follow a beat that is off by ``error`` beats; ``weight`` 0..1 is the ears' own confidence."""
        near = max(0.0, 1.0 - abs(error) / 0.15)
        self.agreement += 0.25 * weight * (near - self.agreement)
        self.locked = self.agreement > (UNLOCK if self.locked else LOCK)
        if self.fresh or abs(error) < STRANGE:
            self._in_a_row = 0
            return True
        self._in_a_row = self._in_a_row + 1 if abs(wrap(error - self._strange)) < ALIKE else 1
        self._strange = error
        if self._in_a_row < (PATIENCE if self.locked else 2):
            return False
        self.restart()
        return True

    @property
    def tempo_gain(self) -> float:
        """Share of the difference to the ears' own tempo that is taken over: they average it over beats themselves."""
        return 1.0 if self.fresh else 2.0 / (self._beats + 1)

    def gains(self) -> tuple[float, float]:
        """Share of an error that moves the phase, and the share of it per beat that moves the tempo."""
        if self.fresh:
            self._beats = YOUNG
            return 1.0, 0.0
        n = self._beats = min(self._beats + 1, MEMORY)
        return 2.0 * (2 * n - 1) / (n * (n + 1)), 6.0 / (n * (n + 1))
