"""The watch over other clocks: their words on the show's time, few, and the same when a take is played back."""

import itertools

import numpy as np
import pytest

from vj.audio.beat import BeatClock
from vj.clockface import Reading, wrap
from vj.control.clocks.double import FakeClock, FakeFollower
from vj.control.clocks.watch import Watch
from vj.engine import NoClocks
from vj.timeline.clocks import TakenClocks
from vj.types import Beat, Tick

FPS = 60


def ticks(seconds, start=0.0):
    for index in range(round(seconds * FPS)):
        yield Tick(index, start + index / FPS, 1 / FPS)


class Wall:
    """Wall time: the show's, shifted, and asked a little late."""

    def __init__(self, shift=1000.0, late=0.0, seed=1):
        self.shift, self.late = shift, late
        self.show = 0.0
        self._rng = np.random.default_rng(seed)

    def __call__(self):
        return self.show + self.shift + self.late * float(self._rng.exponential())


def watched(wall, clocks, seconds, followers=(), capture=0.0):
    watch, words = Watch(clocks, followers, wall), []
    for tick in ticks(seconds):
        wall.show = tick.time
        words += [(tick, word) for word in watch.read(tick, capture)]
    return watch, words


def test_a_clock_that_goes_straight_on_says_little_and_all_of_it_true():
    clock = FakeClock("link", 126.0)
    clock.set(1000.0, 5.0, 126.0)
    _, words = watched(Wall(late=0.0003), [clock], 20)
    assert 70 < len(words) < 90
    for tick, word in words:
        assert word.time == tick.time
        assert word.beats == pytest.approx(5.0 + tick.time * 2.1, abs=0.003)


def test_a_change_is_said_at_once():
    wall, clock = Wall(), FakeClock("midi", 120.0)
    watch, said = Watch([clock], [], wall), []
    for tick in ticks(4):
        wall.show = tick.time
        if tick.index == 100:
            clock.set(wall(), 200.0, 140.0)
        said += [tick.index for word in watch.read(tick) if word.bpm == 140.0]
    assert said[0] == 100


def test_what_the_room_has_now_is_heard_a_capture_later():
    clock = FakeClock("link", 120.0)
    clock.set(1000.0, 0.0, 120.0)
    _, words = watched(Wall(), [clock], 2, capture=0.03)
    tick, word = words[-1]
    assert word.time == pytest.approx(tick.time + 0.03)
    assert word.at(tick.time) == pytest.approx((tick.time - 0.03) * 2, abs=1e-6)


def test_the_followers_hear_where_the_room_is():
    follower, wall = FakeFollower(), Wall()
    watch = Watch([], [follower], wall)
    for tick in ticks(2):
        wall.show = tick.time
        assert watch.read(tick, 0.02) == []
        beats = tick.time * 2
        bars = (beats - 3) / 4
        watch.lead(tick, 0.02, Beat(120.0, int(beats), beats % 1, bars % 1, 1.0, int(bars // 1), "tap"))
    last = follower.told[-1]
    assert last.at(1000.0 + 2.0) == pytest.approx(2 * (2.0 + 0.02), abs=1e-6)
    assert (last.one, last.source, last.bpm) == (3, "tap", 120.0)


def test_coming_and_going_is_told_once():
    wall, clock = Wall(), FakeClock("midi", 128.0)
    clock.silent = True
    watch, news = Watch([clock], [], wall), []
    for tick in ticks(4):
        wall.show = tick.time
        clock.silent = not 60 < tick.index < 160
        watch.read(tick)
        news.append(watch.news())
    assert [line for line in news if line] == ["the MIDI clock is there: 128.0 bpm", "the MIDI clock has fallen silent"]


def test_a_wall_that_jumps_against_the_show_is_followed():
    """The sound device was lost for a second: show time stood still."""
    wall, clock = Wall(), FakeClock("link", 120.0)
    clock.set(1000.0, 0.0, 120.0)
    watch = Watch([clock], [], wall)
    for tick in ticks(5):
        wall.show = tick.time
        if tick.index == 100:
            wall.shift += 1.0
        words = watch.read(tick)
        for word in words:
            assert word.beats == pytest.approx(2 * (wall.show + wall.shift - 1000.0), abs=1e-3)


def test_a_clock_that_says_nonsense_is_silent():
    class Mad(FakeClock):
        def read(self, now):
            return Reading(float("nan"), 1.0, -5.0)

    _, words = watched(Wall(), [Mad("midi")], 1)
    assert words == []


def test_the_show_follows_what_is_told_and_a_replay_is_the_same():
    """The whole way: a Link session with a late wall, its words in a take, the same beats when played back."""
    def show(clocks, wall=None):
        clock, shown = BeatClock(), []
        for tick in ticks(20):
            if wall:
                wall.show = tick.time
            for word in clocks.read(tick, 0.0):
                clock.follow(word)
                kept.append((tick.time, word))
            clock.step(tick.time)
            beat = clock.at(tick.time)
            shown.append((tick.time, beat.count + beat.phase, beat.bars + beat.bar_phase))
        return np.array(shown)

    kept = []
    session = FakeClock("link", 131.0)
    session.set(1000.0, 0.6, 131.0)
    wall = Wall(late=0.0005)
    live = show(Watch([session], [], wall), wall)
    told, kept = kept, []
    again = show(TakenClocks(told))
    assert (live == again).all()
    late = live[live[:, 0] > 5]
    off = [abs(wrap(beats - 0.6 - t * 131 / 60)) * 60 / 131 for t, beats, _ in late]
    assert max(off) < 0.002
    assert (np.diff(live[:, 1]) >= 0).all()


def test_taken_words_come_once_in_order_at_any_frame_rate():
    told = [(t, Reading(t, t * 2, 120.0)) for t in (0.5, 0.1, 1.25)]
    for fps in (24, 30, 144):
        clocks = TakenClocks(told)
        got = [clocks.read(Tick(n, n / fps, 1 / fps)) for n in range(2 * fps)]
        assert [word.time for word in itertools.chain(*got)] == [0.1, 0.5, 1.25]
    assert clocks.news() == NoClocks().news() == ""


def test_closing_closes_all():
    clocks = [FakeClock("link"), FakeClock("midi")]
    watch = Watch(clocks, [], Wall())
    watch.close()
    assert all(clock.closed for clock in clocks)
