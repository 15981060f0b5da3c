"""Loudness against the standard: its own filter numbers, and the signals of EBU Tech 3341 for momentary loudness."""

import numpy as np
import pytest

from vj.audio.loudness import REST, Loudness, k_weighting

HOP = 256
STANDARD = ((1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585),
            (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621))
"""BS.1770, tables 1 and 2, at 48 kHz: b0, b1, b2, a1, a2."""


def sine(level, seconds, rate, frequency=1000.0):
    count = round(seconds * rate) // HOP * HOP
    return (10 ** (level / 20) * np.sin(2 * np.pi * frequency * np.arange(count) / rate)).astype(np.float32)


def play(loudness, *channels, hop=HOP):
    """The momentary loudness after each hop."""
    hops = np.stack(channels).reshape(2, -1, hop)
    said = []
    for index in range(hops.shape[1]):
        loudness.take(loudness.weigh(hops[:, index]))
        said.append(loudness.momentary)
    return np.array(said)


def test_at_48_khz_the_filters_are_those_of_the_standard():
    for section, wanted in zip(k_weighting(48000), STANDARD, strict=True):
        assert section == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("level", [-23.0, -33.0, -40.0, -6.0])
def test_a_stereo_sine_is_as_loud_as_its_level(rate, level):
    """Tech 3341, case 1 and 2: 1 kHz in phase on both sides."""
    wave = sine(level, 1.5, rate)
    assert play(Loudness(rate, HOP), wave, wave)[-1] == pytest.approx(level, abs=0.1)


def test_one_side_alone_is_3_db_softer():
    wave = sine(-20.0, 1.0, 48000, 997.0)
    assert play(Loudness(48000, HOP), wave, 0 * wave)[-1] == pytest.approx(-23.0, abs=0.1)


def test_momentary_bursts_reach_their_level_and_no_more():
    """Tech 3341, case 13: 0.4 s bursts of -23, the highest momentary loudness is that of the burst."""
    rate = 48000
    burst, rest = sine(-23.0, 0.42, rate), np.zeros(HOP * 188, np.float32)
    wave = np.concatenate([burst, rest, burst, rest])
    assert play(Loudness(rate, HOP), wave, wave).max() == pytest.approx(-23.0, abs=0.1)


def test_after_the_window_nothing_is_left():
    wave = np.concatenate([sine(-10.0, 1.0, 48000), np.zeros(HOP * 120, np.float32)])
    said = play(Loudness(48000, HOP), wave, wave)
    assert said[0] < said[-130] == pytest.approx(-10.0, abs=0.1)
    assert said[-1] == REST
    assert Loudness(48000, HOP).momentary == REST


def test_it_agrees_with_a_filter_written_out():
    """Noise, against the standard's own numbers and difference equations."""
    rate, rng = 48000, np.random.default_rng(3)
    noise = (0.1 * rng.standard_normal((2, HOP * 80))).astype(np.float32)
    said = play(Loudness(rate, HOP), *noise)[-1]
    window = round(0.4 * rate / HOP) * HOP
    power = sum(np.mean(written_out(side)[-window:] ** 2) for side in noise)
    assert said == pytest.approx(-0.691 + 10 * np.log10(power), abs=0.01)


def written_out(samples):
    out = samples.astype(float).tolist()
    for b0, b1, b2, a1, a2 in STANDARD:
        x1 = x2 = y1 = y2 = 0.0
        for index, x in enumerate(out):
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x2, x1, y2, y1 = x1, x, y1, y
            out[index] = y
    return np.array(out)
