"""The beat over OSC: what bridges send, and what strangers send."""

import math
import socket
import struct
import time

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from vj.clock import now
from vj.clockface import wrap
from vj.control.clocks.meanings import ADDRESSES
from vj.control.clocks.osc_beat import WAITING, OscBeat, addresses_with
from vj.control.clocks.osc_ear import OscEar, parse_place
from vj.control.osc.packet import LONGEST, MOST, messages
from vj.types import VjError


def built(address, *values):
    builder = OscMessageBuilder(address)
    for value in values:
        if isinstance(value, tuple):
            builder.add_arg(value[1], value[0])
        else:
            builder.add_arg(value)
    return builder.build()


def bundle(*elements):
    builder = OscBundleBuilder(IMMEDIATELY)
    for element in elements:
        builder.add_content(element)
    return builder.build()


# ------------------------------------------------------------------------------------------ packets


def test_messages_of_another_encoder_are_understood():
    packet = built("/clock/beat", 1.5, 7, "master", True, False, ("d", 2.25), ("h", 2**40)).dgram
    assert messages(packet) == [("/clock/beat", (1.5, 7, "master", True, False, 2.25, 2**40))]
    assert messages(built("/beat").dgram) == [("/beat", ())]
    assert messages(b"/old\0\0\0\0") == [("/old", ())]


def test_bundles_are_opened_in_order():
    packet = bundle(built("/a", 1), bundle(built("/b", 2)), built("/c", 3)).dgram
    assert messages(packet) == [("/a", (1,)), ("/b", (2,)), ("/c", (3,))]


def raw_bundle(*elements):
    return b"#bundle\0" + bytes(8) + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def nested(depth):
    packet = b"/x\0\0,\0\0\0"
    for _ in range(depth):
        packet = raw_bundle(packet)
    return packet


