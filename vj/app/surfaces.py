"""The control surfaces of a live show, opened as asked for; one that cannot be opened is told and left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from vj.clock import now
from vj.control.desk import Desk, Surface, Telling
from vj.control.midi.params import PARAMS as MIDI
from vj.control.midi.params import READINGS as MIDI_READINGS
from vj.control.mirror import Mirror
from vj.control.osc.gather import settled
from vj.control.osc.params import READINGS as OSC_READINGS
from vj.engine import Engine
from vj.options import Options
from vj.params.tree import ParamTree
from vj.types import Params, ParamSpec, Tick, VjError

Opener = Callable[[Desk, Options], Surface | None]
"""Opens one surface; None where it was not asked for. Raises VjError where it cannot be opened."""
DECLARED: Mapping[str, tuple[Sequence[ParamSpec], Sequence[ParamSpec]]] = {
    "midi": (MIDI, MIDI_READINGS), "osc": ((), OSC_READINGS)}
"""Mount -> what can be turned there, and what the surface tells. Always declared, whatever is opened: listings show it,
and a take in which it was turned can be rendered.
"""


def declare_surfaces(tree: ParamTree) -> None:
    """Put what the surfaces bring with them into the tree."""
    for mount, (params, readings) in DECLARED.items():
        tree.declare(mount, params)
        tree.declare_readings(mount, readings)


def open_desk(engine: Engine) -> Desk:
    """The desk of a show, kept up to date by its engine from now on."""
    parts = engine.parts
    mirror = Mirror(parts.tree)
    parts.seen.append(mirror.publish)
    parts.inbox.settle = lambda events: settled(events, mirror.specs)
    return Desk(mirror, parts.inbox.put, now, together=parts.inbox.put_all)


def open_surfaces(desk: Desk, options: Options, stack: ExitStack, openers: tuple[Opener, ...]) -> list[Surface]:
    """All that can be opened; closed with ``stack``. A port that is taken never stops a show.

    ``report_surfaces`` brings what they tell into the tree.
    """
    opened = []
    for opener in openers:
        try:
            surface = opener(desk, options)
        except VjError as error:
            desk.say(str(error))
            continue
        if surface is not None:
            stack.callback(surface.close)
            opened.append(surface)
    return opened


def report_surfaces(engine: Engine, surfaces: Sequence[Surface]) -> None:
    """From now on what the surfaces tell stands in the engine's tree, anew after each tick."""
    telling = [surface for surface in surfaces if isinstance(surface, Telling)]
    tree = engine.parts.tree

    def report(_tick: Tick, _params: Params) -> None:
        for surface in telling:
            tree.report(surface.mount, surface.readings())

    if telling:
        engine.parts.seen.append(report)
