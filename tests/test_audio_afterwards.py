"""What is put off counts at one moment, whether it was done before or not."""

import numpy as np
import pytest
from sound import house

from vj.audio.afterwards import LAG, Afterwards
from vj.audio.analyzer import Analyzer
from vj.types import Tick

FPS = 60


@pytest.mark.parametrize("each", [0, 1, 3])
def test_what_is_put_off_counts_some_hops_later_in_its_order(each):
    """``each``: hops between two times with time to spare; 0: never."""
    later, done, counted = Afterwards(), [], []
    for hop in range(40):
        later.put(lambda hop=hop: done.append(hop) or hop, counted.append)
        later.step()
        if each and hop % each == 0:
            later.catch_up()
        assert counted == list(range(hop + 2 - LAG))
        assert len(done) == (hop + 1 if each and hop % each == 0 else max(len(done), len(counted)))
    assert done == list(range(len(done)))


def test_what_is_done_is_done_once():
    later, done = Afterwards(), []
    later.put(lambda: done.append(1), lambda _: None)
    for _ in range(3):
        later.catch_up()
    for _ in range(LAG + 2):
        later.step()
    assert done == [1]


def test_what_fails_is_not_tried_again():
    later, counted = Afterwards(), []
    later.put(lambda: 1 / 0, counted.append)
    later.put(lambda: 2, counted.append)
    with pytest.raises(ZeroDivisionError):
        later.catch_up()
    for _ in range(LAG):
        later.step()
    assert counted == [2]


def play(music, rate, spare, fps=FPS):
    """What ears say that get time to spare after each picture, or never; with hands in between."""
    ears, step, said = Analyzer(rate), rate // fps, []
    hands = {4 * fps: {"shift": True}, 5 * fps: {"half": True}, 6 * fps: {"slowest": 60.0, "fastest": 110.0},
             7 * fps: {"tap": True}, 7 * fps + fps // 2: {"tap": True}, 8 * fps: {"tap": True},
             9 * fps: {"resync": True}}
    for n in range(len(music) // step):
        tick = Tick(n, (n + 1) / fps, 1 / fps)
        said.append(ears.process(tick, music[n * step:(n + 1) * step]))
        ears.control(tick, {}, hands.get(n, {}))
        if spare:
            ears.catch_up()
    return said


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_same_is_heard_with_and_without_time_to_spare(rate):
    music, _ = house(126, 12.0, rate=rate)
    assert play(music, rate, spare=True) == play(music, rate, spare=False)


def test_most_of_the_work_can_wait_for_the_picture():
    """Counted in calls and not in seconds: after time to spare the next picture waits for no net and no tracker."""
    music, _ = house(126, 4.0)
    ears, called, waited = Analyzer(44100), [], []
    tracker = ears._pulse._tracker
    hear = tracker.hear
    tracker.hear = lambda mono: called.append(len(mono)) or hear(mono)
    for n in range(4 * FPS):
        before = len(called)
        ears.process(Tick(n, (n + 1) / FPS, 1 / FPS), music[n * 735:(n + 1) * 735])
        waited.append(len(called) - before)
        ears.catch_up()
    assert len(called) == 4 * 44100 // 256
    assert not any(waited)


def test_before_the_first_music_nothing_is_measured_hop_by_hop():
    ears, measured = Analyzer(48000), []
    measure = ears._measure
    ears._measure = lambda mono: measured.append(len(mono)) or measure(mono)
    hiss = np.full((800, 2), 1e-5, np.float32)
    for n in range(30):
        ears.process(Tick(n, (n + 1) / 60, 1 / 60), hiss)
    assert len(measured) < 36 < sum(measured)
