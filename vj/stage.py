"""Puts looks on stage: everything a look needs is made and checked first, then swapped in at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vj import registry
from vj.modulation.matrix import MOUNT as MOD
from vj.modulation.matrix import ModMatrix
from vj.params.spec import checked, choice, describe, integer, number
from vj.params.tree import ParamTree
from vj.types import ControlEvent, Features, GenRequest, LatentPoint, Look, ModSource, Params, ParamSpec, Tick, VjError
from vj.walk import sphere
from vj.walk.sphere import Walk

LOOK = "/show/look"
"""Setting this parameter recalls a look."""

OF_A_LOOK = ("/fx/", f"/{MOD}", "/a/gen/", "/a/walk/", "/a/drive/")
"""What comes and goes with a look; everything else in the tree stays when the look changes."""

DECK_PARAMS = (
    integer("lines", 192, 64, 1088, unit="px", help="Height of the generated image; the output is filled from it"),
    number("rate", 0.0, 0.0, 60.0, unit="1/s", smooth=0.0, help="Images asked for a second; 0 is as many as it can"),
)


class Effects(Protocol):
    """What the stage needs of the effect library: declarations, without a GPU."""

    def names(self) -> list[str]: ...

    def specs(self, name: str) -> tuple[ParamSpec, ...]: ...


@dataclass(slots=True)
class Deck:
    """One generator on its own walk. ``size`` is the output's: images take its shape, at ``lines`` height."""

    name: str
    walk: Walk
    size: tuple[int, int]
    generator: str = ""
    _due: float = field(default=0.0)

    def step(self, tick: Tick, features: Features, params: Params) -> tuple[LatentPoint, GenRequest | None]:
        """Where the walk stands, and what to ask the generator for when its rate says so."""
        point = self.walk.step(tick, features, params[f"{self.name}/walk"], params[f"{self.name}/drive"])
        deck = params[f"{self.name}/deck"]
        if not self._is_due(tick, float(deck["rate"])):
            return point, None
        request = GenRequest(self.generator, tick, features, params[f"{self.name}/gen"], point, self.walk.seed,
                             image_size(self.size, int(deck["lines"])))
        return point, request

    def _is_due(self, tick: Tick, rate: float) -> bool:
        if rate <= 0:
            return True
        if tick.time + 0.5 * tick.dt < self._due:
            return False
        self._due = max(self._due + 1.0 / rate, tick.time - tick.dt)
        return True


def image_size(output: tuple[int, int], lines: int) -> tuple[int, int]:
    """(width, height) of a generated image in the output's shape, in steps of 8 that every network can take."""
    height = max(round(lines / 8), 2) * 8
    return max(round(height * output[0] / output[1] / 8), 2) * 8, height


@dataclass(frozen=True, slots=True)
class _Cast:
    """A look made ready: declared, checked, not yet shown."""

    look: Look
    mounts: Mapping[str, Sequence[ParamSpec]]
    sources: Mapping[str, ModSource]
    walk: Walk


class Stage:
    """Owns what a look replaces: the decks' generators and drives, the chain, the sources and routes."""

    def __init__(self, tree: ParamTree, matrix: ModMatrix, effects: Effects, find: Callable[[str], Look],
                 *, names: Sequence[str], seed: int, size: tuple[int, int]) -> None:
        self.names = tuple(names)
        self.look = ""
        self.chain: tuple[str, ...] = ()
        self.decks: list[Deck] = []
        self._tree, self._matrix, self._effects, self._find = tree, matrix, effects, find
        self._seed, self._size = seed, size
        tree.declare("a/deck", DECK_PARAMS)  # the machine's business: it outlives the looks
        tree.declare("show", (choice("look", self.names[0], self.names, help="The look on stage"),))

    def recall(self, name: str) -> None:
        """Show the look ``name``. Raises VjError and leaves everything as it was when the look is not right."""
        cast = self._cast(self._find(name))
        for mount in self._tree.mounts():
            if f"/{mount}/".startswith(OF_A_LOOK) and mount not in cast.mounts:
                self._tree.remove(mount)
        for mount, specs in cast.mounts.items():
            self._tree.declare(mount, specs)
            self._tree.reset(mount)
        for path, value in cast.look.values.items():
            self._tree.apply(ControlEvent(path, value, "look"))
        for mount in cast.mounts:
            if mount != "a/walk":  # the camera glides into its new place, all else is new
                self._tree.settle(mount)
        self._matrix.patch(cast.sources, cast.look.routes)
        self._enter(cast)

    def draws(self, event: ControlEvent) -> bool:
        """Does a change need a new image before it can be seen?"""
        return event.path == LOOK or event.path.strip("/").partition("/")[0] in {deck.name for deck in self.decks}

    def beside(self, step: int) -> str:
        """The look ``step`` places after the one on stage, round the list."""
        place = self.names.index(self.look) if self.look in self.names else 0
        return self.names[(place + step) % len(self.names)]

    def _enter(self, cast: _Cast) -> None:
        if not self.decks:
            self.decks.append(Deck("a", cast.walk, self._size))
        self.decks[0].generator = cast.look.generator
        self.decks[0].walk.drive = cast.walk.drive
        self.chain, self.look = cast.look.effects, cast.look.name

    def _cast(self, look: Look) -> _Cast:
        where = f"look {look.name!r}"
        try:
            drive = registry.load("vj.walk.drives", look.drive, "Drive")
            generator = registry.load("vj.generators", look.generator, "Generator")
            sources = {s.name: registry.load("vj.modulation.sources", s.kind, "Source")() for s in look.sources}
            mounts: dict[str, Sequence[ParamSpec]] = {
                "a/gen": generator.PARAMS, "a/walk": sphere.PARAMS, "a/drive": drive.PARAMS}
            mounts |= {f"fx/{name}": self._effects.specs(name) for name in look.effects}
            mounts |= {MOD + name: source.PARAMS for name, source in sources.items()}
            self._check(look, mounts, sources)
        except VjError as error:
            raise VjError(f"{where}: {error}") from error
        return _Cast(look, mounts, sources, Walk(self._seed, drive(self._seed)))

    def _check(self, look: Look, mounts: Mapping[str, Sequence[ParamSpec]], sources: Mapping[str, ModSource]) -> None:
        specs = {path: spec for path, spec, _ in self._tree.items() if not path.startswith(OF_A_LOOK)}
        specs |= {f"/{mount}/{spec.name}": spec for mount, declared in mounts.items() for spec in declared}
        for path, value in look.values.items():
            checked(_spec(specs, path), value, path)
        for route in look.routes:
            if route.source not in sources:
                raise VjError(f"a route's source {route.source!r} is not one of this look's sources"
                              f"{registry.suggest(route.source, list(sources))}")
            target = _spec(specs, route.target)
            if target.kind not in ("number", "integer"):
                raise VjError(f"{route.target} cannot be modulated: it takes {describe(target)}")


def _spec(specs: Mapping[str, ParamSpec], path: str) -> ParamSpec:
    if path not in specs:
        raise VjError(f"there is no parameter {path!r}{registry.suggest(path, list(specs))}")
    return specs[path]
