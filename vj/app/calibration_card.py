"""What stands on the calibration's card: one thing to do, one big number, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vj.calibration import Advice, Session, Spread
from vj.render.testcard import AMBER, DIM, GREEN, PALE, RED, Line

if TYPE_CHECKING:
    from vj.render.testcard import Colour

GOOD, FAIR = 20.0, 50.0
"""Milliseconds: nobody sees the first, few overlook the second."""
ASK = {"flash": "tap SPACE with each flash", "click": "tap SPACE with each click", "check": "do flash and click agree?"}


def lines(session: Session, advice: Advice | None, second: float, loopback: str, light: bool) -> list[Line]:
    """Every line of the card at ``second`` of the show."""
    spare = [Line(loopback, 1, DIM)] if loopback and session.clicking else []
    if light:
        return [*_sensed(advice), *spare, _keys("ENTER keep   ESC leave")]
    if session.phase == "check":
        return [*_checked(session, advice), *spare, _keys("↑ later   ↓ earlier   ENTER keep   TAB again   ESC leave")]
    return [*_tapped(session, second), *spare, _keys("TAB go on   F full screen   ESC leave")]


def _keys(words: str) -> Line:
    return Line(f" \n{words}", 1, DIM)


def _tapped(session: Session, second: float) -> list[Line]:
    """A phase of taps."""
    taps = session.seen if session.phase == "flash" else session.heard
    waits = session.waits(second)
    if waits and session.last is None:
        return [Line(ASK[session.phase], 2), Line(str(waits), 8, DIM), Line("wait", 1, DIM)]
    return [Line(ASK[session.phase], 2), _big(session.last), _spread(taps, session.left())]


def _big(error: float | None) -> Line:
    """The last tap's error: coloured by its size."""
    if error is None:
        return Line("tap", 8, PALE)
    return Line(f"{1000.0 * error:+.0f} ms", 8, _colour(1000.0 * error))


def _spread(taps: Spread, left: int) -> Line:
    if not taps.count:
        return Line(f"{left} left  find the rhythm", 2, PALE)
    return Line(f"{left} left  median {taps.median:+.0f}  ±{taps.spread:.0f}", 2, PALE)


def _checked(session: Session, advice: Advice | None) -> list[Line]:
    """Both together, with the offset on the field."""
    if advice is None:
        told = Line("too few taps: use the arrows", 2, AMBER)
    else:
        told = Line(f"picture was {advice.late:+.0f} ±{advice.within:.0f} ms late", 2, _colour(2.0 * advice.within))
    return [Line(ASK["check"], 2), Line(f"{session.offset:+.0f} ms", 8, PALE), Line("offset", 1, DIM), told]


def _sensed(advice: Advice | None) -> list[Line]:
    """A sensor looks on: nothing to tap."""
    if advice is None:
        return [Line("sensor: waiting for flash and click", 2), Line("...", 8, DIM),
                Line("hold it half way up, at the left edge", 1, PALE)]
    return [Line("picture after sound", 2), Line(f"{advice.late:+.1f} ms", 8, _colour(advice.late)),
            Line(f"advice: offset {advice.offset:+.1f} ±{advice.within:.1f}", 2, PALE)]


def _colour(ms: float) -> Colour:
    if abs(ms) <= GOOD:
        return GREEN
    return AMBER if abs(ms) <= FAIR else RED
