"""Sinks without a file."""

import numpy as np

from vj.record.doubles import HashSink, NullSink
from vj.types import Sink, Tick


class Picture:
    def __init__(self, level, shape=(4, 6, 4)):
        self.pixels = np.full(shape, level, np.uint8)
        self.size = shape[1::-1]

    def read(self):
        return self.pixels


class Unreadable:
    size = (2, 2)

    def read(self):
        raise AssertionError("read back for nothing")


def show(*levels, **shape):
    sink: Sink = HashSink()
    for index, level in enumerate(levels):
        sink.put(Tick(index, index / 30, 1 / 30), Picture(level, **shape))
    sink.close()
    return sink


def test_the_same_show_has_the_same_digest():
    assert show(1, 2, 3).digest == show(1, 2, 3).digest
    assert show(1, 2, 3).times == [0.0, 1 / 30, 2 / 30]


def test_another_picture_order_length_or_shape_has_another():
    digests = {show(1, 2, 3).digest, show(1, 2, 4).digest, show(2, 1, 3).digest, show(1, 2).digest, show().digest,
               show(1, 2, 3, shape=(6, 4, 4)).digest}
    assert len(digests) == 6


def test_the_null_sink_counts_and_reads_nothing():
    sink = NullSink()
    for index in range(5):
        sink.put(Tick(index, 0.0, 0.0), Unreadable())
    sink.close()
    assert (sink.frames, sink.closed) == (5, True)
