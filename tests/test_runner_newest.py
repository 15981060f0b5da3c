"""The mailbox of a thread that must never wait."""

import threading
import time

from vj.runner.newest import Newest


def test_the_newest_wins_and_what_it_replaced_is_counted() -> None:
    box: Newest[int] = Newest()
    assert box.take() is None
    for item in range(5):
        box.put(item)
    assert box.replaced == 4
    assert box.take() == 4
    assert box.take() is None
    assert box.replaced == 4


def test_take_waits_for_a_put_and_no_longer_than_told() -> None:
    box: Newest[str] = Newest()
    began = time.perf_counter()
    assert box.take(0.05) is None
    assert time.perf_counter() - began >= 0.05
    threading.Timer(0.05, box.put, ("late",)).start()
    assert box.take(5.0) == "late"


def test_nothing_is_lost_uncounted_between_two_threads() -> None:
    box: Newest[int] = Newest()
    seen: list[int] = []

    def reader() -> None:
        while not seen or seen[-1] != 19_999:
            item = box.take(1.0)
            if item is not None:
                seen.append(item)

    thread = threading.Thread(target=reader)
    thread.start()
    for item in range(20_000):
        box.put(item)
        if item % 100 == 0:
            time.sleep(0.0005)
    thread.join(10.0)
    assert not thread.is_alive()
    assert seen == sorted(set(seen))
    assert len(seen) + box.replaced == 20_000
