"""The show as it is, kept every few seconds, so that the next one can begin where a crash ended this one.

The show's own thread only collects what stands where, which takes a fraction of a millisecond; another thread writes.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.app.lookfiles import written
from vj.config import looks_dirs, user_dir
from vj.hands.corners import PAD
from vj.hands.prompter import RECALL, RESUME
from vj.mailbox import Latest
from vj.options import Options
from vj.params.looks import look_names, look_table, parse_look
from vj.params.places import SECOND, across
from vj.params.shelf import SNAPSHOT
from vj.stage import OF_A_LOOK
from vj.types import ControlEvent, Look, Params, Tick, Value, VjError

if TYPE_CHECKING:
    from vj.engine import Parts
    from vj.walk.sphere import Walk

NAME = "autosave.toml"
HEAD = "# The last show as it was; `vj play --resume` and `vj live --resume` go on from here."
EVERY = 3.0
"""Seconds of the show between two states that are kept."""
LARGEST = 4 * 1024 * 1024
VERSION = 1
LEFT_OUT = (*OF_A_LOOK, "/sources/", "/b/sources/", "/machine/", "/record/", "/midi/")
_OF_A_DECK = ("/show/look", "/show/recall", "/show/save", "/show/morph", "/show/morph_position")
BEGUN_ANEW = {*_OF_A_DECK, *map(across, _OF_A_DECK), "/show/rename", "/show/delete", "/mix/load", "/master/blackout",
              "/master/freeze"}
"""What a show that is taken up again begins anew: words, what went on, and a dark or a standing picture."""


@dataclass(frozen=True, slots=True)
class State:
    """A show at one moment. ``scene`` is the picture, ``values`` what stood outside of it, by path; ``snapshots`` are
    those in the pads' corners, ``walk`` where the walk stood. ``second`` and ``second_walk`` are the other deck's,
    unless it slept.
    """

    scene: Look
    seed: int
    values: Mapping[str, Value]
    snapshots: Mapping[str, Look] = field(default_factory=dict)
    walk: Mapping[str, Any] = field(default_factory=dict)
    time: float = 0.0
    second: Look | None = None
    second_walk: Mapping[str, Any] = field(default_factory=dict)


def state_of(parts: Parts, tick: Tick) -> State:
    """The show as it stands at a tick."""
    values = {path: base for path, spec, base in parts.tree.items()
              if base != spec.default and spec.kind != "trigger" and _lasts(path)}
    corners = [str(value) for path, value in values.items() if path.startswith((PAD, across(PAD)))]
    snapshots = {name: parts.stage.shelf.find(name) for name in corners if name.startswith(SNAPSHOT)}
    walk = parts.stage.decks[0].walk
    state = State(parts.stage.present(), walk.seed, values, snapshots, walk.state(), tick.time)
    if parts.second is None or not parts.second.awake:
        return state
    return replace(state, second=parts.second.present(), second_walk=parts.second.decks[0].walk.state())


def _lasts(path: str) -> bool:
    return path not in BEGUN_ANEW and not path.startswith(LEFT_OUT)


def text_of(state: State) -> str:
    """The file's text."""
    import tomli_w

    table = {"version": VERSION, "time": state.time, "seed": state.seed, "look": state.scene.name,
             "scene": look_table(state.scene), "values": dict(state.values),
             "snapshots": {name: look_table(look) for name, look in state.snapshots.items()}, "walk": dict(state.walk)}
    if state.second is not None:
        table[SECOND] = {"look": state.second.name, "scene": look_table(state.second), "walk": dict(state.second_walk)}
    return f"{HEAD}\n{tomli_w.dumps(table)}"


def read(path: Path | None = None) -> State | None:
    """The state that was kept; None where there is none. Raises VjError when the file is not right."""
    file = path or user_dir() / NAME
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VjError(f"{file} cannot be read: {error.strerror or error}") from error
    try:
        if len(text) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        return _state(tomllib.loads(text.decode("utf-8")), str(file))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VjError(f"{file} is no show that can be taken up again: {error}") from error


