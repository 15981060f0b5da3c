"""Puts looks on stage: everything a look needs is made and checked first, then swapped in at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from vj import registry
from vj.deck import DECK_PARAMS, Deck
from vj.modulation.matrix import MOUNT as MOD
from vj.modulation.matrix import ModMatrix
from vj.modulation.routes import (
    KINDS,
    MOST,
    ROUTES,
    Slot,
    check_target,
    filled,
    free_name,
    kinds,
    slot_params,
    slots_for,
    slots_in,
)
from vj.params.places import FIRST, PLACES, Place, across
from vj.params.props import NO_PROPS, Props, cure
from vj.params.shelf import Shelf
from vj.params.spec import checked, choice
from vj.params.tree import ParamTree
from vj.types import (
    ControlEvent,
    Drive,
    Look,
    ModSource,
    ParamSpec,
    SourceUse,
    Value,
    Values,
    VjError,
)
from vj.walk import prompts, sphere
from vj.walk.queue import QUEUE
from vj.walk.sphere import Walk

LOOK = "/show/look"
"""Setting this parameter recalls a look."""

_DRAWN = (LOOK, "/show/recall", "/show/morph", "/show/next", "/show/previous", "/show/morph_next")
DRAWN = (*_DRAWN, *map(across, _DRAWN))
"""Wishes for another picture: a new image must be made before it is seen, and ``/show/quantize`` lets them wait."""

OF_A_LOOK = tuple(prefix for place in PLACES.values() for prefix in place.of_a_look)
"""What comes and goes with a look, on either deck; everything else in the tree stays when the look changes."""

NONE = "none"
"""The look of a deck that sleeps."""

OTHER_WALK = 7919
"""What the second deck's seed is apart from the first's: the same look on both is not the same picture."""

MOST_SOURCES = 32


class Effects(Protocol):
    """What the stage needs of the effect library: declarations, without a GPU."""

    def names(self) -> list[str]: ...

    def specs(self, name: str) -> tuple[ParamSpec, ...]: ...


@dataclass(frozen=True, slots=True)
class Cast:
    """A look made ready for a place: declared, checked, not yet shown. ``mounts`` are the place's own, with the slots
    of its routes; ``look`` is as it was written.
    """

    look: Look
    mounts: Mapping[str, Sequence[ParamSpec]]
    sources: Mapping[str, Callable[[], ModSource]]
    drive: Callable[[int], Drive]
    place: Place = PLACES[FIRST]
    views: bool = True

    @property
    def said(self) -> dict[str, Value]:
        """What the look itself says, by the place's own paths: its routes, its values."""
        return self.place.values({**filled(self.look.routes), **self.look.values})

    @property
    def values(self) -> dict[str, Value]:
        """Every value of the look, by path: what it says, and the defaults."""
        rest = {f"/{mount}/{spec.name}": spec.default for mount, specs in self.mounts.items() for spec in specs}
        return rest | self.said


