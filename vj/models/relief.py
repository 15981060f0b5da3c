"""A view over a field of heights that has no end: it goes on beyond its edges, and is richer the closer one comes.

The land is the field laid over itself in octaves, each half as large as the one before, turned and moved aside, and
quieter: so it is as rich close by as from afar. Octaves fade in and out with the zoom (Shepard's endless staircase).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from vj.camera import Affine
from vj.models.surface import enlarge

OCTAVES = 3
"""In view at once, at most."""
BAND = 0.25
"""Of a field's sides: so much at each edge goes over into the opposite one."""
_FLAT = 0.05
"""A field whose heights are closer together than this is flat, and is not blown up to mountains."""
_FINER = 4
"""The field is drawn so much finer by smooth splines before a view is cut out of it: light shows every kink."""
_MARGIN = 2
_TURN = 2.4
"""Radians that an octave is turned from the one before."""


def land(field: Tensor, view: Affine, zoom: float, size: tuple[int, int], detail: float, *,
         held: bool = False) -> Tensor:
    """Heights (h, w) -> heights (height + 2, width + 2) as a view sees them, with a pixel of margin.

    At rest the field fills the screen. ``zoom`` is the view's, in octaves; ``detail`` 0..1 is an octave's loudness over
    the coarser one's. ``held``: a picture, which stays as it is where it stands, and is mirrored beyond its edges.
    """
    endless, base = smooth(endlessly(field)), math.floor(zoom)
    loud = [loudness(octave - zoom, detail) for octave in range(base, base + OCTAVES)]
    seen = torch.zeros(size[1] + 2, size[0] + 2, device=field.device)
    for octave, gain in enumerate(loud, base):
        if gain > 0.0:
            itself = held and octave == 0
            ring = smooth(mirrored(field)) if itself else endless
            seen.add_(_seen(ring, _places(view, octave, size, 0.5 if itself else 1.0)), alpha=gain)
    return seen / math.hypot(*loud)


def endlessly(field: Tensor) -> Tensor:
    """What of the field (h, w) can be laid side by side with itself: its slopes evened, its edges blended; mean 0,
    deviation 1.
    """
    ring = _blended(_blended(periodic(field), 0), 1)
    return (ring - ring.mean()) / ring.std().clamp_min(_FLAT)


def _blended(field: Tensor, axis: int) -> Tensor:
    """The last ``BAND`` of the field goes over into the first, which is left out."""
    band = max(round(BAND * field.shape[axis]), 1)
    first, middle, last = field.tensor_split((band, field.shape[axis] - band), axis)
    ramp = torch.tensor([_eased((cell + 0.5) / band) for cell in range(band)], device=field.device)
    return torch.cat([middle, torch.lerp(last, first, ramp[:, None] if axis == 0 else ramp)], axis)


def periodic(field: Tensor) -> Tensor:
    """The field (h, w) less the smoothest one that has its jumps from edge to opposite edge.

    Moisan, "Periodic plus smooth image decomposition" (2011): nothing is blended, only its slow slopes change.
    """
    height, width = field.shape
    jump = torch.zeros_like(field)
    for axis, last in ((0, height - 1), (1, width - 1)):
        step = field.select(axis, last) - field.select(axis, 0)
        jump.select(axis, 0).add_(step)
        jump.select(axis, last).sub_(step)
    rows = torch.cos(torch.fft.fftfreq(height, device=field.device) * (2 * math.pi))[:, None]
    columns = torch.cos(torch.fft.rfftfreq(width, device=field.device) * (2 * math.pi))
    bent = 2.0 * (rows + columns - 2.0)
    bent[0, 0] = 1.0
    slow = torch.fft.rfft2(jump) / bent
    slow[0, 0] = 0.0
    steps: Tensor = torch.fft.irfft2(slow, s=(height, width))
    return field - steps


def mirrored(field: Tensor) -> Tensor:
    """The field (h, w), to its right and below its mirror images (2 h, 2 w): it meets itself all round."""
    wide = torch.cat([field, field.flip(1)], 1)
    return torch.cat((wide, wide.flip(0)))


def loudness(rise: float, detail: float) -> float:
    """An octave's, ``rise`` octaves above the zoom: it comes in from -1 to 0, and is gone at 2."""
    if rise <= 0.0:
        return _eased(rise + 1.0)
    return math.pow(detail, rise) * _eased(2.0 - rise) if detail > 0.0 else 0.0


def smooth(ring: Tensor) -> Tensor:
    """A ring (h, w) -> (4 h + 4, 4 w + 4) by cubic B-splines, with a margin of two that goes on round it."""
    height, width = ring.shape
    fine = enlarge(_rounded(ring), (_FINER * width, _FINER * height), _MARGIN)[0, 1:-1, 1:-1]
    return _rounded(fine)[0, 0]


def _rounded(ring: Tensor) -> Tensor:
    return pad(ring[None, None], (_MARGIN,) * 4, mode="circular")


def _seen(fine: Tensor, places: Tensor) -> Tensor:
    """The fine ring (h, w) at places (height, width, 2) 0..1 round it."""
    height, width = (side - 2 * _MARGIN for side in fine.shape)
    round_it = torch.tensor([width, height], device=fine.device)
    whole = torch.tensor([fine.shape[1], fine.shape[0]], device=fine.device)
    grid = (places.to(fine.device) * round_it + _MARGIN) * (2.0 / whole) - 1.0
    return grid_sample(fine[None, None], grid[None], mode="bicubic", padding_mode="border", align_corners=False)[0, 0]


def _places(view: Affine, octave: int, size: tuple[int, int], share: float) -> Tensor:
    """(height + 2, width + 2, 2) where pixels look, 0..1 round a ring of which a field is ``share`` of each side.

    Far ways are folded in float64.
    """
    a, b, c, d, tx, ty = view
    width, height = size
    scale, turn = 2.0**octave, _TURN * octave
    cos, sin = math.cos(turn) * scale, math.sin(turn) * scale
    across, down = share / 2.0 * height / width, share / 2.0
    x = (torch.arange(width + 2) - (width + 1) / 2) * (2.0 / height)
    y = (torch.arange(height + 2) - (height + 1) / 2)[:, None] * (2.0 / height)
    left = math.remainder((cos * tx - sin * ty) * across + share / 2.0 + 0.37 * octave, 1.0)
    top = math.remainder((sin * tx + cos * ty) * down + share / 2.0 + 0.61 * octave, 1.0)
    u = (x * (cos * a - sin * c) + y * (cos * b - sin * d)) * across + left
    v = (x * (sin * a + cos * c) + y * (sin * b + cos * d)) * down + top
    places = torch.stack([u, v], -1)
    return places - places.floor()


def _eased(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)
