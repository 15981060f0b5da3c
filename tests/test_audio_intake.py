"""What comes from a card: channels chosen, rubbish cleaned, offsets removed, other rates brought to the show's."""

from __future__ import annotations

import numpy as np
import pytest

from vj.audio.intake import Resampler, Wash, channels_of

RATE = 48000


def tone(seconds: float, rate: int = RATE, hz: float = 440.0, amplitude: float = 0.5) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return np.repeat((amplitude * np.sin(2 * np.pi * hz * t))[:, None], 2, 1).astype(np.float32)


def washed(samples: np.ndarray, block: int = 800, wash: Wash | None = None) -> np.ndarray:
    wash = wash or Wash(RATE, samples.shape[1])
    return np.concatenate([wash(samples[n:n + block]) for n in range(0, len(samples), block)])


@pytest.mark.parametrize("block", [64, 256, 800, 5000])
def test_an_offset_goes_and_the_music_stays(block: int) -> None:
    clean = tone(6.0) + tone(6.0, hz=45.0, amplitude=0.3)
    out = washed(clean + np.array([0.3, -0.1], np.float32), block)
    late = slice(4 * RATE, None)
    assert np.abs(out[late].mean(axis=0)).max() < 1e-3
    assert np.abs(out[late] - clean[late]).max() < 0.01
    assert np.abs(np.diff(out[late], axis=0)).max() < np.abs(np.diff(clean[late], axis=0)).max() + 1e-3, "no steps"


def test_a_full_scale_square_wave_passes() -> None:
    square = np.where(np.arange(2 * RATE) % 480 < 240, 1.0, -1.0).astype(np.float32)[:, None]
    wash = Wash(RATE, 1)
    out = washed(square, wash=wash)
    assert np.abs(out - square)[RATE:].max() < 0.01
    assert wash.levels() == (1.0, True)


@pytest.mark.parametrize(("bad", "level"), [(np.nan, 0.5), (np.inf, 0.5), (-np.inf, 0.5), (1e30, 8.0)])
def test_rubbish_becomes_silence_and_is_over_when_it_is_over(bad: float, level: float) -> None:
    samples = tone(4.0)
    samples[RATE:RATE + 100] = bad
    wash = Wash(RATE, 2)
    out = washed(samples, wash=wash)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 8.1
    assert wash.levels()[0] == pytest.approx(level, rel=0.01)
    assert np.abs(out[-RATE:] - samples[-RATE:]).max() < 0.02


def test_denormals_are_nothing() -> None:
    out = washed(np.full((4000, 2), 1e-40, np.float32))
    assert not out.any()


def test_the_level_is_of_what_came_since_it_was_asked_for() -> None:
    wash = Wash(RATE, 2)
    wash(tone(0.1))
    assert wash.levels() == (pytest.approx(0.5, abs=0.01), False)
    assert wash.levels() == (0.0, False)
    wash(np.zeros((0, 2), np.float32))
    assert wash.levels() == (0.0, False)
    wash(np.array([[0.2, -0.9999]], np.float32))
    assert wash.levels() == (pytest.approx(0.9999), True)


@pytest.mark.parametrize(("pair", "wanted", "columns"), [
    (None, 2, [0, 1]), (None, 1, [0]), ((3, 4), 2, [2, 3]), ((3, 3), 1, [2]), ((4, 5), 2, [3, 3]),
    ((9, 10), 2, [3, 3])])
def test_channels_are_those_asked_for_or_the_nearest_there_are(pair: tuple[int, int] | None, wanted: int,
                                                               columns: list[int]) -> None:
    block = np.tile(np.arange(4, dtype=np.float32), (8, 1))
    assert channels_of(block, wanted, pair)[0].tolist() == columns
    assert channels_of(block, wanted, pair).shape == (8, wanted)


@pytest.mark.parametrize(("rate", "wanted"), [(44100, 48000), (48000, 44100), (96000, 48000), (16000, 48000)])
@pytest.mark.parametrize("channels", [1, 2])
def test_another_rate_sounds_the_same(rate: int, wanted: int, channels: int) -> None:
    resampler = Resampler(rate, wanted, channels)
    came = tone(2.0, rate)[:, :channels]
    out = np.concatenate([resampler.hear(came[n:n + 256]) for n in range(0, len(came), 256)])
    assert out.shape[1] == channels
    assert len(out) == pytest.approx(2 * wanted, abs=wanted * 0.01)
    middle = out[wanted // 2:wanted // 2 + wanted, 0]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(wanted)))
    assert int(spectrum.argmax()) == 440
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_rubbish_does_not_stay_in_the_resampler() -> None:
    resampler = Resampler(44100, 48000, 2)
    resampler.hear(np.full((512, 2), np.nan, np.float32))
    for _ in range(20):
        out = resampler.hear(tone(0.01, 44100))
        assert np.isfinite(out).all()