def _state(table: dict[str, Any], where: str) -> State:
    if table.get("version") != VERSION:
        raise ValueError(f"version {table.get('version')!r}, this vj reads {VERSION}")
    values = {str(path): value for path, value in table["values"].items()
              if isinstance(value, bool | int | float | str)}
    snapshots = {name: parse_look(name, look, f"{where}: {name}") for name, look in table.get("snapshots", {}).items()}
    scene = parse_look(str(table["look"]), table["scene"], f"{where}: scene")
    state = State(scene, int(table["seed"]), values, snapshots, dict(table["walk"]), float(table["time"]))
    second = table.get(SECOND)  # a show on one deck has none
    if second is None:
        return state
    look = parse_look(str(second["look"]), second["scene"], f"{where}: {SECOND}: scene")
    return replace(state, second=look, second_walk=dict(second["walk"]))


class Autosave:
    """Keeps the show's state in ``path``. ``say`` is told once when it cannot."""

    def __init__(self, parts: Parts, path: Path) -> None:
        self.say: Callable[[str], object] = str
        self.kept = 0
        self._parts, self._path = parts, path
        self._due = EVERY
        self._newest: Latest[State] = Latest()
        self._last: Tick | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="autosave", daemon=True)

    @classmethod
    def open(cls, parts: Parts, path: Path | None = None) -> Autosave:
        """Keep the show of ``parts`` from now on."""
        autosave = cls(parts, path or user_dir() / NAME)
        parts.seen.append(autosave.seen)
        autosave._thread.start()
        return autosave

    def seen(self, tick: Tick, _: Params) -> None:
        """A tick is over."""
        self._last = tick
        if tick.time >= self._due:
            self._due = tick.time + EVERY
            self._newest.put(state_of(self._parts, tick))

    def close(self) -> None:
        """Keep how it ended."""
        if self._last is not None and self._thread.is_alive():
            self._newest.put(state_of(self._parts, self._last))
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(10.0)

    def _work(self) -> None:
        ended = False
        while not ended:
            ended = self._end.is_set()  # asked before the last look, so that nothing is left behind
            state = self._newest.take(0.0 if ended else 0.5)
            if state is not None:
                self._write(state)

    def _write(self, state: State) -> None:
        try:
            written(self._path, text_of(state))
            self.kept += 1
        except OSError as error:
            self.say(f"the show cannot be kept in {self._path}: {error.strerror or error}")
            self.say = str  # once is enough


# ------------------------------------------------------------------------------------------- resume


def resumed(options: Options, state: State | None) -> Options:
    """The options of a show that goes on from ``state``, unless they say otherwise themselves."""
    if state is None:
        return options
    there = state.scene.name in look_names(looks_dirs())
    return replace(options, look=options.look or (state.scene.name if there else None),
                   seed=state.seed if options.seed is None else options.seed)


def take_up(parts: Parts, state: State, *, scene: bool = True) -> None:
    """Put the show where ``state`` says, before its first tick; a take is told by events. Without ``scene`` the picture
    is the one that was asked for. Raises VjError where that picture can no longer be made.
    """
    for name, look in state.snapshots.items():
        parts.stage.shelf.put(name, look)
    for path, value in state.values.items():
        if _lasts(path):
            parts.inbox.put(ControlEvent(path, value, RESUME))
    if not scene:
        return
    parts.stage.stand(parts.stage.cast(state.scene))
    parts.inbox.put(ControlEvent(RECALL, parts.stage.shelf.snap(state.scene), RESUME))  # after what the pad did to it
    if state.second is not None and parts.second is not None:
        parts.second.begins = state.second_walk
        snapshot = parts.stage.shelf.snap(state.second)
        parts.inbox.put(ControlEvent(across(RECALL), snapshot, RESUME))
    stand(parts.stage.decks[0].walk, state.walk)


def stand(walk: Walk, state: Mapping[str, Any]) -> None:
    """Put a walk where it stood. Raises VjError when that is not known."""
    try:
        walk.restore(state)
    except (ValueError, KeyError, TypeError) as error:
        raise VjError(f"the walk begins anew, where it stood is not known: {error}") from error