class Stage:
    """Owns what a look replaces on a deck: its generator and drive, its chain, its sources and routes.

    ``look`` is the name of the look on stage, ``standing`` the look as it was put there. The second deck sleeps until a
    look is put on it; ``decks`` is empty then. ``begins`` says where its walk begins when it wakes.
    """

    def __init__(self, tree: ParamTree, matrix: ModMatrix, effects: Effects, shelf: Shelf, *, seed: int,
                 size: tuple[int, int], place: Place = PLACES[FIRST], props: Props = NO_PROPS) -> None:
        self.shelf, self.place, self.matrix, self.props = shelf, place, matrix, props
        self.begins: Mapping[str, Any] | None = None
        self.voice = place.deck
        self.look = ""
        self.standing: Look | None = None
        self.chain: tuple[str, ...] = ()
        self.decks: list[Deck] = []
        self._tree, self._effects = tree, effects
        self._uses: tuple[SourceUse, ...] = ()
        self._drive = ""
        self._seed, self._size = (seed if place.first else (seed + OTHER_WALK) % 2**31), size
        tree.declare(place.mount("a/deck"), DECK_PARAMS)  # the machine's business: it outlives the looks
        tree.declare(place.mount("a/queue"), QUEUE)  # and so does what waits to be played
        self.show_names()

    def show_names(self) -> None:
        """The choice of looks is what is on the shelf now."""
        names = self.shelf.names if self.place.first else (NONE, *self.shelf.names)
        self._tree.extend(self.place.show, (choice("look", names[0], names, help=self._about()),))

    def _about(self) -> str:
        return "The look on stage" if self.place.first else f"The look on deck {self.place.deck}; none lets it sleep"

    @property
    def awake(self) -> bool:
        """Is there a look on this deck?"""
        return bool(self.decks)

    def sleep(self) -> None:
        """Take the look away. Only the second deck can sleep: a show always has a picture."""
        for mount in self._tree.mounts():
            if f"/{mount}/".startswith(self.place.of_a_look):
                self._tree.remove(mount)
        self.matrix.patch({}, ())
        self.decks.clear()
        self._uses, self._drive, self.chain = (), "", ()
        self.look, self.standing = "", None

    @property
    def seed(self) -> int:
        """Another seed is another walk."""
        return self._seed

    def recall(self, name: str) -> None:
        """Show the look ``name``. Raises VjError and leaves everything as it was when the look is not right."""
        self.stand(self.cast(self.shelf.find(name)))

    def stand(self, cast: Cast, *, keep: bool = False) -> None:
        """Put a look on stage that was made ready. ``keep``: what it shares with the one before goes on as it is."""
        self.dress(cast, cast.said, keep=keep)
        self.look, self.standing = cast.look.name, cast.look

    def dress(self, cast: Cast, values: Values, *, keep: bool = False) -> None:
        """Everything of ``cast``, with ``values`` in place of its own; what they don't name is at its default."""
        for mount in self._tree.mounts():
            if f"/{mount}/".startswith(self.place.of_a_look) and mount not in cast.mounts:
                self._tree.remove(mount)
        for mount, specs in cast.mounts.items():
            self._tree.declare(mount, specs)
            self._tree.reset(mount)
        for path, value in values.items():
            self._tree.apply(ControlEvent(path, value, "look"))
        for mount in cast.mounts:
            if not mount.endswith("/walk"):  # the camera glides into its new place, all else is new
                self._tree.settle(mount)
        self._people(cast, keep)
        self.rewire(fresh=True)

    def _people(self, cast: Cast, keep: bool) -> None:
        """Sources, deck and drive, new or as they were."""
        there = dict(self.matrix.sources) if keep else {}
        kept = {use.name for use in cast.look.sources if use in self._uses}
        sources = {name: there[name] if name in there and name in kept else make()
                   for name, make in cast.sources.items()}
        self.matrix.patch(sources, ())
        self._uses = cast.look.sources
        if not self.decks:
            self.decks.append(Deck(self.place.deck, self._new_walk(cast), self._size, voice=self.voice,
                                   files=self.props.files))
        elif not (keep and cast.look.drive == self._drive):
            self.decks[0].walk.drive = cast.drive(self._seed)
        self.decks[0].generator, self._drive = cast.look.generator, cast.look.drive
        self.decks[0].views = cast.views
        self.chain = cast.look.effects
        if not keep:
            self.decks[0].walk.prompts.settle()

    def _new_walk(self, cast: Cast) -> Walk:
        """A walk at its beginning, or where an earlier show left it."""
        walk = Walk(self._seed, cast.drive(self._seed))
        begins, self.begins = self.begins, None
        if begins is not None:
            with suppress(ValueError, KeyError, TypeError):  # what is no walk's state begins anew
                walk.restore(begins)
        return walk

    def swap(self, other: Stage) -> None:
        """Two decks that are awake change places: each picture goes on, under the other's paths. Values that are on
        their way are there.
        """
        casts = self.cast(other.present()), other.cast(self.present())
        for name in ("decks", "voice", "_uses", "_drive"):
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, theirs)
            setattr(other, name, mine)
        sources, standing = (self.matrix.sources, other.matrix.sources), (self.standing, other.standing)
        for stage, cast, those, stood in zip((self, other), casts, sources[::-1], standing[::-1], strict=True):
            stage.matrix.patch(those, ())
            stage.decks[0].name = stage.place.deck
            stage.stand(cast, keep=True)
            stage.standing = stood
            self._tree.settle(stage.place.mount("a/walk"))

    def draws(self, event: ControlEvent) -> bool:
        """Does a change need a new image before it can be seen?"""
        return event.path in DRAWN or event.path.strip("/").partition("/")[0] in {deck.name for deck in self.decks}

    def beside(self, step: int) -> str:
        """The look ``step`` places after the one on stage, round the list."""
        names = self.handy()
        place = names.index(self.look) if self.look in names else 0
        return names[(place + step) % len(names)]

    def handy(self) -> tuple[str, ...]:
        """The looks that are gone to by themselves: those that need a model only where one was brought."""
        if self.props.model:
            return self.shelf.names
        return tuple(name for name in self.shelf.names if not needs(self.shelf.generator(name))) or self.shelf.names

    # ------------------------------------------------------------------------- what is on stage now

    def present(self, also: Collection[str] = (), *, exact: bool = True) -> Look:
        """The picture as it is now, as a look: what hands have changed is in it, glides at where they go to.

        ``also``: paths outside of looks whose values belong to it too, beside those that the look on stage named.
        ``exact`` leaves each route in its slot, also one that is half made; else they close up, for people to read.
        """
        standing, place, values = self._standing, self.place, {}
        said = {place.here(path) for path in (*also, *standing.values)}
        for path, spec, base in self._tree.items():
            if path.startswith(place.of_a_look):
                if base != spec.default and spec.kind != "trigger" and (exact or not path.startswith(place.routes)):
                    values[path] = base
            elif path in said:
                values[path] = base
        slots = [] if exact else self.slots()
        values |= {f"{place.routes}{number}/on": False for number, slot in enumerate(slots, 1) if not slot.on}
        return place.look(replace(standing, name=self.look, sources=self._uses,
                                  routes=tuple(slot.route for slot in slots), values=values))

    @property
    def _standing(self) -> Look:
        if self.standing is None:
            raise VjError("there is no look on stage yet")
        return self.standing

    def slots(self) -> list[Slot]:
        """The routes in use."""
        return slots_in({f"/{mount}/{name}": value for mount in self._tree.mounts() if self._is_route(mount)
                         for name, value in self._tree.bases(mount).items()}, self.place.routes)

    def _is_route(self, mount: str) -> bool:
        return f"/{mount}".startswith(self.place.routes)

    def rewire(self, *, fresh: bool = False) -> None:
        """The routes are what stands in the slots now. ``fresh``: their depths have jumped there."""
        live = [slot for slot in self.slots() if slot.on and slot.route.source in self.matrix.sources]
        self.matrix.patch(self.matrix.sources, [slot.route for slot in live],
                           [f"{self.place.routes[1:]}{slot.number}" for slot in live], fresh=fresh)

    def spare_slots(self) -> None:
        """There are always so many free slots, as long as there may be more."""
        specs = slot_params([use.name for use in self._uses], kinds())
        there = sum(map(self._is_route, self._tree.mounts()))
        for place in range(there + 1, slots_for(_last(self.slots())) + 1):
            self._tree.declare(f"{self.place.routes[1:]}{place}", specs)

    def add_source(self, kind: str) -> str:
        """Bring another source of a kind; its name. Raises VjError when there are too many."""
        if len(self._uses) >= MOST_SOURCES:
            raise VjError(f"a look has at most {MOST_SOURCES} sources")
        name = free_name(kind, [use.name for use in self._uses])
        make = registry.load(KINDS, kind, "Source")
        self._tree.declare(self.place.mod + name, make.PARAMS)
        self._uses = (*self._uses, SourceUse(name, kind))
        self.matrix.patch({**self.matrix.sources, name: make()}, ())
        self._offer_sources()
        return name

    def remove_source(self, name: str) -> None:
        """Take a source away, and free the slots it stands in. Raises VjError for an unknown one."""
        if name not in self.matrix.sources:
            raise VjError(f"there is no source {name!r}{registry.suggest(name, [use.name for use in self._uses])}")
        self._tree.remove(self.place.mod + name)
        self._uses = tuple(use for use in self._uses if use.name != name)
        self.matrix.patch({key: source for key, source in self.matrix.sources.items() if key != name}, ())
        self._offer_sources()

    def _offer_sources(self) -> None:
        """Every slot can choose from the sources that there are now."""
        specs = slot_params([use.name for use in self._uses], kinds())
        for mount in self._tree.mounts():
            if self._is_route(mount):
                self._tree.declare(mount, specs)
        self.rewire()

    @property
    def uses(self) -> tuple[SourceUse, ...]:
        """The sources in use."""
        return self._uses

    # -------------------------------------------------------------------------------- making ready

    def ready(self, name: str) -> tuple[str, ...]:
        """Read in what a look needs, so that its recall need not; the effects of its chain, none if it is not right."""
        try:
            return self.cast(self.shelf.find(name)).look.effects
        except VjError:
            return ()

    def cast(self, look: Look) -> Cast:
        """Make a look ready. Raises VjError naming the look and what is not right."""
        where = f"look {look.name!r}"
        try:
            drive = registry.load("vj.walk.drives", look.drive, "Drive")
            generator = registry.load("vj.generators", look.generator, "Generator")
            sources = {s.name: registry.load(KINDS, s.kind, "Source") for s in look.sources}
            mounts: dict[str, Sequence[ParamSpec]] = {
                "a/gen": self.props.offered(generator.PARAMS), "a/walk": sphere.PARAMS, "a/drive": drive.PARAMS,
                "a/prompt": prompts.PARAMS}
            mounts |= {f"fx/{name}": self._effects.specs(name) for name in look.effects}
            mounts |= {MOD + name: source.PARAMS for name, source in sources.items()}
            slot = slot_params(list(sources), kinds())
            mounts |= {f"{ROUTES[1:]}{n}": slot for n in range(1, slots_for(_last_slot(look)) + 1)}
            mounts = {self.place.mount(mount): specs for mount, specs in mounts.items()}
            self._check(self.place.look(look), mounts, sources)
        except VjError as error:
            raise VjError(f"{where}: {error}") from error
        return Cast(look, mounts, sources, drive, self.place, getattr(generator, "VIEW", True))

    def _check(self, look: Look, mounts: Mapping[str, Sequence[ParamSpec]], sources: Collection[str]) -> None:
        specs = {path: spec for path, spec, _ in self._tree.items() if not path.startswith(self.place.of_a_look)}
        specs |= {f"/{mount}/{spec.name}": spec for mount, declared in mounts.items() for spec in declared}
        for path, value in look.values.items():
            _checked(_spec(specs, path), value, path)
            if path.startswith(self.place.routes) and path.endswith("/target"):
                check_target(str(value), lambda target: _spec(specs, target))
        filled(look.routes)
        for route in look.routes:
            if route.source not in sources:
                raise VjError(f"a route's source {route.source!r} is not one of this look's sources"
                              f"{registry.suggest(route.source, list(sources))}")
            check_target(route.target, lambda path: _spec(specs, path))


