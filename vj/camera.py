"""The known motion of a view, as affine maps that the generator and the compositor share.

Screen coordinates: origin in the middle, x right, y down, one unit is half the picture's height.
"""

from __future__ import annotations

import math

from vj.types import Camera

Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, tx, ty): ``x' = a x + b y + tx``, ``y' = c x + d y + ty``."""


def content_map(camera: Camera) -> Affine:
    """Screen -> content: where in the generator's world a point of the screen looks."""
    scale = 2.0**-camera.zoom
    cos, sin = math.cos(camera.angle) * scale, math.sin(camera.angle) * scale
    return cos, -sin, sin, cos, camera.x, camera.y


def residual(image: Camera, view: Camera) -> Affine:
    """Screen of ``view`` -> screen of ``image``: where in a picture made at ``image`` the present view looks.

    The identity when both are equal, so a fresh picture is shown untouched.
    """
    a, b, c, d, tx, ty = content_map(view)
    ia, ib, ic, id_, ix, iy = content_map(image)
    det = ia * id_ - ib * ic
    pa, pb, pc, pd = id_ / det, -ib / det, -ic / det, ia / det
    dx, dy = tx - ix, ty - iy
    return (pa * a + pb * c, pa * b + pb * d, pc * a + pd * c, pc * b + pd * d, pa * dx + pb * dy, pc * dx + pd * dy)
