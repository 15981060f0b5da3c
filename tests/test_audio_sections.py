"""The large form: breakdowns, drops and fullness of made-up arrangements."""

import numpy as np
import pytest
from sound import RATE, house

from vj.audio.analyzer import Analyzer
from vj.types import Tick

FPS = 60
BEAT = 60 / 124


def listen(music):
    ears, step = Analyzer(RATE), RATE // FPS
    return [ears.process(Tick(n, (n + 1) / FPS, 1 / FPS), music[n * step:(n + 1) * step])
            for n in range(len(music) // step)]


def pad(count, amplitude=0.05):
    t = np.arange(count) / RATE
    return amplitude * sum(np.sin(2 * np.pi * f * t) for f in (440.0, 554.4, 659.3))


def arrangement(*parts):
    """Groove and breakdown by turns, seconds each: the music, and where each begins."""
    length = sum(parts)
    drums, _ = house(124, length, start=0.0)
    music, starts, begin = drums + pad(len(drums)), [], 0.0
    for index, part in enumerate(parts):
        starts.append(begin)
        if index % 2:
            inside = slice(round(begin * RATE), round((begin + part) * RATE))
            music[inside] = pad(inside.stop - inside.start)
        begin += part
    return music.astype(np.float32), starts


@pytest.fixture(scope="module")
def heard():
    music, starts = arrangement(32 * BEAT, 32 * BEAT, 32 * BEAT)
    return listen(music), starts


def test_a_breakdown_is_known_in_four_beats_and_over_with_the_drums(heard):
    features, (_, gone, back) = heard
    at = {round(f.time, 3): f.breakdown for f in features}
    down = np.array([f.breakdown for f in features])
    times = np.array([f.time for f in features])
    assert down[(times > 2.0) & (times < gone + BEAT)].max() < 0.2
    assert down[(times > gone + 6 * BEAT) & (times < back)].min() > 0.8
    assert down[times > back + 1.0].max() < 0.2
    assert len(at) > 1000


def test_the_drop_is_one_moment_where_the_drums_come_back(heard):
    features, (_, _, back) = heard
    drops = [f.time for f in features if f.drop]
    assert len(drops) == 1
    assert 0.0 < drops[0] - back < 0.3


def test_energy_falls_and_rises_with_the_music(heard):
    features, (_, gone, back) = heard
    energy, times = np.array([f.energy for f in features]), np.array([f.time for f in features])
    assert energy[(times > 5.0) & (times < gone)].mean() > energy[(times > gone + 3.0) & (times < back)].mean() + 0.3
    assert energy[times > back + 2.0].mean() > 0.8


def test_a_fill_without_kicks_is_no_breakdown_and_no_drop():
    music, _ = arrangement(32 * BEAT, 2 * BEAT, 16 * BEAT)
    features = listen(music)
    assert not any(f.drop for f in features)
    assert max(f.breakdown for f in features) < 0.5


def test_nothing_that_never_had_drums_breaks_down_or_drops():
    features = listen(pad(20 * RATE).astype(np.float32))
    assert not any(f.drop for f in features)
    assert max(f.breakdown for f in features) == 0.0
    noise = 0.1 * np.random.default_rng(0).standard_normal(10 * RATE)
    assert not any(f.drop for f in listen(noise)[FPS:])


def test_silence_is_no_breakdown():
    music, _ = arrangement(24 * BEAT, 0.1)
    features = listen(np.concatenate([music[:-4410], np.zeros(6 * RATE, np.float32)]))
    assert features[-1].breakdown < 0.1
    assert features[-1].energy < 0.05