def needs(generator: str) -> str:
    """What a generator cannot draw without, in words; nothing where it can, or there is none of that name.

    A generator that can tell whether it has what it needs says so itself, as ``missing()``.
    """
    try:
        found = registry.load("vj.generators", generator, "Generator")
    except VjError:
        return ""
    missing = getattr(found, "missing", None)
    return str(missing() if missing is not None else getattr(found, "NEEDS", ""))


def _checked(spec: ParamSpec, value: Value, path: str) -> None:
    """Raises VjError where a parameter cannot have this value, with the cure where a name is one of another show's."""
    try:
        checked(spec, value, path)
    except VjError as error:
        raise VjError(f"{error}{cure(spec, value)}") from error


def _last(slots: Sequence[Slot]) -> int:
    """The last slot in use."""
    return max((slot.number for slot in slots), default=0)


def _last_slot(look: Look) -> int:
    """The last slot that a look fills, by its routes or by its values. Raises VjError for a slot that is none."""
    numbers = [path.split("/")[2] for path in look.values if path.startswith(ROUTES)]
    for text in numbers:
        if not (text.isdecimal() and 1 <= int(text[:4]) <= MOST):
            raise VjError(f"there is no slot {ROUTES}{text}: they go from 1 to {MOST}")
    return max(len(look.routes), *map(int, numbers), 0)


def _spec(specs: Mapping[str, ParamSpec], path: str) -> ParamSpec:
    if path not in specs:
        raise VjError(f"there is no parameter {path!r}{registry.suggest(path, list(specs))}")
    return specs[path]
