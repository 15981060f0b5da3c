"""The prompts on their way: a mixture of texts that runs from what is in the air to what the hands ask for.

Weights are followed as they glide. A text that changes, or another one that plays alone, begins a blend, which starts
from the present mixture, also in the middle of another blend. Everything goes by the ticks, so a take repeats it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vj.params.spec import choice, integer, number, text
from vj.types import Beat, ParamSpec, Tick, Values

SLOTS = 8
MOST = 16
"""Texts in the air at once; of more than these the faintest go."""
FAINT = 1e-3
"""A share that nobody sees."""
EARLY = 12
"""Texts named before they have a weight, so that a model can read them ahead."""
ALL = "all"
"""No text plays alone."""
LONGEST = 2000
"""Characters of a text, as parameters have it."""

Mixture = dict[str, float]
"""Text -> share; the shares sum to 1. No text at all is the empty text alone."""
Weighted = tuple[tuple[str, float], ...]
"""The same for a latent point, which has nothing where there is no text at all."""


def _slot(n: int) -> tuple[ParamSpec, ParamSpec]:
    name = "text" if n == 1 else f"text{n}"
    return (text(name, help=f"Prompt {n} of the {SLOTS} that are mixed."),
            number(f"weight{n}", float(n == 1), smooth=0.15, help=f"How much of prompt {n} is in the mixture."))


PARAMS = (
    *(spec for n in range(1, SLOTS + 1) for spec in _slot(n)),
    choice("solo", ALL, (ALL, *map(str, range(1, SLOTS + 1))), help="The prompt that plays alone; all: by weight."),
    number("blend", 4.0, 0.0, 64.0, curve="square", smooth=0.0, help="How long a new prompt takes to come in."),
    choice("blend_unit", "beats", ("beats", "seconds"), help="What the length of a blend is counted in."),
    integer("cycle", 0, 0, 64, unit="bars", help="The next prompt plays alone every so many bars; 0 leaves it."),
)
TEXTS = tuple("text" if n == 1 else f"text{n}" for n in range(1, SLOTS + 1))


def cleaned(words: str) -> str:
    """A text as it is mixed: one line, and nothing in it that is no character."""
    return " ".join(words.encode("utf-8", "ignore").decode("utf-8").split())[:LONGEST]


def filled(values: Values) -> list[int]:
    """The slots (1..8) that hold a text."""
    return [n for n, name in enumerate(TEXTS, 1) if cleaned(str(values[name]))]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the hands ask for at one tick. ``solo``: the slot that plays alone, 0 for none."""

    texts: tuple[str, ...]
    weights: tuple[float, ...]
    solo: int = 0

    @classmethod
    def of(cls, values: Values, weights: Values | None = None) -> Asked:
        """From this module's PARAMS; the ``weights`` may come from elsewhere."""
        shares = values if weights is None else weights
        texts = tuple(cleaned(str(values[name])) for name in TEXTS)
        solo = str(values["solo"])
        place = int(solo) if solo != ALL else 0
        return cls(texts, tuple(max(_number(shares[f"weight{n}"]), 0.0) for n in range(1, SLOTS + 1)),
                   place if place and texts[place - 1] else 0)

    def mixture(self) -> Mixture | None:
        """The mixture asked for; None where texts stand there and none of them has a weight."""
        if self.solo:
            return {self.texts[self.solo - 1]: 1.0}
        if not any(self.texts):
            return {"": 1.0}
        parts = _sum((words, weight) for words, weight in zip(self.texts, self.weights, strict=True) if words)
        return normalised(parts) if sum(parts.values()) > FAINT else None

    def turned(self, before: Asked) -> bool:
        """Is this another mixture, and not the same one with other weights?"""
        if self.solo or before.solo:
            return (self.solo and self.texts[self.solo - 1]) != (before.solo and before.texts[before.solo - 1])
        return any(new != old and weight > FAINT
                   for new, old, weight in zip(self.texts, before.texts, self.weights, strict=True))


NOTHING = Asked(("",) * SLOTS, (0.0,) * SLOTS)


def _number(value: float | str) -> float:
    return 0.0 if isinstance(value, str) else float(value)


def _sum(parts: Iterable[tuple[str, float]]) -> Mixture:
    """The same text twice is one text."""
    mixture: Mixture = {}
    for words, share in parts:
        mixture[words] = mixture.get(words, 0.0) + share
    return mixture


def normalised(mixture: Mapping[str, float]) -> Mixture:
    """The mixture without what is faint, at most ``MOST`` texts, its shares summing to 1."""
    whole = sum(mixture.values())
    strong = {words: share / whole for words, share in mixture.items() if share > FAINT * whole}
    if len(strong) > MOST:
        least = sorted(strong.values(), reverse=True)[MOST - 1]
        strong = dict([(words, share) for words, share in strong.items() if share >= least][:MOST])
    whole = sum(strong.values())
    return {words: share / whole for words, share in strong.items()}


def between(start: Mapping[str, float], goal: Mapping[str, float], share: float) -> Mixture:
    """The mixture at ``share`` 0..1 of the way; what is asked for stands first, in its order."""
    if share <= 0.0:
        return dict(start)
    if share >= 1.0:
        return dict(goal)
    return normalised({words: (1.0 - share) * start.get(words, 0.0) + share * goal.get(words, 0.0)
                       for words in (*goal, *(words for words in start if words not in goal))})


