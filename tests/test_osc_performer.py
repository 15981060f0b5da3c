"""From packets to events: bundles, questions, what is guarded, what is meant for later, and what nobody should send."""

from __future__ import annotations

import logging
import math
import random

import pytest
from osc_kit import EPOCH, HAND, ME, Show, bundle, message, mutated, said
from test_osc_packet import BAD, GOOD

from vj.control.osc.performer import SAID, SOON, WAITING
from vj.control.osc.values import RefusedError
from vj.types import ControlEvent


def test_a_message_is_an_event() -> None:
    show = Show()
    assert show.performer().perform(message("/a/walk/speed", 1.5), ME) == []
    assert show.events == [ControlEvent("/a/walk/speed", 1.5, ME.source)]


def test_a_bundle_lands_together() -> None:
    show = Show()
    show.performer().perform(bundle(message("/a/walk/speed", 1.5), message("/mix/crossfade", 0.5),
                                    bundle(message("/show/look", "two"))), ME)
    (group,) = show.emitted
    assert [event.path for event in group] == ["/a/walk/speed", "/mix/crossfade", "/show/look"]


def test_in_a_bundle_each_message_counts_by_itself() -> None:
    show = Show()
    performer = show.performer()
    performer.perform(bundle(message("/a/walk/speed", "fast"), message("/mix/crossfade", 0.5), message("/no", 1)), ME)
    assert [event.path for event in show.events] == ["/mix/crossfade"]
    assert (performer.counts.messages, performer.counts.refused) == (1, 2)


def test_questions_are_answered_to_who_asks() -> None:
    show = Show()
    show.tree.report("beat", {"bpm": 128.0})
    performer = show.performer()
    replies = performer.perform(bundle(message("/a/walk/speed", "?"), message("/beat/bpm", "?"), message("/show/look"),
                                       message("/unit/a/walk/speed", "?"), message("/master/blackout", "?")), ME)
    assert said(replies) == [("/a/walk/speed", (0.5,)), ("/beat/bpm", (128.0,)), ("/show/look", ("one",)),
                             ("/unit/a/walk/speed", (0.25,)), ("/master/blackout", (0,))]
    assert not show.events


def test_a_trigger_needs_no_value() -> None:
    show = Show()
    show.performer().perform(message("/beat/tap"), ME)
    assert show.events == [ControlEvent("/beat/tap", True, ME.source)]


def test_what_is_read_only_stays() -> None:
    show = Show()
    performer = show.performer()
    performer.perform(message("/beat/bpm", 128.0), ME)
    assert not show.events
    assert "read-only" in performer.counts.trouble


@pytest.mark.parametrize("address", ["/machine/quit", "/machine/lock", "/unit/machine/quit", "/next/bar/machine/lock"])
def test_what_is_guarded_takes_a_trusted_hand(address: str) -> None:
    show = Show()
    performer = show.performer()
    for values in ((1,), ("+", 1), ("a", 1)):
        performer.perform(message(address, *values), ME)
    assert not show.events
    assert "guarded" in performer.counts.trouble
    performer.perform(message(address, 1), HAND)
    assert [event.source for event in show.events] == [HAND.source]


def test_guarded_things_are_no_secret() -> None:
    assert said(Show().performer().perform(message("/machine/lock", "?"), ME)) == [("/machine/lock", (0,))]


def test_a_transports_own_addresses() -> None:
    heard = []

    def subscribe(values, client):
        heard.append((values, client))
        if not values:
            raise RefusedError("a port is missing")

    performer = Show().performer(verbs={"/subscribe": subscribe})
    performer.perform(bundle(message("/subscribe", 9000), message("/subscribe")), ME)
    assert heard == [((9000,), ME), ((), ME)]
    assert performer.counts.trouble.endswith("a port is missing")


# ------------------------------------------------------------------------------------------- later


