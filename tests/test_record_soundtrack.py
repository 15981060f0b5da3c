"""Sound on its way to a file: lost perhaps, shifted never."""

import numpy as np
import pytest

from vj.record.soundtrack import DEAD_ZONE, Soundtrack, stereo

RATE = 44_100


def everything(track):
    blocks = list(track.drain())
    return np.concatenate(blocks) if blocks else np.zeros((0, 2), np.float32)


def test_blocks_come_out_as_they_went_in():
    track, samples = Soundtrack(RATE), np.random.default_rng(0).uniform(-1, 1, (5000, 2)).astype(np.float32)
    for begin in range(0, 5000, 735):
        track.put(samples[begin:begin + 735])
    track.put(samples[:0])
    assert np.array_equal(everything(track), samples)


def test_a_block_is_copied():
    track, block = Soundtrack(RATE), np.ones((10, 2), np.float32)
    track.put(block)
    block[:] = 0
    assert everything(track).min() == 1


@pytest.mark.parametrize(("samples", "expected"), [
    (np.array([0.5, -0.5]), [[0.5, 0.5], [-0.5, -0.5]]),
    (np.array([[0.5], [0.25]]), [[0.5, 0.5], [0.25, 0.25]]),
    (np.array([[1.0, 0.0, 0.5, 0.5]]), [[0.75, 0.25]]),
    (np.array([[np.nan, np.inf]]), [[0.0, 1.0]]),
    (np.array([[-9.0, -np.inf]]), [[-1.0, -1.0]]),
    (np.zeros((0, 8)), np.zeros((0, 2))),
    (np.zeros((3, 0)), np.zeros((3, 2)))])
def test_anything_becomes_stereo(samples, expected):
    assert stereo(samples) == pytest.approx(np.array(expected))
    assert stereo(samples).dtype == np.float32


def test_an_overflow_loses_sound_but_no_time():
    track = Soundtrack(RATE, limit=2)
    for level in (0.1, 0.2, 0.3, 0.4):
        track.put(np.full((100, 2), level, np.float32))
    first = everything(track)
    track.put(np.full((100, 2), 0.5, np.float32))
    after = np.concatenate([first, everything(track)])[:, 0]
    assert np.array_equal(after, np.repeat(np.float32([0.1, 0.2, 0.0, 0.0, 0.5]), 100))
    assert track.lost == 200


def test_no_sound_is_silence_as_long_as_the_picture():
    track = Soundtrack(RATE, start=5.0)
    for n in range(300):
        track.follow(5.0 + n / 30)
    track.fill(15.0)
    silence = everything(track)
    assert len(silence) == 10 * RATE
    assert not silence.any()


def test_a_lost_card_leaves_a_hole_of_its_own_length():
    """Sound until 2 s, then none until 5 s: what comes then is at 5 s."""
    track, given = Soundtrack(RATE), 0
    for n in range(240):
        time = n / 30
        new = round(time * RATE) - given
        given += new
        if not 2.0 <= time < 5.0:
            track.put(np.full((new, 2), 0.5, np.float32))
        track.follow(time)
    sound = everything(track)[:, 0]
    loud = np.flatnonzero(sound)
    edges = np.flatnonzero(np.diff(loud) > 1)
    assert loud[edges[0]] / RATE == pytest.approx(2.0, abs=0.04)
    assert loud[edges[0] + 1] / RATE == pytest.approx(5.0, abs=0.04)


@pytest.mark.parametrize("drift", [100e-6, -100e-6, 500e-6])
@pytest.mark.parametrize("latency", [0.0, 0.03])
def test_a_card_that_runs_apart_is_held_together(drift, latency):
    """Ten minutes of a card whose clock is off: the sound of second t stays at second t, within half a frame."""
    track, given, written, worst = Soundtrack(RATE), 0, 0, 0.0
    for n in range(600 * 30):
        time = n / 30
        new = max(0, round((time - latency) * RATE * (1 + drift)) - given)
        track.put(np.zeros((new, 2), np.float32))
        given += new
        track.follow(time)
        written += sum(map(len, track.drain()))
        # What was captured at this moment should lie at this moment in the file.
        worst = max(worst, abs(written / RATE - given / (RATE * (1 + drift))))
    assert worst < DEAD_ZONE + 0.005
    assert abs(written - given) / RATE > 599 * abs(drift) - DEAD_ZONE - 0.005, "it would have run apart"


def test_jitter_is_no_drift():
    """Blocks of a card (1024 samples) against ticks: nothing is stretched."""
    track, rng, given = Soundtrack(RATE), np.random.default_rng(1), 0
    for n in range(3000):
        time = n / 30 + rng.uniform(0, 0.01)
        blocks = int(time * RATE) // 1024 - given // 1024
        track.put(np.zeros((blocks * 1024, 2), np.float32))
        given += blocks * 1024
        track.follow(time)
    assert sum(map(len, track.drain())) == given


def test_a_stretched_tone_is_still_a_tone():
    track, given = Soundtrack(RATE), 0
    out = []
    for n in range(60 * 30):
        new = round(n / 30 * RATE * 0.999) - given
        track.put(np.sin(2 * np.pi * 440 * np.arange(given, given + new) / RATE).astype(np.float32)[:, None])
        given += new
        track.follow(n / 30)
        out.extend(track.drain())
    tone = np.concatenate(out)[:, 0]
    assert len(tone) > given + 100
    assert np.abs(np.diff(tone)).max() < 1.3 * 2 * np.pi * 440 / RATE, "no click"
