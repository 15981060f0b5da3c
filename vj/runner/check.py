"""What both runners ask of a generator's picture, and how they tell what went wrong."""

from __future__ import annotations

import numpy as np

from vj.types import Image, VjError


def checked(image: Image) -> Image:
    """The image, if its pixels are what the type promises. VjError otherwise."""
    pixels = image.pixels
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 4:
        raise VjError(f"expected pixels uint8 (H, W, 4), got {getattr(pixels, 'dtype', type(pixels).__name__)} "
                      f"{getattr(pixels, 'shape', '')}")
    return image


def sentence(error: Exception) -> str:
    """An error in one line of at most 300 characters."""
    text = " ".join(str(error).split())[:300]
    return text if isinstance(error, VjError) else f"{type(error).__name__}: {text}" if text else type(error).__name__


def out_of_memory(error: Exception) -> bool:
    """The host's or a device's memory is used up."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
