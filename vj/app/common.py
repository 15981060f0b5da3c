"""What a live show and an offline one have in common: the tree, the look on stage, the engine's parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vj.app import autopilot
from vj.app.lookfiles import open_shelf
from vj.app.props import props_of
from vj.app.surfaces import declare_surfaces
from vj.app.verbs import RECORDING, VERBS
from vj.config import looks_dirs
from vj.engine import Parts, Picture
from vj.hands.pair import Pair
from vj.hands.prompter import Prompter
from vj.latency import LATENCY_PARAMS, MOUNT, READINGS
from vj.modulation.matrix import ModMatrix
from vj.options import DEFAULT_LOOK, Options, parse_set
from vj.params.looks import find_look
from vj.params.places import PLACES, SECOND
from vj.params.props import NO_PROPS, Props
from vj.params.readings import HEARD
from vj.params.shelf import Shelf
from vj.params.tree import ParamTree
from vj.stage import LOOK, Stage
from vj.status import STATS
from vj.types import AudioSource, ControlEvent, Look, VjError

if TYPE_CHECKING:
    from vj.render.effects import EffectLibrary


@dataclass(frozen=True, slots=True)
class Format:
    """The output's shape in space and time."""

    size: tuple[int, int]
    fps: float


@dataclass(frozen=True, slots=True)
class Declared:
    """The tree with everything in it, and a look on stage; the ``second`` deck sleeps."""

    tree: ParamTree
    matrix: ModMatrix
    stage: Stage
    second: Stage
    prompter: Pair


def declare(effects: EffectLibrary, seed: int, size: tuple[int, int], look: Look, shelf: Shelf, *,
            props: Props = NO_PROPS) -> Declared:
    """Declare everything, and put ``look`` on stage. Needs no GPU, no sound card and no torch."""
    from vj.audio.analyzer import AUDIO_PARAMS, BEAT_PARAMS
    from vj.render.master import MASTER_PARAMS, mix_params

    tree, matrix = ParamTree(), ModMatrix()
    tree.declare("audio", AUDIO_PARAMS)
    tree.declare("beat", BEAT_PARAMS)
    tree.declare("mix", mix_params(effects.names("transitions")))
    tree.declare("master", MASTER_PARAMS)
    tree.declare(MOUNT, LATENCY_PARAMS)
    for mount, verbs in VERBS.items():
        tree.declare(mount, verbs)
    tree.declare(autopilot.MOUNT, autopilot.PARAMS)
    for mount, specs in {**HEARD, "stats": STATS, MOUNT: READINGS, "record": RECORDING,
                         autopilot.MOUNT: autopilot.READINGS}.items():
        tree.declare_readings(mount, specs)
    declare_surfaces(tree)
    stage = Stage(tree, matrix, effects, shelf, seed=seed, size=size, props=props)
    stage.stand(stage.cast(look))
    place = PLACES[SECOND]
    second = Stage(tree, ModMatrix(place.mod), effects, shelf, seed=seed, size=size, place=place, props=props)
    first = Prompter(tree, stage)
    pair = Pair(first, Prompter(tree, second, first))
    tree.put(LOOK, look.name, "start")
    tree.settle()
    return Declared(tree, matrix, stage, second, pair)


def chosen_look(name: str | None) -> Look:
    """The look ``name``, or the default one."""
    return find_look(name or DEFAULT_LOOK, looks_dirs())


def declared_tree(look: str) -> ParamTree:
    """The tree as it is with ``look`` on stage, for listings and documents."""
    from vj.render.effects import EffectLibrary

    return declare(EffectLibrary.open(), 0, (640, 360), chosen_look(look), open_shelf()).tree


def wishes(tree: ParamTree, sets: Sequence[str]) -> list[ControlEvent]:
    """The ``--set`` wishes as events, already in the tree so that nothing glides at the start."""
    events = []
    for text in sets:
        path, value = parse_set(text)
        kind = tree.spec(path).kind
        if kind in ("text", "colour"):
            value = text.partition("=")[2]
        elif kind == "choice" and isinstance(value, float):
            value = int(value)
        event = ControlEvent(path, value, "command line")
        tree.apply(event)
        events.append(event)
    tree.settle()
    return events


def assemble(source: AudioSource, compositor: Picture, effects: EffectLibrary, options: Options,
             form: Format, *, shelf: Shelf) -> Parts:
    """An engine's parts, for a live show and for an offline one. The ``--set`` wishes wait in the inbox."""
    from vj.audio.analyzer import Analyzer

    show = declare(effects, options.seed or 0, form.size, shelf.find(options.look or DEFAULT_LOOK), shelf,
                   props=props_of(options))
    parts = Parts(source, Analyzer(source.rate), show.tree, show.matrix, show.stage, show.prompter, compositor,
                  show.second)
    for event in wishes(show.tree, options.sets):
        parts.inbox.put(event)
    return parts


def apart(*paths: Path | None) -> None:
    """Raises VjError when two of the paths are the same file: nothing may be written over what is read."""
    real = [path.expanduser().resolve() for path in paths if path is not None]
    for n, path in enumerate(real):
        if path in real[n + 1:]:
            raise VjError(f"{path} is named twice: read and written files must differ")
