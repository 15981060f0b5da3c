"""The engine: a shot in, a picture out, as fast as the device can and whatever happens to it.

It owns what lasts from picture to picture: the plates (buffers and graphs, one for each kind of picture), each deck's
memory, the encoded prompts. It knows nothing of a show; time comes in with the shots.
"""

from __future__ import annotations

import gc
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from vj.models.diffusion import calm, feedback, frame, launch
from vj.models.diffusion.outlet import Outlet, Ticket
from vj.models.diffusion.schedule import Course, Schedule, guidance_embedding
from vj.models.diffusion.shot import CrowdedError, Feedback, Shot
from vj.models.diffusion.sources import fitted
from vj.models.diffusion.text import mixture
from vj.types import VjError

if TYPE_CHECKING:
    from vj.models.diffusion.loader import Parts
    from vj.models.diffusion.shot import Pixels

__all__ = ["WAYS", "Engine", "Feedback", "Shot", "Trace"]

WAYS = ("graph", "compile")
"""How pictures may be launched on a CUDA device besides call by call; ``tune`` compiles for minutes."""
PLATES = 8
"""Kinds of pictures that are kept ready."""
ANCHOR_S, ANCHOR_TAU = 2.0, 0.7
"""While something is fed back: seconds between two looks at what noise alone gives, and of the way there."""
SMALLER = 0.6
"""Of its pixels a picture keeps when memory runs out."""
LEAST = 128 * 128
"""Pixels below which it is no use to go on."""


@dataclass
class _Deck:
    """What lasts from one of a deck's pictures to the next."""

    slew: calm.Slew = field(default_factory=calm.Slew)
    plate: frame.Plate | None = None
    anchored: float = math.inf
    """Seconds since the anchor was looked at."""
    goal: Tensor | None = None
    """Where the anchor goes, (2, 1, C, 1, 1)."""
    trace: Trace | None = None
    """Of the last batch."""


@dataclass(frozen=True)
class Trace:
    """What a deck remembered after each picture of a batch: ``clean`` (rows, C, h, w), ``rgba`` (rows, H, W, 4)."""

    plate: frame.Plate
    clean: Tensor
    rgba: Tensor
    slews: Sequence[calm.Slew]


@dataclass
class _Press:
    """A plate, how it is launched, and what texts stand on it."""

    plate: frame.Plate
    launch: launch.Launch
    texts: tuple[object, ...] = ()