def test_what_is_meant_for_later_waits_and_nobody_sleeps() -> None:
    show = Show()
    performer = show.performer()
    performer.perform(bundle(message("/a/walk/speed", 1.5), message("/mix/crossfade", 0.5), at=EPOCH + 0.5), ME)
    performer.perform(bundle(message("/master/fade", 1.0), at=EPOCH + 0.25), ME)
    assert not show.events
    assert performer.due == pytest.approx(100.25, abs=1e-5)
    performer.play()
    assert not show.events
    show.time = 100.3
    performer.play()
    assert [event.path for event in show.events] == ["/master/fade"]
    show.time = 100.6
    performer.play()
    assert [len(group) for group in show.emitted] == [1, 2]
    assert performer.due is None


def test_what_should_have_been_already_is_now() -> None:
    show = Show()
    show.performer().perform(bundle(message("/a/walk/speed", 1.5), at=EPOCH - 3.0), ME)
    assert len(show.events) == 1


def test_what_is_too_far_away_is_refused() -> None:
    show = Show()
    performer = show.performer()
    performer.perform(bundle(message("/a/walk/speed", 1.5), at=EPOCH + SOON + 0.1), ME)
    performer.perform(bundle(message("/a/walk/speed", 1.5), at=EPOCH + 1e8), ME)
    assert performer.due is None
    assert performer.counts.refused == 2
    assert "clock" in performer.counts.trouble


def test_not_everything_may_wait() -> None:
    show = Show()
    performer = show.performer()
    packet = bundle(*[message("/a/walk/speed", 1.5)] * 100, at=EPOCH + 1.0)
    for _ in range(WAITING // 100 + 5):
        performer.perform(packet, ME)
    assert performer.counts.refused == 5
    show.time += 1.0
    performer.play()
    assert len(show.events) == WAITING // 100 * 100
    performer.perform(packet, ME)
    assert performer.counts.refused == 5


# ------------------------------------------------------------------------------------------- strangers


def test_a_flood_that_the_engine_refuses_is_counted() -> None:
    show = Show()
    show.full = True
    performer = show.performer()
    performer.perform(bundle(message("/a/walk/speed", 1.5), message("/mix/crossfade", 1)), ME)
    assert performer.counts.lost == 2


def test_bad_packets_are_counted_and_logged_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    show = Show()
    performer = show.performer()
    with caplog.at_level(logging.WARNING):
        for packet in BAD.values():
            assert performer.perform(packet, ME) == []
        assert len(caplog.records) == 1
        assert ME.source in caplog.text
        show.time += SAID
        performer.perform(b"", ME)
        assert len(caplog.records) == 2
    assert performer.counts.refused == len(BAD) + 1
    assert not show.events


def test_whatever_comes_nothing_is_wished_that_cannot_be() -> None:
    chance = random.Random(2)
    show = Show()
    performer = show.performer()
    paths = [*show.mirror.specs, *show.mirror.readable, "/composition/master", "/composition/columns/2/connect"]
    values = [(), (0.5,), (1,), (True,), ("?",), ("+", 0.1), ("*", -3.0), ("two",), (("d", 1e300),), (("h", -2**60),),
              (2**31 - 1,), (1e-40,), (("r", 5),), (0.1, 0.2, 0.3)]
    seeds = [message(prefix + path, *some) for path in paths for some in values
             for prefix in ("", "/unit", "/next/bar")]
    seeds += [packet for packet, _ in GOOD.values()]
    for k in range(4000):
        packet = chance.choice(seeds)
        performer.perform(packet if k % 3 == 0 else mutated(chance, packet), ME)
        if k % 50 == 0:
            assert all(math.isfinite(event.value) for event in show.events if not isinstance(event.value, str))
            assert not [event for event in show.events if event.path.startswith("/machine")]
            show.tick()  # raises where an event cannot land
            assert not show.tree.base("/machine/lock")
    assert performer.counts.messages > 300
    assert performer.counts.refused > 1000
