"""What every shader hears without a route: the audio uniforms, and the clocks ISF promises."""

from __future__ import annotations

import math
from typing import Any

from vj.types import Features, Tick

KICK_TAU = 0.16
"""A kick's envelope falls to a third in this time, seconds."""


class Pulse:
    """Turns ticks and features into the uniforms of a frame."""

    def __init__(self) -> None:
        self.kick = 0.0

    def uniforms(self, tick: Tick, features: Features, flash_limit: bool) -> dict[str, Any]:
        """The uniforms of this frame. DATE is the show's time, not the wall's: a render must come out the same twice.
        """
        self.kick = max(self.kick * math.exp(-tick.dt / KICK_TAU), min(features.kick, 1.0))
        bands = features.bands
        level = {name: band.level for name, band in bands.items()}
        clock = sum(band.time for band in bands.values()) / max(len(bands), 1)
        return {
            "TIME": tick.time, "TIMEDELTA": tick.dt, "FRAMEINDEX": tick.index,
            "DATE": (2000.0, 1.0, 1.0, tick.time % 86400.0),
            "vj_beat": features.beat.phase, "vj_bar": features.beat.bar_phase, "vj_kick": self.kick,
            "vj_level": features.rms, "vj_time": clock, "vj_flash_limit": float(flash_limit),
            "vj_bass": max(level.get("sub", 0.0), level.get("bass", 0.0)),
            "vj_mid": max(level.get("lowmid", 0.0), level.get("mid", 0.0)),
            "vj_high": max(level.get("highmid", 0.0), level.get("high", 0.0)),
        }