class Engine:
    """Draws shots with one model. One thread uses it.

    ``tell`` hears sentences for the performer about what failed and was mended. ``waits``: a text that has not been
    read yet is read at once; without it the mixture before stays until somebody else has read it.
    """

    waits = True

    def __init__(self, parts: Parts, ways: Sequence[str] = WAYS, tell: Callable[[str], None] | None = None) -> None:
        self.parts = parts
        self._model = frame.Model(parts.unet, parts.vae, parts.dtype, parts.device)
        self._schedule = Schedule(parts.scheduler, parts.sampler)
        self._ways = ways if parts.device.startswith("cuda") else ()
        self._tell = tell or (lambda _: None)
        self._outlet = Outlet(parts.device)
        self._presses: OrderedDict[frame.Kind, _Press] = OrderedDict()
        self._decks: dict[str, _Deck] = {}
        self._pool = launch.Pool()
        self._most = math.inf

    @classmethod
    def open(cls, parts: Parts, *, ways: Sequence[str] = WAYS, tell: Callable[[str], None] | None = None) -> Engine:
        """An engine over the parts of a model; on CUDA with the settings that few-step models are fastest with."""
        if parts.device.startswith("cuda"):
            torch.cuda.set_device(parts.device if ":" in parts.device else "cuda:0")
            torch.backends.cudnn.benchmark = True
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        return cls(parts, ways, tell)

    def draw(self, shot: Shot) -> Pixels:
        """(H, W, 4) uint8 RGBA, the caller's own. VjError for a shot that cannot be drawn."""
        pixels: Pixels = self.begin(shot).pixels()[0]
        return pixels

    def begin(self, shot: Shot) -> Ticket:
        """Begin to draw; the ticket's one picture may be taken after the next has begun, so that nothing waits."""
        return self._begin([shot])

    def begin_ahead(self, shots: Sequence[Shot]) -> Ticket:
        """Begin a batch of shots that are of one kind, with nothing fed back; the ticket has all their pictures.

        Raises CrowdedError where there is no memory for so many.
        """
        return self._begin(shots)

    def trace(self, deck: str) -> Trace:
        """Of the batch that was begun last for the deck, so that ``rewind`` can go back into it later."""
        trace = self._decks[deck].trace if deck in self._decks else None
        if trace is None:
            raise VjError(f"deck {deck} has drawn no batch yet")
        return trace

    def rewind(self, deck: str, trace: Trace, row: int) -> None:
        """The deck remembers what it did after that picture of a batch: the ones behind it were never shown."""
        state = self._decks.get(deck)
        if state is None:
            return
        trace.plate.recall(trace.clean[row], trace.rgba[row])
        state.plate, state.slew = trace.plate, copy(trace.slews[row])

    def prepare(self, shots: Sequence[Shot], ahead: int = 1) -> None:
        """Make what pictures like these will need, graphs and all, before a show. Takes as long as it takes."""
        for shot in shots:
            press = self._press(self._kind(shot, ahead))
            self._ink(press, [shot] * ahead, _Deck())
            with press.plate.untouched():
                press.launch.settle()

    def forget(self, deck: str) -> None:
        """The deck begins anew, without a picture before."""
        self._decks.pop(deck, None)

    def latents(self, deck: str = "a") -> Tensor:
        """(rows, C, h, w) float32, a copy: what the deck's last picture was decoded from. VjError before the first."""
        plate = self._decks[deck].plate if deck in self._decks else None
        if plate is None:
            raise VjError(f"deck {deck} has drawn nothing yet")
        return plate.buffers["clean"].clone()

    def close(self) -> None:
        """Give back what was made. Can be called twice."""
        self._presses.clear()
        self._decks.clear()
        free_memory(self.parts.device)

    def way(self, shot: Shot) -> str:
        """How pictures like this one are launched now: eager, graph, compiled graph."""
        press = self._presses.get(self._kind(shot, 1))
        return press.launch.name if press else "eager"

    # ------------------------------------------------------------------------------------- one picture

    def _begin(self, shots: Sequence[Shot]) -> Ticket:
        """Draw, and where memory runs out make room once, then smaller pictures. Raises VjError to say so."""
        try:
            return self._print(shots)
        except Exception as error:
            if not launch.is_out_of_memory(error):
                raise
        self._make_room()
        if len(shots) > 1:
            raise CrowdedError(f"not enough memory on {self.parts.device} for {len(shots)} pictures at once")
        try:
            return self._print(shots)
        except Exception as error:
            if not launch.is_out_of_memory(error):
                raise
        self._make_room()
        raise self._smaller(self._size(shots[0]))

    def _print(self, shots: Sequence[Shot]) -> Ticket:
        deck = self._decks.setdefault(shots[0].deck, _Deck())
        press = self._press(self._kind(shots[0], len(shots)))
        plate = press.plate
        if deck.plate is not None and deck.plate is not plate:
            plate.remember(deck.plate.buffers)
        slewed, slews, slew = [], [], copy(deck.slew)
        for shot in shots:
            slewed.append(_slewed(shot, slew))
            slews.append(copy(slew))
        if any(feedback.share(shot.feedback) for shot in shots) and deck.plate is not None:
            self._anchor(press, slewed, deck)
        self._ink(press, slewed, deck)
        began = self._outlet.begin()
        press.launch()
        ticket = self._outlet.send(plate.buffers["rgba"], began)
        deck.plate, deck.slew = plate, slew
        if len(shots) > 1:
            deck.trace = Trace(plate, plate.buffers["clean"].clone(), plate.buffers["rgba"].clone(), slews)
        if press.launch.due:
            with plate.untouched():
                press.launch.improve()
        return ticket

    def _anchor(self, press: _Press, shots: Sequence[Shot], deck: _Deck) -> None:
        """What holds the trail follows what the model makes of noise alone, looked at every ``ANCHOR_S``."""
        plate, dt = press.plate, sum(shot.dt for shot in shots)
        first = math.isinf(deck.anchored)
        deck.anchored += dt
        if deck.anchored > ANCHOR_S:
            deck.anchored = 0.0
            fresh = [replace(shot, feedback=Feedback(), calm=0.0, source=None) for shot in shots]
            with plate.untouched():
                self._ink(press, fresh, _Deck())
                press.launch()
            deck.goal = plate.buffers["spread"].mean(1, keepdim=True)
        follow = 1.0 if first else 1.0 - math.exp(-dt / ANCHOR_TAU)
        if deck.goal is not None:
            plate.buffers["anchor"].lerp_(deck.goal, follow)

    def _ink(self, press: _Press, shots: Sequence[Shot], deck: _Deck) -> None:
        """Put the shots' numbers on the plate."""
        plate, letter = press.plate, press.plate.letter
        began = deck.plate is not None
        plate.sphere.settle(shots[0].seed)
        weights, kicks = plate.sphere.aim([shot.point for shot in shots])
        letter.write("weights", weights)
        letter.write("kick", kicks)
        letter.write("guidance", [shot.guidance for shot in shots])
        aspect = shots[0].size[0] / shots[0].size[1]
        for row, shot in enumerate(shots):
            part = feedback.share(shot.feedback) if began else 0.0
            course = self._course(shot, part)
            letter.read("begin")[row] = course.signal, course.noise
            letter.read("steps")[row] = course.table
            letter.read("follow")[row] = calm.follows(shot.calm, shot.dt) if began or row else (1.0, 1.0)
            letter.read("way")[row] = feedback.motion(shot.feedback, shot.dt if part else 0.0, aspect)
            letter.read("fed")[row] = part, feedback.kept(shot.feedback, shot.dt) if part else 0.0
        letter.send()
        self._say(press, shots)
        self._show(plate, shots)

    def _course(self, shot: Shot, part: float) -> Course:
        """Without a source what is fed back is one, and it holds the picture as much as it is fed back."""
        if shot.source is not None:
            return self._schedule.course(shot.steps, shot.strength, sourced=True)
        return self._schedule.course(shot.steps, shot.strength * (1.0 - part), sourced=part > 0.0)

    def _say(self, press: _Press, shots: Sequence[Shot]) -> None:
        """Put the texts' embeddings on the plate, where others stand there."""
        asked = tuple((shot.prompt, shot.negative, shot.guidance) for shot in shots)
        if asked == press.texts:
            return
        encoder, plate = self.parts.encoder, press.plate
        if not self.waits and press.texts and any(encoder.known(text) is None for text in _texts(shots)):
            return
        said = [mixture([encoder.encode(text) for text, _ in shot.prompt], [part for _, part in shot.prompt])
                for shot in shots]
        if plate.kind.guided:
            said = [encoder.encode_negative(shot.negative) for shot in shots] + said
        plate.say([one.tokens for one in said], [one.pooled for one in said])
        if "told" in plate.buffers:
            told = np.stack([guidance_embedding(shot.guidance, self._model.guidance_size) for shot in shots])
            plate.buffers["told"].copy_(torch.from_numpy(told))
        press.texts = asked

    def _show(self, plate: frame.Plate, shots: Sequence[Shot]) -> None:
        for row, shot in enumerate(shots):
            if shot.source is not None and plate.kind.sourced:
                plate.buffers["source"][row].copy_(fitted(shot.source, plate.kind.size, self.parts.device))

    # ---------------------------------------------------------------------------------- what it is drawn with

    def _kind(self, shot: Shot, rows: int) -> frame.Kind:
        guided = shot.guidance > 1.0 and not self._model.guidance_size
        seeds = frame.SEEDS * math.ceil(len(shot.point.weights) / frame.SEEDS)
        fed = bool(self._ways) or feedback.share(shot.feedback) > 0.0  # one graph for both, where there are graphs
        return frame.Kind(self._size(shot), rows, shot.steps, guided, shot.source is not None, fed, shot.deck, seeds)

    def _size(self, shot: Shot) -> tuple[int, int]:
        """The size asked for, or what the memory has room for."""
        width, height = shot.size
        if width % frame.STRETCH or height % frame.STRETCH or min(width, height) < frame.STRETCH * 2:
            raise VjError(f"a picture's sides are multiples of {frame.STRETCH} pixels, got {width}x{height}; "
                          f"the nearest is {'x'.join(map(str, frame.rounded((width, height))))}")
        return frame.rounded(shot.size, self._most) if width * height > self._most else shot.size

    def _press(self, kind: frame.Kind) -> _Press:
        if kind not in self._presses:
            while len(self._presses) >= PLATES:
                self._presses.popitem(last=False)
            plate = frame.Plate(self._model, kind)
            self._presses[kind] = _Press(plate, launch.Launch(plate.print, self._ways_of(plate), self._tell))
        self._presses.move_to_end(kind)
        return self._presses[kind]

    def _ways_of(self, plate: frame.Plate) -> list[launch.Way]:
        lock = self.parts.encoder.lock
        made: dict[str, Callable[[], launch.Way]] = {
            "graph": lambda: launch.Captured(self._pool, lock),
            "compile": lambda: launch.Compiled(lambda: frame.compiled(plate), launch.Captured(self._pool, lock)),
            "tune": lambda: launch.Compiled(lambda: frame.compiled(plate, tuned=True),
                                            launch.Captured(self._pool, lock), "tuned graph"),
        }
        return [made[name]() for name in self._ways]

    def _make_room(self) -> None:
        """Let go of everything but the decks' present plates, and of their graphs."""
        used = [deck.plate for deck in self._decks.values()]
        for kind, press in list(self._presses.items()):
            press.launch.forget()
            if press.plate not in used:
                del self._presses[kind]
        free_memory(self.parts.device)

    def _smaller(self, size: tuple[int, int]) -> VjError:
        """Draw smaller from now on, and what to say about it."""
        now = "x".join(map(str, size))
        if size[0] * size[1] <= LEAST:
            return VjError(f"not enough memory on {self.parts.device} even for pictures of {now}: close other programs "
                           f"that use it, or choose a smaller model than {self.parts.name}")
        self._most = max(size[0] * size[1] * SMALLER, LEAST)
        less = "x".join(map(str, frame.rounded(size, self._most)))
        return VjError(f"not enough memory on {self.parts.device} for pictures of {now}: from now on they are drawn at "
                       f"{less}")


def _texts(shots: Sequence[Shot]) -> set[str]:
    return {text for shot in shots for text, _ in shot.prompt}


def _slewed(shot: Shot, slew: calm.Slew) -> Shot:
    """The shot with what a hand or a drive moves held to a calm speed."""
    weights = slew.point(shot.point, shot.calm, shot.dt)
    return replace(shot, point=replace(shot.point, weights=weights),
                   strength=slew.strength(shot.strength, shot.calm, shot.dt),
                   prompt=slew.prompts(shot.prompt, shot.calm, shot.dt))


def free_memory(device: str) -> None:
    """Give what nothing holds any more back to the device."""
    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
