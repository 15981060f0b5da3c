"""How loud a part of the sound is, followed with a time to rise and a time to fall."""

from __future__ import annotations

import math

from vj.modulation.sources._base import BAND_NAMES, Knobs
from vj.params.spec import choice, number
from vj.types import Features, Tick, Values


class AudioBand:
    """A peak follower: the fall is exponential from the last peak, the rise softened by ``attack``.

    Peak first, attack second: a hit that lasts a single tick is followed alike at 30 and at 144 fps.
    """

    NAME = "audio_band"
    HELP = "Follows one band of the sound, the kick, the onsets or the whole."
    PARAMS = (
        choice("band", "bass", (*BAND_NAMES, "kick", "onset", "rms", "full"), help="What to listen to."),
        choice("signal", "level", ("level", "hits", "presence"),
               help="A band's smoothed energy, its hits, or how present it is in the long run."),
        number("gain", 1.0, 0.0, 8.0, curve="square", help="Amplifies what is above the floor."),
        number("floor", 0.0, 0.0, 0.95, help="What is below counts as silence."),
        number("attack", 0.005, 0.001, 2.0, curve="log", unit="s", smooth=0.0, help="Time to rise by two thirds."),
        number("release", 0.2, 0.005, 8.0, curve="log", unit="s", smooth=0.0, help="Time to fall to a third."),
    )

    def __init__(self) -> None:
        self._knobs = Knobs(self.PARAMS)
        self._peak = 0.0
        self._out = 0.0

    def value(self, tick: Tick, features: Features, params: Values) -> float:
        """0..1."""
        read = self._knobs
        heard = listen(features, read.text(params, "band"), read.text(params, "signal"))
        floor = read.number(params, "floor")
        heard = min(max((heard - floor) / (1.0 - floor) * read.number(params, "gain"), 0.0), 1.0)
        keep = math.exp(-tick.dt / read.number(params, "release"))
        self._peak = max(heard, heard + (self._peak - heard) * keep)
        rise = 1.0 - math.exp(-tick.dt / read.number(params, "attack"))
        self._out = min(self._out + max(self._peak - self._out, 0.0) * rise, self._peak)
        return self._out


def listen(features: Features, band: str, signal: str) -> float:
    """0..1 of this tick. ``kick``, ``onset`` and ``rms`` have one signal only; ``full`` is the mean of all bands."""
    match band:
        case "kick":
            return features.kick
        case "onset":
            return features.onset
        case "rms":
            return features.rms
        case "full":
            values = [float(getattr(one, signal)) for one in features.bands.values()]
            return sum(values) / max(len(values), 1)
        case _:
            return float(getattr(features.bands[band], signal))


Source = AudioBand
