"""Kick, snare and hat: each heard once and by its name, whatever plays beside it."""

import numpy as np
import pytest
from safetensors.numpy import save_file
from sound import RATE, add, drum

from vj.audio.analyzer import Analyzer
from vj.audio.hits import KINDS, SEEN, Net, Struck
from vj.types import Tick, VjError

SECONDS = 10.0
STEP = 60 / 124 / 2


def noise(rng, lo, hi, tau):
    """Noise between ``lo`` and ``hi`` Hz that dies away."""
    t = np.arange(round(6 * tau * RATE)) / RATE
    spectrum = np.fft.rfft(rng.standard_normal(len(t)))
    at = np.maximum(np.fft.rfftfreq(len(t), 1 / RATE), 1.0)
    made = np.fft.irfft(spectrum / np.sqrt(1 + (lo / at) ** 6) / np.sqrt(1 + (at / hi) ** 6), len(t))
    return made / np.abs(made).max() * np.exp(-t / tau)


def snare(rng):
    """Wires over a head."""
    wires = noise(rng, 500, 8000, 0.06)
    t = np.arange(len(wires)) / RATE
    return 0.35 * wires + 0.2 * np.sin(2 * np.pi * 190 * t) * np.exp(-t / 0.05)


def pattern(**rows):
    """Eighths of a bar, x for a hit: the music and when each kind is struck."""
    rng, music = np.random.default_rng(5), np.zeros(round(SECONDS * RATE))
    struck = {kind: [] for kind in KINDS}
    for place in range(int((SECONDS - 0.5) / STEP)):
        for kind, row in rows.items():
            if row[place % 8] == "x":
                sound = {"kick": drum, "snare": lambda: snare(rng),
                         "hat": lambda: 0.2 * noise(rng, 7000, 16000, 0.02)}[kind]()
                add(music, sound, 0.2 + place * STEP)
                struck[kind].append(0.2 + place * STEP)
    return 0.7 * music, struck


def listen(music):
    ears, step, said = Analyzer(RATE), RATE // 60, {kind: [] for kind in KINDS}
    for n in range(len(music) // step):
        heard = ears.process(Tick(n, (n + 1) / 60, 1 / 60), music[n * step:(n + 1) * step].astype(np.float32))
        for kind in KINDS:
            if getattr(heard, kind):
                said[kind].append(heard.time)
    return said


def found(said, struck, after=2.0):
    """How many there were, how many of them were said within 60 ms, and how many were said in all."""
    true, said = [t for t in struck if t > after], [t for t in said if t > after]
    return len(true), sum(any(0.0 < s - t < 0.06 for s in said) for t in true), len(said)


@pytest.mark.parametrize("beside", [False, True])
def test_a_drummer_s_three_are_told_apart(beside):
    music, struck = pattern(kick="x...x...", snare="..x...x.", hat="xxxxxxxx")
    if beside:
        t = np.arange(len(music)) / RATE
        music = music + 0.06 * sum(np.sin(2 * np.pi * f * t) for f in (110.0, 220.0, 277.2, 329.6))
    said = listen(music)
    for kind in ("kick", "snare", "hat"):
        true, right, every = found(said[kind], struck[kind])
        assert right >= 0.9 * true, kind
        assert every <= 1.15 * true, kind


@pytest.mark.parametrize(("kind", "mistaken"), [("kick", 0.1), ("hat", 0.35)])
def test_one_alone_is_mostly_no_other(kind, mistaken):
    """Nothing to compare it with: a hat by itself is taken for a snare now and then."""
    music, struck = pattern(**{kind: "x.x.x.x."})
    said = listen(music)
    true, right, every = found(said[kind], struck[kind])
    assert right >= 0.9 * true
    assert every <= 1.1 * true
    for other in set(KINDS) - {kind}:
        assert found(said[other], [])[2] <= mistaken * true, other


def test_notes_and_silence_strike_nothing():
    t = np.arange(round(SECONDS * RATE)) / RATE
    chord = 0.1 * sum(np.sin(2 * np.pi * f * t) for f in (55.0, 220.0, 277.2))
    assert all(found(times, [])[2] == 0 for times in listen(chord).values())
    assert not any(listen(np.zeros(3 * RATE)).values())


def test_what_is_struck_between_two_ticks_is_kept_once():
    struck = Struck()
    struck.hear(0.4, 0.0, 0.7, 0.0)
    struck.hear(0.2, 0.5, 0.0, 0.3)
    assert (struck.onset, struck.kick, struck.snare, struck.hat) == (0.4, 0.5, 0.7, 0.3)
    struck.clear()
    assert (struck.onset, struck.kick, struck.snare, struck.hat, struck.drop) == (0.0,) * 5


def test_the_net_is_as_sure_of_a_row_alone_as_in_company():
    rows = np.random.default_rng(0).random((9, SEEN), np.float32)
    net = Net.open()
    together = net(rows)
    assert together.shape == (9, 3)
    assert ((together >= 0) & (together <= 1)).all()
    assert all((net(row[None])[0] == said).all() for row, said in zip(rows, together, strict=True))


def test_weights_of_another_shape_are_refused(tmp_path):
    path = tmp_path / "hits.safetensors"
    save_file({"inner": np.zeros((4, SEEN - 1), np.float32), "bias": np.zeros(4, np.float32),
               "outer": np.zeros((3, 4), np.float32), "rest": np.zeros(3, np.float32)}, path)
    with pytest.raises(VjError, match="inner"):
        Net.open(path)
