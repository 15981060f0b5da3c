"""One deck's picture: fills the display frames between two generated images.

A new image is cross-faded in from what is on screen over the measured interval between images, and every image is
warped by the known motion of the camera since it was asked for, so twelve images a second read as sixty frames of
movement. When no image comes for long, the last one melts on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from vj.camera import residual
from vj.render.surface import Painter, Surface
from vj.types import Camera, Image, Tick, VjError

if TYPE_CHECKING:
    from moderngl import Context, Texture

    from vj.render.surface import State
    from vj.types import Pixels

INTERVAL_TAU = 1.0
"""Seconds over which the interval between images is averaged."""
LONGEST_FADE = 0.5
"""No cross-fade is longer, seconds: after a pause the new image should be there soon."""
STALE_FROM, STALE_FULL = 0.5, 3.0
"""Age of the newest image at which the melt begins and is complete, seconds."""
LOST_AFTER, FADE_OUT = 5.0, 4.0
"""Age at which the idle scene begins to take over, and how long that takes, seconds."""
WHOLE = 0.98
"""A cross-fade this far is taken for done."""
MEMORY_TAU = 0.6
"""How long the melt's feedback remembers, seconds."""
FADE_IN = 1.0
"""From idle to the first image, seconds."""


def smoothstep(lo: float, hi: float, x: float) -> float:
    """0 below ``lo``, 1 above ``hi``, an S between."""
    t = min(max((x - lo) / (hi - lo), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@dataclass(frozen=True)
class _Slot:
    """A picture with the camera it was made at.

    ``extent`` is its half width and height in camera units; a negative height means bottom row first.
    """

    surface: Surface
    camera: Camera
    extent: tuple[float, float]


class Deck:
    """Takes images as they come; draws the deck as it looks now. ``size`` is the output's, in pixels."""

    def __init__(self, context: Context, size: tuple[int, int], painters: Mapping[str, Painter]) -> None:
        self._context = context
        self._size = size
        self._painters = painters
        self._canvas = [Surface(context, size) for _ in range(3)]  # shown last, and room for two steps
        self._snapshot = Surface(context, size)
        self._upscaler = Upscaler(context, size, painters)
        self._newer: _Slot | None = None
        self._older: _Slot | None = None
        self._key = (-1, -1.0)
        self._view = Camera()  # the camera of the last frame drawn
        self._made = self._arrived = self._interval = self._presence = self._stale = 0.0
        self._fade = 1.0

    @property
    def alive(self) -> bool:
        """Whether there has ever been an image."""
        return self._newer is not None

    @property
    def presence(self) -> float:
        """How much of the deck is to be seen over the idle scene, 0..1."""
        return smoothstep(0.0, 1.0, self._presence)

    def accept(self, tick: Tick, image: Image | None) -> None:
        """Take the newest image if it is a new one."""
        if image is None or (image.tick_index, image.time) == self._key:
            return
        if self._newer is not None:
            self._note_gap(tick)
            self._older = self._on_screen(self._newer)
        self._newer = self._upscaler.slot(image, self._older)
        self._key = (image.tick_index, image.time)
        self._made, self._arrived = image.time, tick.time

    def draw(self, tick: Tick, view: Camera | None, energy: float) -> Texture:
        """The deck's picture at this tick. There must have been an image."""
        newer = self._newer
        if newer is None:
            raise VjError("the deck has no picture yet")
        self._view = view or newer.camera
        self._fade = self._progress(tick)
        self._stale = smoothstep(STALE_FROM, STALE_FULL, self.age(tick))
        self._presence = self._next_presence(tick)
        self._warp(self._older or newer, newer)
        if self._stale > 0.0:
            self._melt(tick, energy)
        self._canvas.insert(0, self._canvas.pop(1))
        return self._canvas[0].texture

    def pass_by(self, tick: Tick) -> None:
        """Nobody sees the deck at this tick: what it shows is not drawn, how present it is goes on."""
        self._presence = self._next_presence(tick)

    def age(self, tick: Tick) -> float:
        """Seconds since the newest image was asked for, or came, whichever is later."""
        return tick.time - max(self._made, self._arrived)

    def _next_presence(self, tick: Tick) -> float:
        if self.age(tick) > LOST_AFTER:
            return max(self._presence - tick.dt / FADE_OUT, 0.0)
        return min(self._presence + tick.dt / FADE_IN, 1.0)

    def _progress(self, tick: Tick) -> float:
        """How far the newest image has come in. With an image at every tick it is there at once."""
        if self._older is None or self._interval <= 0.0:
            return 1.0
        return min((tick.time - self._arrived + tick.dt) / self._interval, 1.0)

    def _note_gap(self, tick: Tick) -> None:
        gap = min(max(tick.time - self._arrived, tick.dt), LONGEST_FADE)
        keep = math.exp(-gap / INTERVAL_TAU) if self._interval else 0.0
        self._interval = keep * self._interval + (1.0 - keep) * gap

    def _on_screen(self, newer: _Slot) -> _Slot:
        """What is on screen: the last image itself, or in the middle of a fade or a melt a snapshot."""
        if self._fade >= WHOLE and self._stale == 0.0:
            return newer
        self._painters["hold"].draw(self._snapshot.framebuffer, {"image": self._canvas[0].texture}, {})
        width, height = self._reach(newer)
        return _Slot(self._snapshot, self._view, (width, -height))

    def _reach(self, slot: _Slot) -> tuple[float, float]:
        """Half width and height of the screen in the image's units, so that the image covers the screen."""
        aspect = self._size[0] / self._size[1]
        share = min(1.0, abs(slot.extent[0] / slot.extent[1]) / aspect)
        return aspect * share, share

    def _warp(self, older: _Slot, newer: _Slot) -> None:
        old, new = residual(older.camera, self._view), residual(newer.camera, self._view)
        name = "warp" if self._fade >= 1.0 else "deck"
        self._painters[name].draw(
            self._canvas[1].framebuffer, {"older": older.surface.texture, "newer": newer.surface.texture},
            {"olderTurn": old[:4], "newerTurn": new[:4], "shifts": old[4:] + new[4:],
             "extents": older.extent + newer.extent, "view": self._reach(newer), "fade": self._fade})

    def _melt(self, tick: Tick, energy: float) -> None:
        """From canvas 1 (warped now) and 0 (shown last) into 2, which becomes 1."""
        fresh, memory, target = self._canvas[1], self._canvas[0], self._canvas[2]
        keep = math.exp(-tick.dt / (MEMORY_TAU * self._stale))
        self._painters["drift"].draw(
            target.framebuffer, {"image": fresh.texture, "memory": memory.texture},
            {"stale": self._stale, "time": tick.time % 3600.0, "energy": energy, "keep": keep, "pace": tick.dt * 30.0,
             "aspect": (self._size[0] / self._size[1], 1.0)})
        self._canvas[1:] = [target, fresh]

    def state(self) -> State:
        """Everything that the next frame depends on."""
        numbers = [*self._key, *astuple(self._view), self._made, self._arrived, self._interval, self._presence,
                   self._stale, self._fade]
        state: State = {"numbers": np.array(numbers), "shown": self._canvas[0].pixels()}
        for name, slot in (("newer", self._newer), ("older", self._older)):
            if slot is not None:
                state[name] = slot.surface.pixels()
                state[f"{name}.at"] = np.array([*astuple(slot.camera), *slot.extent])
        return state

    def restore(self, state: State) -> None:
        """Put back what ``state`` gave."""
        numbers = [float(x) for x in state["numbers"]]
        self._key, self._view = (int(numbers[0]), numbers[1]), Camera(*numbers[2:6])
        self._made, self._arrived, self._interval, self._presence, self._stale, self._fade = numbers[6:]
        self._canvas[0].write(state["shown"])
        self._newer = self._restored(state, "newer", 0)
        same = "older" in state and np.array_equal(state["older.at"], state["newer.at"])
        self._older = self._newer if same else self._restored(state, "older", 1)

    def _restored(self, state: State, name: str, index: int) -> _Slot | None:
        if name not in state:
            return None
        x, y, zoom, angle, width, height = (float(v) for v in state[f"{name}.at"])
        pixels = state[name]
        surface = self._snapshot if height < 0 else self._upscaler.surface(index, (pixels.shape[1], pixels.shape[0]))
        surface.write(pixels)
        return _Slot(surface, Camera(x, y, zoom, angle), (width, height))

    def release(self) -> None:
        """Give the memory back."""
        for surface in (*self._canvas, self._snapshot):
            surface.release()
        self._upscaler.release()


class Upscaler:
    """Brings an image to the output's size once, when it comes; two surfaces take turns."""

    def __init__(self, context: Context, size: tuple[int, int], painters: Mapping[str, Painter]) -> None:
        self._context = context
        self._size = size
        self._painters = painters
        self._upload: Texture | None = None
        self._half: Surface | None = None
        self._surfaces: list[Surface | None] = [None, None]

    def slot(self, image: Image, busy: _Slot | None) -> _Slot:
        """The image, upscaled, on the surface that ``busy`` does not use. Raises VjError for a picture of no use."""
        pixels = image.pixels
        if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8 or 0 in pixels.shape:
            raise VjError(f"an image should be (H, W, 4) bytes, the generator gave {pixels.dtype} {pixels.shape}")
        height, width = pixels.shape[:2]
        scale = max(self._size[0] / width, self._size[1] / height, 1.0)
        index = 1 if busy is not None and busy.surface is self._surfaces[0] else 0
        target = self.surface(index, (round(width * scale), round(height * scale)))
        self._draw(self._uploaded(pixels), target)
        return _Slot(target, image.camera, (width / height, 1.0))

    def surface(self, index: int, size: tuple[int, int]) -> Surface:
        """Surface 0 or 1, made anew where the size is another."""
        found = self._surfaces[index]
        if found is not None and found.size == size:
            return found
        if found is not None:
            found.release()
        self._surfaces[index] = made = Surface(self._context, size)
        return made

    def _uploaded(self, pixels: Pixels) -> Texture:
        size = (pixels.shape[1], pixels.shape[0])
        if self._upload is None or self._upload.size != size:
            if self._upload is not None:
                self._upload.release()
            self._upload = self._context.texture(size, 4)
            self._upload.repeat_x = self._upload.repeat_y = False
        self._upload.write(np.ascontiguousarray(pixels))
        return self._upload

    def _draw(self, image: Texture, target: Surface) -> None:
        if target.size == image.size:
            self._painters["hold"].draw(target.framebuffer, {"image": image}, {})
            return
        half = self._room((target.size[0], image.size[1]))
        self._painters["upscale"].draw(half.framebuffer, {"image": image}, {"axis": (1, 0)})
        self._painters["upscale"].draw(target.framebuffer, {"image": half.texture}, {"axis": (0, 1)})

    def _room(self, size: tuple[int, int]) -> Surface:
        if self._half is None or self._half.size != size:
            if self._half is not None:
                self._half.release()
            self._half = Surface(self._context, size)
        return self._half

    def release(self) -> None:
        """Give the memory back."""
        for held in (self._upload, self._half, *self._surfaces):
            if held is not None:
                held.release()
