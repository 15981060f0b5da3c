"""The parameters of the first stage, which ``cppn`` and ``painter`` share. 1 is as the world was made."""

from __future__ import annotations

from vj.generators._worlds import worlds
from vj.params.spec import choice, number

CONTENT = (
    choice("world", next(iter(worlds())), tuple(worlds()), help="The place to travel through."),
    number("scale", 1.0, 0.4, 2.5, curve="log", smooth=0.3, help="How much of the world is in view: 1 as it was made."),
    number("detail", 1.0, 0.4, 1.6, smooth=0.3, help="Fine structure over coarse."),
    number("warp", 1.0, 0.0, 2.0, smooth=0.3, help="How far the shapes bend each other."),
    number("cycles", 1.0, 0.4, 2.5, curve="log", smooth=0.3, help="How often the palette runs through the picture."),
    number("shift", 0.0, 0.0, 1.0, unit="turns", smooth=0.1, help="Where the palette starts; 1 is back home."),
    number("hue", 0.0, -0.5, 0.5, unit="turns", smooth=0.2, help="Turn all colours."),
    number("vivid", 1.0, 0.0, 1.4, smooth=0.2, help="Strength of the colours; 0 is grey."),
    number("contrast", 0.3, 0.0, 1.0, smooth=0.1, help="Darker darks, brighter brights."),
    number("brightness", 1.0, 0.3, 1.8, smooth=0.1, help="Exposure."),
    number("relief", 1.0, 0.0, 2.0, smooth=0.1, help="Height and shine of the lit surface."),
    number("ripple", 1.0, 0.0, 2.0, smooth=0.1, help="Fine waves along the contours."),
    number("depth", 1.0, 0.0, 1.6, smooth=0.1, help="How dark the far parts are."),
)
