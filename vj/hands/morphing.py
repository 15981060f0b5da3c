"""A morph under way: the picture on stage turns into a look, by the music, by the clock or by a hand.

Before the middle the picture that was stands there and goes towards the look; in the middle generator, chain, sources
and routes change as at a recall, with the picture's transition; after it the look comes the rest of the way. By hand it
goes back the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vj.modulation.routes import Slot, slots_in
from vj.params.morph import MIDDLE, Side, between, moves
from vj.params.spec import number
from vj.params.tree import ParamTree
from vj.stage import Cast, Stage
from vj.types import Look, ParamSpec, Value
from vj.walk.prompts import TEXTS, Asked

SOURCE = "morph"
SLACK = 0.02
"""How far past the middle a hand must go before the picture changes: a fader that trembles there changes nothing."""
_DEPTH = number("depth", 0.0, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Pair:
    """A route on both sides, or on one: the numbers of its slots and its depths."""

    numbers: tuple[int | None, int | None]
    depths: tuple[float, float]

    def at(self, position: float) -> float:
        """Its depth; one that only one side has fades out before the middle, or in after it."""
        begin = MIDDLE if self.numbers[0] is None else 0.0
        finish = MIDDLE if self.numbers[1] is None else 1.0
        share = min(max((position - begin) / (finish - begin), 0.0), 1.0)
        return float(between(_DEPTH, *self.depths, share))


def paired(here: Sequence[Slot], there: Sequence[Slot], *,
           kinds: tuple[Mapping[str, str], Mapping[str, str]]) -> list[Pair]:
    """Routes that push the same thing from the same source go together. ``kinds``: source name -> kind, each side."""
    def key(slot: Slot, side: int) -> tuple[object, ...]:
        return slot.route.source, kinds[side].get(slot.route.source), slot.route.target, slot.route.curve, slot.on

    free = list(there)
    pairs = []
    for slot in here:
        twin = next((other for other in free if key(other, 1) == key(slot, 0)), None)
        if twin is None:
            pairs.append(Pair((slot.number, None), (slot.route.depth, 0.0)))
        else:
            free.remove(twin)
            pairs.append(Pair((slot.number, twin.number), (slot.route.depth, twin.route.depth)))
    return pairs + [Pair((None, slot.number), (0.0, slot.route.depth)) for slot in free]


class Morphing:
    """From what is on stage to ``target``. ``position`` 0..1; ``side`` 0 before the change of picture, 1 after it."""

    def __init__(self, stage: Stage, tree: ParamTree, target: Cast) -> None:
        self.target = target.look
        self.before: Look = stage.present(target.look.values)
        self.position = 0.0
        self.side = 0
        self._stage, self._tree, self._routes = stage, tree, stage.place.routes
        self._casts = (stage.cast(self.before), target)
        sides = [self._side(cast) for cast in self._casts]
        self._moves = moves(*sides)
        self._pairs = paired(*(slots_in(cast.values, self._routes) for cast in self._casts),
                             kinds=(_kinds(self.before), _kinds(target.look)))
        self._touched: set[str] = set()

    def _side(self, cast: Cast) -> Side:
        """All that may move, but for the routes, which go by what they do and not by where they stand."""
        specs: dict[str, ParamSpec] = {f"/{mount}/{spec.name}": spec for mount, declared in cast.mounts.items()
                                       for spec in declared if not f"/{mount}/".startswith(self._routes)}
        outside = {path: self._tree.spec(path) for path in cast.said if path not in specs
                   and not path.startswith(self._routes)}
        return Side(specs | outside, cast.values)

    def touched(self, path: str) -> None:
        """A hand has this parameter now."""
        self._touched.add(path)

    def to(self, position: float, past: bool) -> None:
        """Go to a position; ``past``: that is past the middle, where the picture is the other one. At an end it is."""
        self.position = position
        side = round(position) if position in (0.0, 1.0) else int(past)
        if side != self.side:
            self._turn(side)
        for path, value in self._now():
            self._tree.put(path, value, SOURCE)
        self._bend()

    def _bend(self) -> None:
        """The prompts of both sides are in the air, those of the side that is not on stage by the weights that are."""
        for deck in self._stage.decks:
            values = self._casts[1 - self.side].values
            texts = {name: values[f"/{deck.name}/prompt/{name}"] for name in (*TEXTS, "solo")}
            other = Asked.of(texts, self._tree.bases(f"{deck.name}/prompt")).mixture()
            if other is not None:
                deck.walk.prompts.bend(other, 1.0 - self.position if self.side else self.position)

    def end(self) -> None:
        """It goes no further."""
        for deck in self._stage.decks:
            deck.walk.prompts.unbend()

    def by_hand(self, position: float) -> None:
        """Go where a hand goes, there or back."""
        self.to(position, position >= MIDDLE + (-SLACK if self.side else SLACK))

    def by_music(self, position: float, beat: float, *, crossed: bool) -> None:
        """Go on to a position. The picture changes on the beat that is nearest to the middle: ``crossed`` says that one
        has begun, ``beat`` how far the morph goes in one. A short morph does not wait for it.
        """
        begun = crossed and position >= MIDDLE - 0.5 * beat
        self.to(position, bool(self.side) or begun or (beat > 0.5 and position >= MIDDLE))

    def _now(self) -> Iterator[tuple[str, Value]]:
        """Where everything on this side stands at this position, but for what a hand has."""
        for move in self._moves[self.side]:
            if move.path not in self._touched:
                yield move.path, move.at(self.position)
        for pair in self._pairs:
            number = pair.numbers[self.side]
            path = f"{self._routes}{number}/depth"
            if number is not None and path not in self._touched:
                yield path, pair.at(self.position)

    def _turn(self, side: int) -> None:
        """Put the other side's picture on stage. What a hand has touched stays where the hand left it."""
        cast = self._casts[side]
        held = {path: self._tree.base(path) for path in self._touched if path in cast.values
                and not path.startswith(self._routes)}
        self.side = side
        self._touched = set(held)
        self._stage.dress(cast, {**cast.values, **dict(self._now()), **held}, keep=True)
        for deck in self._stage.decks:
            deck.walk.prompts.cross()


def _kinds(look: Look) -> dict[str, str]:
    return {use.name: use.kind for use in look.sources}

