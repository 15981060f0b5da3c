"""Pictures of the next moments in one batch, handed out as they come due; thrown away when the music surprises.

A GPU draws four pictures at once in less time than four times one. A walk goes on as it went, most of the time: along
its great circle, a kick dying away by the same part, a fader at the same speed. So the next shots are foreseen, and
when they are asked for and are what was foreseen, the picture is there already. On a kick, a cut or a hand it is not:
then one picture is drawn at once, and foreseeing begins again when things go as expected.

The next batch is begun while the last pictures of this one are shown, so that the device draws and nobody waits. A
surprise waits for what the device is drawing, a batch at the most: ``LATEST_S`` keeps that short.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vj.models.diffusion.shot import CrowdedError, Shot
from vj.types import LatentPoint

if TYPE_CHECKING:
    from vj.models.diffusion.shot import Pixels

NEAR, CLOSE = 0.01, 0.5
"""As far from the place foreseen a picture may be and still be shown: radians of the walk, which turn 0.00005 of a
latent's variance; and parts of the step from one picture to the next.
"""
LEAST = 0.004
"""Radians of a kick, and parts of a fader, that nobody sees."""
LEAP = 0.3
"""Radians between two pictures that are no walk but a cut."""
MOST = 8
HORIZON_S = 0.15
"""No picture is foreseen for later."""
LATEST_S = 0.035
"""Longest that a batch may take: a kick may have to wait for it."""
THRIFT = 0.8
"""Of its time alone a picture takes in a batch, until that has been measured."""
LONGEST_REST = 64
"""Pictures drawn one by one, at most, where foreseeing does not pay."""


class Ticket(Protocol):
    """Pictures (rows, H, W, 4) under way; ``seconds`` of the device, None where it has no clock."""

    @property
    def ready(self) -> bool: ...

    def pixels(self) -> Any: ...

    def seconds(self) -> float | None: ...


class Drawing(Protocol):
    """What draws: the engine."""

    def begin(self, shot: Shot) -> Ticket: ...

    def begin_ahead(self, shots: Sequence[Shot]) -> Ticket: ...

    def trace(self, deck: str) -> Any: ...

    def rewind(self, deck: str, trace: Any, row: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Pick:
    """One picture of a ticket."""

    ticket: Ticket
    row: int = 0

    @property
    def ready(self) -> bool:
        """It can be had without waiting."""
        return self.ticket.ready

    def pixels(self) -> Pixels:
        """(H, W, 4) uint8; waits for it."""
        pixels: Pixels = self.ticket.pixels()[self.row]
        return pixels

    def seconds(self) -> float | None:
        """The device's time for it, that of a whole batch counted for its first picture."""
        return self.ticket.seconds() if self.row == 0 else 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A picture foreseen for a moment."""

    time: float
    shot: Shot
    pick: Pick
    trace: Any


@dataclass(frozen=True, slots=True)
class Way:
    """From one shot to the next, ``dt`` seconds, and how it goes on."""

    before: Shot
    shot: Shot
    time: float
    dt: float

    @property
    def step(self) -> float:
        """Radians of the walk."""
        return angle(self.before.point.weights, self.shot.point.weights)

    @property
    def steady(self) -> bool:
        """Nothing has jumped, and nothing needs the picture before or a picture from outside."""
        free = self.shot.source is None and self.shot.feedback.amount <= 0.0
        falls = self.shot.point.kick_angle <= self.before.point.kick_angle
        return free and falls and self.dt > 0.0 and like(self.before, self.shot) and self.step <= LEAP

    def at(self, time: float) -> Shot:
        """The shot at a moment to come, if all goes on so."""
        far = (time - self.time) / self.dt
        one, two = self.before, self.shot
        prompt = tuple((text, held(now + far * (now - was)))
                       for (text, now), (_, was) in zip(two.prompt, one.prompt, strict=True))
        return replace(two, point=further(one.point, two.point, far), prompt=prompt, dt=self.dt,
                       strength=held(two.strength + far * (two.strength - one.strength)))


class Foresight:
    """Begins one deck's pictures, up to ``most`` at a time. ``used`` and ``wasted`` count pictures foreseen."""

    def __init__(self, engine: Drawing) -> None:
        self.used = self.wasted = 0
        self._engine = engine
        self._rows: deque[Row] = deque()
        self._shown: Row | None = None
        self._last: tuple[Shot, float] | None = None
        self._paid = self._rest = self._penalty = 0
        self._timed: tuple[Ticket, int] | None = None
        self._each: float | None = None
        self._takes = self._spacing = 0.0
        self._room = MOST

    def begin(self, shot: Shot, time: float, most: int = 1) -> Pick | None:
        """The picture of this shot, or of a place that nobody can tell from it; None where the one shown last stands
        until the next comes due. ``time``: the show's, s.
        """
        try:
            return self._begin(shot, time, most)
        except Exception:
            self._shown = None
            self.flush()
            raise

    def flush(self) -> None:
        """Things have changed: what was foreseen will not come."""
        self.wasted += len(self._rows)
        if self._rows:
            self._learn(len(self._rows))
            self._rows.clear()
            if self._shown is not None:
                self._engine.rewind(self._shown.shot.deck, self._shown.trace, self._shown.pick.row)
        self._shown = None

    def _begin(self, shot: Shot, time: float, most: int) -> Pick | None:
        self._measure()
        way = Way(self._last[0], shot, time, time - self._last[1]) if self._last else None
        self._last = shot, time
        surprised = bool(self._rows)
        if surprised and way is not None and most > 1 and way.dt > 0.0:
            due = self._due(time + 0.5 * self._spacing)
            expected = due.shot if due else self._between(time)
            if alike(expected, shot, max(NEAR, CLOSE * way.step * self._spacing / way.dt)):
                return self._show(due, way, most) if due else None
            if due:
                self._rows.appendleft(due)
        self.flush()
        count = self._reach(most, way) if way is not None and way.steady and not surprised else 1
        if way is None or count <= 1 or self._resting():
            return self._one(shot)
        if not self._foresee(way, count, time - way.dt):
            return self._one(shot)
        return self._show(self._rows.popleft(), way, most)

    def _one(self, shot: Shot) -> Pick:
        ticket = self._engine.begin(shot)
        self._timed = ticket, 1
        return Pick(ticket)

    def _due(self, until: float) -> Row | None:
        """The last picture that is due by then; what it has overtaken was in vain."""
        due = None
        while self._rows and self._rows[0].time <= until:
            self.wasted += due is not None
            due = self._rows.popleft()
        return due

    def _between(self, time: float) -> Shot:
        """What was foreseen for a moment between the picture that is shown and the next one."""
        last, row = self._shown, self._rows[0]
        if last is None or row.time <= last.time:
            return row.shot
        return Way(last.shot, row.shot, row.time, row.time - last.time).at(time)

    def _show(self, row: Row, way: Way, most: int) -> Pick:
        """Hand it out, and begin the next batch so that its first picture is there when it comes due."""
        self.used += 1
        self._paid += 1
        self._shown = row
        count = self._reach(most, way)
        if count > 1 and len(self._rows) * way.dt <= self._takes:
            self._foresee(way, count, self._rows[-1].time if self._rows else row.time)
        return row.pick

    def _foresee(self, way: Way, count: int, since: float) -> bool:
        """Begin the next ``count`` pictures after a moment; False where there is no memory for so many."""
        self._spacing = way.dt
        moments = [since + way.dt * (n + 1) for n in range(count)]
        shots = [way.shot if moment <= way.time else way.at(moment) for moment in moments]
        try:
            ticket = self._engine.begin_ahead(shots)
        except CrowdedError:
            self._room = count // 2
            return False
        trace = self._engine.trace(way.shot.deck)
        self._timed = ticket, count
        self._rows.extend(Row(moment, shot, Pick(ticket, row), trace)
                          for row, (moment, shot) in enumerate(zip(moments, shots, strict=True)))
        return True

    def _reach(self, most: int, way: Way) -> int:
        """How many at once: 1, 2, 4 or 8, so that it is not too far and does not take too long."""
        count = 1
        while (2 * count <= min(most, self._room) and 2 * count * way.dt <= HORIZON_S
               and 2 * count * (self._each or 0.0) <= LATEST_S):
            count *= 2
        return count

    def _measure(self) -> None:
        """What the last pictures took."""
        if self._timed is None or not self._timed[0].ready:
            return
        (ticket, rows), self._timed = self._timed, None
        seconds = ticket.seconds()
        if seconds is not None:
            self._each = seconds / rows if rows > 1 else seconds * THRIFT
            self._takes = seconds if rows > 1 else 0.0

    def _learn(self, lost: int) -> None:
        """Where more is thrown away than is gained, foreseeing rests, longer each time."""
        self._penalty = 0 if self._paid >= 2 * lost else min(2 * self._penalty + 1, LONGEST_REST)
        self._rest, self._paid = self._penalty, 0

    def _resting(self) -> bool:
        self._rest = max(self._rest - 1, 0)
        return self._rest > 0