BAD = {
    "empty": b"", "odd": b"/a\0\0,\0\0", "long": b"/a\0\0,\0\0\0" * (LONGEST // 8 + 1),
    "no slash": b"beat\0\0\0\0,\0\0\0",
    "negative size": b"#bundle\0" + bytes(8) + struct.pack(">i", -4), "zero size": b"#bundle\0" + bytes(8) + bytes(4),
    "size beyond": b"#bundle\0" + bytes(8) + struct.pack(">i", 4000), "bundle cut": b"#bundle\0" + bytes(4),
    "stars": b"/" + b"*" * 18 + b"X" + b"\0" * 4 + b",\0\0\0", "pattern": b"/be?t\0\0\0,\0\0\0",
    "not ASCII": b"/\xff\xfe\0,\0\0\0", "no end": b"/abc", "space": b"/a b\0\0\0\0,\0\0\0",
    "NaN": b"/a\0\0,f\0\0" + struct.pack(">f", math.nan), "inf": b"/a\0\0,f\0\0" + struct.pack(">f", math.inf),
    "double NaN": b"/a\0\0,d\0\0" + struct.pack(">d", math.nan), "cut short": b"/a\0\0,ff\0" + bytes(4),
    "blob": b"/a\0\0,b\0\0" + struct.pack(">i", 2**31 - 1), "array": b"/a\0\0,[i]" + bytes(8), "no tags": b"/a\0\0abcd",
    "unknown tag": b"/a\0\0,q\0\0", "text cut": b"/a\0\0,s\0\0abcd", "deep": nested(5), "very deep": nested(300),
    "many": raw_bundle(*[b"/x\0\0,\0\0\0"] * (MOST + 1)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_packet_is_refused_at_once(name):
    began = time.perf_counter()
    with pytest.raises(ValueError, match=r"\w"):
        messages(BAD[name])
    assert time.perf_counter() - began < 0.05


def test_four_deep_is_fine():
    assert messages(nested(4)) == [("/x", ())]


def test_noise_raises_nothing_else():
    rng = np.random.default_rng(1)
    for _ in range(5000):
        packet = bytearray(built("/clock/beat", 1.5, 7, "master").dgram if rng.integers(2) else nested(2))
        for _ in range(rng.integers(1, 6)):
            packet[rng.integers(len(packet))] = rng.integers(256)
        try:
            found = messages(bytes(packet))
        except ValueError:
            continue
        assert all(address.startswith("/") for address, _ in found)


# --------------------------------------------------------------------------------------------- beats


def told(clock, bpm, start, end, *, address="/beat", number=None, jitter=0.0, seed=0, miss=()):
    """A beat message at each beat; ``number`` counts the bar from that beat on."""
    rng = np.random.default_rng(seed)
    for k in range(math.ceil(start * bpm / 60), math.ceil(end * bpm / 60)):
        if k not in miss:
            values = () if number is None else ((k - number) % 4 + 1,)
            clock.message(address, values, k * 60 / bpm + abs(rng.normal(0, jitter)))
            clock.read(k * 60 / bpm)


def test_beats_alone_give_tempo_and_phase():
    clock = OscBeat()
    told(clock, 126, 0, 10, jitter=0.003)
    reading = clock.read(10.0)
    assert reading.bpm == pytest.approx(126, abs=0.2)
    assert abs(wrap(reading.at(10.0) - 10 * 126 / 60)) * 60 / 126 < 0.005
    assert (reading.source, reading.phase_known, reading.downbeat_known) == ("osc", True, False)


@pytest.mark.parametrize("first", range(4))
def test_numbered_beats_give_the_bar(first):
    clock = OscBeat()
    told(clock, 120, 0, 10, number=first)
    reading = clock.read(10.0)
    assert reading.downbeat_known
    assert abs((reading.at(10.0) - (20 - first) + 2) % 4 - 2) < 0.02


def test_a_bridge_that_sends_1_with_every_beat_counts_nothing():
    clock = OscBeat()
    for k in range(20):
        clock.message("/beat", (1,), k * 0.5)
        clock.message("/beat", (0,), k * 0.5 + 0.1)
        clock.read(k * 0.5)
    reading = clock.read(9.6)
    assert not reading.downbeat_known
    assert reading.bpm == pytest.approx(120)


def test_a_downbeat_beside_the_beat_is_the_one():
    clock = OscBeat()
    for k in range(20):
        clock.message("/beat", (), k * 0.5)
        if k % 4 == 3:
            clock.message("/downbeat", (), k * 0.5 + 0.001)
        clock.read(k * 0.5)
    reading = clock.read(9.6)
    assert reading.bpm == pytest.approx(120, rel=1e-3)
    assert abs((reading.at(9.5) - 16 + 2) % 4 - 2) < 0.02


def test_a_lost_beat_is_counted_all_the_same():
    clock = OscBeat()
    told(clock, 120, 0, 12, number=0, miss={7, 8, 13})
    reading = clock.read(12.0)
    assert reading.bpm == pytest.approx(120, rel=1e-3)
    assert abs((reading.at(12.0) - 24 + 2) % 4 - 2) < 0.02


def test_a_tempo_alone_says_no_beat_and_is_believed_for_a_while():
    clock = OscBeat()
    assert clock.message("/bpm", (127.5,), 1.0)
    reading = clock.read(2.0)
    assert (reading.bpm, reading.phase_known) == (127.5, False)
    assert clock.read(30.0) is None


@pytest.mark.parametrize("values", [(0.0,), (1e9,), (-5,), ("fast",), (None,), (), (math.nan,), (math.inf,)])
def test_a_tempo_that_cannot_be_is_not_believed(values):
    clock = OscBeat()
    clock.message("/bpm", values, 1.0)
    assert clock.read(1.0) is None


def test_a_told_tempo_is_the_finer_word_where_it_agrees():
    clock = OscBeat()
    clock.message("/tempo", (126.4,), 0.0)
    told(clock, 126, 0, 8, jitter=0.004)
    assert clock.read(8.0).bpm == 126.4
    clock.message("/tempo", (95.0,), 8.0)
    assert clock.read(8.0).bpm == pytest.approx(126, abs=0.5)


@pytest.mark.parametrize(("address", "length"), [("/clock/phase", 1), ("/bar/phase", 4)])
def test_phases_are_unrolled(address, length):
    clock = OscBeat()
    for t in np.arange(0, 6, 1 / 30):
        clock.message(address, (float(t * 2.1 % length / length),), t)
        clock.read(t)
    reading = clock.read(6.0)
    assert reading.bpm == pytest.approx(126, rel=2e-3)
    assert abs((reading.at(6.0) - 12.6 + length / 2) % length - length / 2) < 0.02
    assert reading.downbeat_known == (length == 4)


def test_a_position_is_followed_and_its_jumps():
    clock = OscBeat()
    for t in np.arange(0, 4, 1 / 60):
        clock.message("/clock/beat", (64 + t * 2,), t)
        clock.read(t)
    assert clock.read(4.0).at(4.0) == pytest.approx(72, abs=0.02)
    for t in np.arange(4, 6, 1 / 60):
        clock.message("/clock/beat", (8 + (t - 4) * 2,), t)
        clock.read(t)
    reading = clock.read(6.0)
    assert reading.at(6.0) == pytest.approx(12, abs=0.02)
    assert reading.downbeat_known


def test_it_falls_silent_without_a_word():
    clock = OscBeat()
    told(clock, 120, 0, 8)
    assert clock.read(8.5) is not None
    assert clock.read(10.0) is None


def test_a_stopped_deck_does_not_play():
    clock = OscBeat()
    told(clock, 120, 0, 8)
    clock.message("/play", (0,), 7.9)
    assert not clock.read(8.0).playing


def test_another_tempo_is_found_within_a_few_beats():
    clock = OscBeat()
    told(clock, 120, 0, 10)
    for k in range(8):
        clock.message("/beat", (), 10.2 + k * 60 / 140)
        clock.read(10.2 + k * 60 / 140)
    at = 10.2 + 7 * 60 / 140
    assert clock.read(at).bpm == pytest.approx(140, rel=0.01)
    assert abs(wrap(clock.read(at).at(at))) < 0.05


def test_a_flood_of_messages_is_bounded():
    clock = OscBeat()
    for k in range(100_000):
        clock.message("/beat", (1,), k * 1e-5)
    began = time.perf_counter()
    clock.read(1.0)
    assert time.perf_counter() - began < 0.05
    assert clock._inbox.refused == 100_000 - WAITING


def test_own_addresses_join_the_known_ones():
    clock = OscBeat(addresses_with(["beat=/My/Kick", "bpm=/my/tempo/"]))
    assert clock.message("/my/kick", (), 0.0)
    assert clock.message("/my/tempo", (100,), 0.0)
    assert clock.message("/BEAT/", (), 1.0)
    assert not clock.message("/other", (), 0.0)
    for wrong in ("kick=/x", "beat", "beat=x", "=/x"):
        with pytest.raises(VjError, match="MEANING=/ADDRESS with one of beat, downbeat, bpm"):
            addresses_with([wrong])


def test_every_address_is_plain_and_means_one_thing():
    for address in ADDRESSES:
        assert messages(built(address, 1.0).dgram) == [(address, (1.0,))]
        assert address == address.casefold().rstrip("/")


# ------------------------------------------------------------------------------------------ the ear


@pytest.mark.parametrize(("text", "place"), [("7400", ("127.0.0.1", 7400)), ("0.0.0.0:9000", ("0.0.0.0", 9000)),
                                             ("[::1]:9000", ("::1", 9000))])
def test_where_to_listen(text, place):
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["", "0", "65536", "port", "1.2.3.4", "-1", "7 000"])
def test_no_port(text):
    with pytest.raises(VjError, match="from 1 to 65535"):
        parse_place(text)


def test_packets_over_the_wire_good_and_bad():
    clock, heard = OscBeat(), []

    def take(address, values, at):
        heard.append(address)
        return clock.message(address, values, at)

    ear = OscEar.open("127.0.0.1", 0, take, now)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        for packet in [*BAD.values(), built("/bpm", 128.0).dgram]:
            sender.sendto(packet[:9000], ("127.0.0.1", ear.port))
        deadline = time.monotonic() + 5
        while "/bpm" not in heard and time.monotonic() < deadline:
            time.sleep(0.01)
        assert heard == ["/bpm"]
        assert ear.refused == len(BAD)
        assert clock.read(now()).bpm == 128.0
    finally:
        sender.close()
        ear.close()


def test_a_port_that_is_taken_is_told():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(VjError, match=f"OSC cannot be heard at 127.0.0.1 port {port}"):
            OscEar.open("127.0.0.1", port, lambda *_: True, now)


def test_a_flood_over_the_wire_ends_with_the_flood():
    heard = []
    ear = OscEar.open("127.0.0.1", 0, lambda *message: bool(heard.append(message)) or True, now)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        packet, end = built("/beat", 1).dgram, time.monotonic() + 0.7
        while time.monotonic() < end:
            sender.sendto(packet, ("127.0.0.1", ear.port))
        assert len(heard) <= 2001
        began = time.monotonic()
    finally:
        sender.close()
        ear.close()
    assert time.monotonic() - began < 2.0
