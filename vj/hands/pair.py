"""Both decks' prompters and the mixer between them, as the engine has them: one wish goes to whom it concerns."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from vj.hands.landing import Landed
from vj.hands.mixing import CUT, FADE, Mixer
from vj.hands.prompter import PUNCTUAL, QUANTIZE, Prompter
from vj.params.crossfade import CROSSFADE
from vj.params.places import SECOND
from vj.types import Beat, ControlEvent, Tick, When


class Pair:
    """``first`` and ``second`` are the decks' prompters; ``say`` holds both's sentences, oldest first."""

    def __init__(self, first: Prompter, second: Prompter) -> None:
        self.first, self.second = first, second
        self.mixer = Mixer(first, second)
        self.say = first.say
        self._beats = 0.0

    def timed(self, event: ControlEvent) -> ControlEvent:
        """A hand's wish, waiting for the music if that is how looks and fades begin."""
        if event.path in (FADE, CUT) and event.when == "now" and event.source not in PUNCTUAL:
            return replace(event, when=cast("When", self.first.tree.base(QUANTIZE)))
        return self.first.timed(event)

    def land(self, tick: Tick, event: ControlEvent) -> Landed:
        """Do what an event wishes; what really changed, for a take. Raises VjError when it is refused."""
        path = "/" + event.path.strip("/")
        act = self.mixer.acts.get(path)
        if act is not None:
            return act(tick, event if path == event.path else replace(event, path=path))
        told = (self.second if path.startswith(f"/{SECOND}/") else self.first).land(tick, event)
        if any(one.path == CROSSFADE for one in told):
            self.mixer.touched()
        return told

    def step(self, tick: Tick, beat: Beat) -> None:
        """Once a tick, after the events: what goes on by itself."""
        self.first.step(tick, beat)
        self.second.step(tick, beat)
        beats = beat.count + beat.phase
        passed, self._beats = max(beats - self._beats, 0.0), beats
        self.mixer.step(tick, passed)