def eased(share: float) -> float:
    """A smoothstep: a blend begins and ends without a jerk."""
    x = min(max(share, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


class Prompts:
    """Steps a deck's mixture. ``present``: what is in the air now."""

    def __init__(self) -> None:
        self.present: Mixture = {"": 1.0}
        self._own: Mixture = {"": 1.0}  # what the hands alone would make
        self._start: Mixture = {"": 1.0}
        self._goal: Mixture = {"": 1.0}
        self._progress = 1.0
        self._other: tuple[Mixture, float] | None = None
        self._asked: Asked | None = None
        self._fresh = True
        self._beats: float | None = None
        self._values: Values = {}
        self._read = NOTHING

    def step(self, tick: Tick, beat: Beat, values: Values, waiting: Sequence[str] = ()) -> Weighted:
        """The mixture at this tick, then with weight 0 the texts that may come. ``values`` are this module's PARAMS,
        ``waiting`` texts of the queue.
        """
        if values is not self._values:  # the tree hands out the same mapping as long as nothing changes
            self._values, self._read = values, Asked.of(values)
        asked = self._read
        self._go_on(asked, self._passed(tick, beat, values))
        self._own = between(self._start, self._goal, eased(self._progress))
        self.present = dict(self._own) if self._other is None else between(self._own, *self._other)
        mixed = () if self.present == {"": 1.0} else tuple(self.present.items())
        return mixed + self._early(asked, waiting)

    def _go_on(self, asked: Asked, passed: float) -> None:
        wished = asked.mixture()
        turned = self._asked is not None and asked.turned(self._asked)
        self._asked = asked
        self._goal = self._goal if wished is None else wished
        if self._fresh:
            self._start, self._progress, self._fresh = self._goal, 1.0, False
            return
        if turned:
            self._start, self._progress = self._own, 0.0
        self._progress = min(self._progress + passed, 1.0)

    def _passed(self, tick: Tick, beat: Beat, values: Values) -> float:
        """The share of a blend that this tick is long."""
        beats = beat.count + beat.phase
        length = _number(values["blend"])
        since = max(beats - self._beats, 0.0) if self._beats is not None else 0.0
        self._beats = beats
        long = since if values["blend_unit"] == "beats" else tick.dt
        return long / length if length > 1e-6 else 1.0

    def _early(self, asked: Asked, waiting: Sequence[str]) -> Weighted:
        known = dict.fromkeys(words for words in (*asked.texts, *map(cleaned, waiting)) if words)
        if self._other is not None:
            known |= dict.fromkeys(self._other[0])
        return tuple((words, 0.0) for words in known if words and words not in self.present)[:EARLY]

    # ---------------------------------------------------------------------------------- by the show

    def settle(self) -> None:
        """What is asked for next is there at once: another picture was cut to."""
        self._fresh, self._other = True, None

    def bend(self, other: Mapping[str, float], share: float) -> None:
        """A morph is ``share`` of the way to (or still from) a picture with the mixture ``other``."""
        self._other = dict(other), min(max(share, 0.0), 1.0)

    def cross(self) -> None:
        """The morph's other picture is the show's own one from now on, and the one that was is the other."""
        if self._other is not None:
            (other, share), own = self._other, self._own
            self._own, self._other = other, (own, 1.0 - share)
            self._start, self._progress = other, 1.0

    def unbend(self) -> None:
        """The morph is over. Where it was not at its end the rest of the way is a blend."""
        if self._other is not None:
            self._own = self._start = self.present
            self._progress, self._other = 0.0, None

    # ------------------------------------------------------------------------------------- kept

    def state(self) -> dict[str, Any]:
        """Where the mixture stands: numbers and texts, for a show that is taken up again."""
        return {"start": _listed(self._start), "goal": _listed(self._goal), "own": _listed(self.present),
                "progress": self._progress}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Stand where ``state`` says. Raises ValueError, KeyError or TypeError for one that is none."""
        start, goal, own = (_mixture(state[name]) for name in ("start", "goal", "own"))
        progress = float(state["progress"])
        if not 0.0 <= progress <= 1.0:
            raise ValueError("a blend is from 0 to 1 of its way")
        self._start, self._goal, self._own, self._progress = start, goal, own, progress
        self.present, self._other, self._asked, self._beats = dict(own), None, None, None
        self._fresh = False


def _listed(mixture: Mapping[str, float]) -> dict[str, Any]:
    return {"texts": list(mixture), "weights": list(mixture.values())}


def _mixture(state: Mapping[str, Any]) -> Mixture:
    """A mixture that was kept. Raises ValueError, KeyError or TypeError where it is none."""
    texts, weights = [cleaned(str(words)) for words in state["texts"]], [float(weight) for weight in state["weights"]]
    fine = all(math.isfinite(weight) and weight >= 0.0 for weight in weights) and sum(weights) > FAINT
    if not (fine and 1 <= len(texts) == len(weights) <= MOST):
        raise ValueError(f"a mixture has 1 to {MOST} texts with a weight each")
    return normalised(_sum(zip(texts, weights, strict=True)))