def like(one: Shot, other: Shot) -> bool:
    """Alike in all that does not move by itself."""
    still = replace(other, point=one.point, strength=one.strength, prompt=one.prompt, calm=one.calm, dt=one.dt,
                    feedback=one.feedback)
    free = one.feedback.amount <= 0.0 and other.feedback.amount <= 0.0
    texts = [text for text, _ in one.prompt] == [text for text, _ in other.prompt]
    return texts and still == one and (free or one.feedback == other.feedback)


def alike(expected: Shot, shot: Shot, close: float = NEAR) -> bool:
    """What was foreseen is what is asked for, as far as anybody sees. ``close``: radians of the walk."""
    there, here = expected.point, shot.point
    if shot.source is not None or not like(expected, shot) or shot.feedback.amount > 0.0:
        return False
    if there.kick_seed != here.kick_seed and max(there.kick_angle, here.kick_angle) > LEAST:
        return False
    moves = [abs(there.kick_angle - here.kick_angle), abs(expected.strength - shot.strength),
             *(abs(a - b) for (_, a), (_, b) in zip(expected.prompt, shot.prompt, strict=True))]
    return angle(there.weights, here.weights) <= close and max(moves) <= LEAST


def further(one: LatentPoint, two: LatentPoint, far: float) -> LatentPoint:
    """``far`` times as far again along the great circle; the kick smaller by the same parts."""
    a, b, step = np.asarray(one.weights), np.asarray(two.weights), angle(one.weights, two.weights)
    onward = b
    if 1e-9 < step <= LEAP:
        onward = math.sin((1.0 + far) * step) * b - math.sin(far * step) * a
    fall = min(two.kick_angle / one.kick_angle, 1.0) ** far if one.kick_angle > 0.0 < two.kick_angle else 0.0
    return replace(two, weights=tuple((onward / np.linalg.norm(onward)).tolist()), kick_angle=two.kick_angle * fall)


def held(part: float) -> float:
    """Within 0..1."""
    return min(max(part, 0.0), 1.0)


def angle(one: Sequence[float], two: Sequence[float]) -> float:
    """Radians between two places of the walk."""
    if len(one) != len(two):
        return math.inf
    return 2.0 * math.asin(min(float(np.linalg.norm(np.subtract(one, two))) / 2.0, 1.0))
