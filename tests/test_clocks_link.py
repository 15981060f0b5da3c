"""Ableton Link: looked at, led, lost; and with two real peers on a network of their own."""

import sys
import time
from pathlib import Path

import pytest

from vj.clock import now
from vj.control.clocks._base import Stretch
from vj.control.clocks.double import FakeSession
from vj.control.clocks.link import PATIENCE, SETTLED, LinkClock, Pushing

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from benches import link_peers


def joined(session, seconds=0.3):
    """A clock in ``session``, after some looks at it."""
    clock = LinkClock(lambda: session, now)
    clock.start()
    time.sleep(seconds)
    return clock


class Running(list):
    """A clock for the double that runs."""

    def __getitem__(self, _index):
        return now()


def test_a_session_with_peers_is_read_and_alone_it_is_silent():
    session = FakeSession(Running(), 131.0)
    session.beat = 10.0
    start = now()
    clock = joined(session)
    try:
        reading = clock.read(now())
        assert reading.at(now()) == pytest.approx(10.0 + (now() - start) * 131 / 60, abs=0.02)
        assert (reading.bpm, reading.source, reading.downbeat_known) == (131.0, "link", True)
        session.num_peers = 0
        time.sleep(0.3)
        assert clock.read(now()) is None
    finally:
        clock.close()
    assert not session.enabled


def test_a_session_that_is_not_looked_at_any_more_is_gone():
    clock = joined(FakeSession(Running()))
    clock.close()
    assert clock.read(now() + 2.0) is None


def test_a_link_that_breaks_is_told_and_ends_nothing():
    def join():
        raise OSError("the network is unreachable")

    clock = LinkClock(join, now)
    clock.start()
    deadline = time.monotonic() + 5
    while not (news := clock.news()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert news == "Ableton Link has stopped: the network is unreachable"
    assert clock.read(now()) is None
    clock.close()


def lead(session, wall, source, bpm, seconds, one=0, pushing=None):
    """vj at ``bpm`` since second 0 leads, or not, for some seconds."""
    pushing = pushing or Pushing()
    end = wall[0] + seconds
    while wall[0] < end:
        pushing.push(session, Stretch(wall[0], wall[0] * bpm / 60, bpm, one, source), wall[0])
        wall[0] += 0.05


def test_whom_link_leads_writes_nothing_into_the_session():
    wall = [100.0]
    session = FakeSession(wall, 120.0)
    lead(session, wall, "link", 140.0, 10.0)
    assert (session.tempo, session.forced) == (120.0, [])


def test_a_tap_s_tempo_goes_out_at_once_and_the_others_keep_their_beat():
    wall = [100.0]
    session = FakeSession(wall, 120.0)
    pushing = Pushing()
    lead(session, wall, "tap", 132.0, SETTLED - 0.1, pushing=pushing)
    assert session.tempo == 120.0  # just joined: what runs here already is found first
    lead(session, wall, "tap", 132.0, 2.0, pushing=pushing)
    assert (session.tempo, session.forced) == (132.0, [])


@pytest.mark.parametrize(("source", "one"), [("audio", 0), ("tap", 3), ("midi", -2)])
def test_who_leads_for_a_while_brings_the_beat_and_the_bar(source, one):
    wall = [100.0]
    session = FakeSession(wall, 120.0)
    session.beat = 1.37
    lead(session, wall, source, 126.0, SETTLED + PATIENCE + 1.0, one)
    assert (session.beat - (wall[0] * 2.1 - one) + 2) % 4 - 2 == pytest.approx(0.0, abs=0.03)
    assert len(session.forced) == 1


def test_alone_the_session_gets_the_beat_at_once():
    wall = [100.0]
    session = FakeSession(wall, 120.0, peers=0)
    lead(session, wall, "audio", 126.0, SETTLED + 0.6)
    assert (session.beat - wall[0] * 2.1 + 2) % 4 - 2 == pytest.approx(0.0, abs=0.03)


def test_without_aalink_the_error_says_what_to_do(monkeypatch):
    from vj.types import VjError

    monkeypatch.setitem(sys.modules, "aalink", None)
    with pytest.raises(VjError, match="pip install aalink"):
        LinkClock.open(now)


# --------------------------------------------------------------------------------- two real peers


@pytest.mark.slow
def test_vj_and_a_real_peer_agree_within_two_ms_and_taps_go_out():
    """In a network namespace with nothing but a loopback that does multicast: nothing leaves the machine."""
    pytest.importorskip("aalink")
    said = link_peers.measured()
    if said is None:
        pytest.skip("no network namespaces here")
    assert said["source"] == "link"
    assert float(said["off_ms"]) < 2.0
    assert float(said["bars_off"]) < 0.02
    assert float(said["bpm"]) == pytest.approx(link_peers.BPM, abs=0.05)
    assert float(said["tapped"]) == pytest.approx(120.0, abs=12.0)  # taps land on ticks, and those come when they can
    assert float(said["led_ms"]) < 25.0
