"""Builds and wires the parts: the only file that knows everybody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj import __version__
from vj.clock import WallClock, now
from vj.config import bundled_track, looks_dirs
from vj.console import Console
from vj.engine import Engine, Parts
from vj.mailbox import Inbox
from vj.modulation.matrix import ModMatrix
from vj.options import DEFAULT_LOOK, Options, parse_set
from vj.params.looks import find_look, look_names
from vj.params.tree import ParamTree
from vj.performance import Performance
from vj.stage import LOOK, Stage
from vj.types import AudioSource, ControlEvent, VjError

if TYPE_CHECKING:
    from vj.record.recorder import Recorder
    from vj.render.effects import EffectLibrary
    from vj.runner.process import ProcessRunner

SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software")
"""OpenGL renderers that draw on the CPU: there the defaults are smaller."""


@dataclass(frozen=True, slots=True)
class Format:
    """The output's shape in space and time."""

    size: tuple[int, int]
    fps: float


# ------------------------------------------------------------------------------------ shared parts


def declare(effects: Any, seed: int, size: tuple[int, int], look: str) -> tuple[ParamTree, ModMatrix, Stage]:
    """The tree with everything in it, and ``look`` on stage. Needs no GPU, no sound card and no torch."""
    from vj.audio.analyzer import AUDIO_PARAMS, BEAT_PARAMS
    from vj.render.compositor import MASTER_PARAMS

    tree, matrix = ParamTree(), ModMatrix()
    for mount, specs in (("audio", AUDIO_PARAMS), ("beat", BEAT_PARAMS), ("master", MASTER_PARAMS)):
        tree.declare(mount, specs)
    folders = looks_dirs()
    stage = Stage(tree, matrix, effects, lambda name: find_look(name, folders), names=look_names(folders), seed=seed,
                  size=size)
    tree.apply(ControlEvent(LOOK, find_look(look, folders).name, "start"))
    stage.recall(look)
    tree.settle()
    return tree, matrix, stage


def declared_tree(look: str) -> ParamTree:
    """The tree as it is with ``look`` on stage, for listings and documents."""
    from vj.render.effects import EffectLibrary

    return declare(EffectLibrary.open(), 0, (640, 360), look)[0]


def wish(tree: ParamTree, sets: Sequence[str]) -> list[ControlEvent]:
    """The ``--set`` wishes as events, checked against the tree."""
    events = []
    for text in sets:
        path, value = parse_set(text)
        if tree.spec(path).kind == "text":
            value = text.partition("=")[2]
        event = ControlEvent(path, value, "command line")
        tree.apply(event)
        events.append(event)
    tree.settle()
    return events


def assemble(source: AudioSource, compositor: Any, effects: EffectLibrary, options: Options, form: Format) -> Parts:
    """An engine's parts, for a live show and for an offline one."""
    from vj.audio.analyzer import Analyzer

    tree, matrix, stage = declare(effects, options.seed or 0, form.size, options.look or DEFAULT_LOOK)
    return Parts(source=source, ears=Analyzer(source.rate), tree=tree, matrix=matrix, stage=stage,
                 compositor=compositor, inbox=Inbox())
