"""Finds the metronome's clicks in what an input hears, and on its second channel the flashes a light sensor sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.metronome import PERIOD, click

if TYPE_CHECKING:
    from vj.types import Samples

EARLY, LATE = 0.15, 0.8
"""Seconds before and after its moment in which a click or a flash is looked for."""
CLEAR = 8.0
"""How far a click's correlation must stand out of all others, in their root mean square: noise alone reaches 5."""
BRIGHT = 8.0
"""How far a flash must stand out of the sensor's own noise, in its standard deviation."""
FAINTEST = 1e-4
"""A peak below this is nothing, however silent the rest."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Of the click at ``second``: how much later it was heard, and the flash seen. Seconds; None where there was none.
    """

    second: int
    sound: float | None
    light: float | None = None


class Listener:
    """Takes an input's samples as they come and gives an echo for every click, as soon as it can be known.

    ``light``: the input's last channel is a sensor on the screen. Memory is bounded by the window it looks at.
    """

    def __init__(self, rate: int, light: bool = False) -> None:
        self._rate = rate
        self._light = light
        self._click = click(rate)
        self._kept: Samples = np.zeros((0, 1), np.float32)
        self._first = 0  # the number of the first sample kept
        self._second = 1
        self._apart: float | None = None

    def hear(self, samples: Samples, played: float, captured: float) -> list[Echo]:
        """(N, channels) that follow on the last. ``played`` and ``captured`` seconds are now, on the two clocks."""
        apart = played - captured
        self._apart = apart if self._apart is None else self._apart + 0.02 * (apart - self._apart)
        self._kept = np.concatenate([self._kept, samples]) if len(self._kept) else samples
        echoes = []
        while self._place(self._second * PERIOD + LATE) + len(self._click) < self._first + len(self._kept):
            echo = self._look(self._second)
            if echo is not None:
                echoes.append(echo)
            self._second += 1
            self._forget(self._place(self._second * PERIOD - EARLY))
        return echoes

    def _place(self, second: float) -> int:
        """The number of the sample that was captured when ``second`` was played."""
        return round((second - (self._apart or 0.0)) * self._rate)

    def _forget(self, before: int) -> None:
        count = min(max(before - self._first, 0), len(self._kept))
        self._kept = self._kept[count:]
        self._first += count

    def _look(self, second: int) -> Echo | None:
        """What there is around one moment; None when listening began too late for it."""
        start = self._place(second * PERIOD - EARLY) - self._first
        if start < 0:
            return None
        window = self._kept[start:self._place(second * PERIOD + LATE) + len(self._click) - self._first]
        heard = window[:, :-1] if self._light and window.shape[1] > 1 else window
        zero = EARLY * self._rate
        sound, light = found_click(heard, self._click), found_flash(window[:, -1], zero) if self._light else None
        return Echo(second, None if sound is None else (sound - zero) / self._rate,
                    None if light is None else (light - zero) / self._rate)


def found_click(window: Samples, wanted: Samples) -> float | None:
    """Where ``wanted`` (M,) begins in ``window`` (N, channels), in samples and parts of one; None where it does not.

    The peak of the cross-correlation's magnitude on the channel where it stands out most, between samples by the
    parabola through three points.
    """
    best: tuple[float, float] | None = None
    for channel in window.T:
        match = np.abs(_correlated(channel, wanted))
        top, usual = int(match.argmax()), float(np.sqrt(np.mean(match * match)))
        clear = float(match[top]) / max(usual, 1e-12)
        if match[top] > FAINTEST and clear > CLEAR and (best is None or clear > best[0]):
            best = clear, top + _between(match, top)
    return best[1] if best else None


def _correlated(sound: Samples, wanted: Samples) -> np.ndarray:
    """Cross-correlation at the lags 0 .. N - M, by FFT."""
    size = 1 << (len(sound) + len(wanted) - 1).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(wanted, size))
    return np.fft.irfft(spectrum, size)[:max(len(sound) - len(wanted) + 1, 1)]


def _between(match: np.ndarray, top: int) -> float:
    """How far, -0.5..0.5, the true peak lies from the highest point."""
    if not 0 < top < len(match) - 1:
        return 0.0
    before, peak, after = (float(match[top + step]) for step in (-1, 0, 1))
    bend = before - 2.0 * peak + after
    return 0.5 * (before - after) / bend if bend < 0.0 else 0.0


def found_flash(sensor: Samples, zero: float) -> float | None:
    """Where the light of a flash whose moment is at ``zero`` comes up half way, in samples and parts of one.

    A sensor behind a coupling capacitor, or the wrong way round, will do: any departure from rest counts.
    """
    rest = sensor[:max(int(0.5 * zero), 8)]
    away = np.abs(sensor - np.median(rest))
    noise = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    half = 0.5 * float(away.max(initial=0.0))
    if half < FAINTEST or half < 0.5 * BRIGHT * noise:
        return None
    over = int(np.argmax(away > half))
    if over == 0:
        return None  # it was lit before we looked
    step = float(away[over] - away[over - 1])
    return over - 1 + (half - float(away[over - 1])) / step
