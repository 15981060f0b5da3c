"""The ring between callback and show: nothing lost, nothing late, silence where the device is silent."""

import threading

import numpy as np

from vj.audio.ring import RingSource


def counting(start, count, channels=2):
    return np.repeat(np.arange(start, start + count, dtype=np.float32)[:, None], channels, 1) / 65536


def test_gives_what_came_in_order_across_the_seam():
    ring = RingSource(1000, 2, 2.0)
    out = []
    for n in range(40):
        ring.append(counting(n * 130, 130))
        out.append(ring.read((n + 1) * 0.130))
    np.testing.assert_array_equal(np.concatenate(out), counting(0, 40 * 130))
    assert ring.overruns == 0
    assert ring.padded == 0


def test_a_little_lag_is_waited_for():
    ring = RingSource(1000, 2)
    ring.append(counting(0, 100))
    assert len(ring.read(0.2)) == 100
    assert len(ring.read(0.3)) == 0
    ring.append(counting(100, 200))
    np.testing.assert_array_equal(ring.read(0.3), counting(100, 200))


def test_a_silent_device_does_not_stop_time():
    ring = RingSource(1000, 2)
    ring.append(counting(1, 100))
    total = sum(len(ring.read(n / 60)) for n in range(121))
    assert total == 2000
    assert ring.padded == 1900
    ring.append(counting(500, 30))
    np.testing.assert_array_equal(ring.read(2.03), counting(500, 30))


def test_an_overrun_is_counted_and_keeps_its_time():
    ring = RingSource(1000, 2, 1.1)
    ring.append(counting(0, 500))
    ring.read(0.5)
    for n in range(20):
        ring.append(counting(500 + n * 100, 100))
    block = ring.read(2.5)
    assert ring.overruns == 1
    assert len(block) == 2000
    assert not block[:900].any()
    np.testing.assert_array_equal(block[900:], counting(1400, 1100))


def test_a_block_larger_than_the_ring_does_not_raise():
    ring = RingSource(1000, 2, 1.1)
    ring.append(counting(0, 5000))
    assert ring.available == 1100
    assert len(ring.read(1.0)) == 1000


def test_skip_forgets_what_waited_and_nan_is_cleaned():
    ring = RingSource(1000, 1)
    ring.append(np.full((50, 1), np.nan, np.float32))
    assert not ring.read(0.05).any()
    ring.append(counting(1, 50, 1))
    ring.skip()
    assert len(ring.read(0.1)) == 0


def test_two_threads_lose_nothing():
    ring = RingSource(48000, 2, 4.0)
    blocks = 500

    def callback():
        for n in range(blocks):
            ring.append(counting(n * 256 % 65536, 256))

    thread = threading.Thread(target=callback)
    thread.start()
    got = []
    while sum(map(len, got)) < min(blocks * 256, 128000):
        got.append(ring.read(ring.captured / ring.rate))
    thread.join()
    samples = np.concatenate(got)
    np.testing.assert_array_equal(samples[:, 0] * 65536, np.arange(len(samples)) % 65536)


def test_samples_whose_moment_went_by_in_silence_are_passed_over():
    ring = RingSource(1000, 1)
    ring.append(counting(1, 100, 1))
    ring.read(0.1)
    ring.read(1.1)
    assert ring.padded == 1000
    ring.append(counting(101, 1000, 1))
    ring.align(0.0)
    assert (ring.passed, ring.available) == (1000, 0)
    ring.append(counting(1101, 50, 1))
    np.testing.assert_array_equal(ring.read(1.15), counting(1101, 50, 1))


def test_samples_that_were_lost_leave_their_time_to_silence():
    ring = RingSource(1000, 1)
    ring.append(counting(1, 200, 1))
    ring.align(0.3)
    ring.align(0.3)
    block = ring.read(0.45)
    assert not block[:300].any()
    np.testing.assert_array_equal(block[300:], counting(1, 150, 1))
    assert ring.padded == 300


def test_a_little_off_is_left_alone():
    ring = RingSource(1000, 1)
    ring.append(counting(1, 200, 1))
    for shift in (0.09, -0.09):
        ring.align(shift)
    np.testing.assert_array_equal(ring.read(0.2), counting(1, 200, 1))


def test_silence_that_is_owed_and_no_longer_due_is_not_given():
    ring = RingSource(1000, 1)
    ring.append(counting(1, 200, 1))
    ring.align(0.5)
    ring.align(0.0)
    np.testing.assert_array_equal(ring.read(0.2), counting(1, 200, 1))
    assert ring.passed == 0
