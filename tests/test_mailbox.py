"""The three mailboxes, and which loss each takes."""

import threading
import time

from vj.mailbox import Bounded, Inbox, Latest


def test_the_newest_wins_and_what_it_replaced_is_counted() -> None:
    box: Latest[int] = Latest()
    assert box.take() is None
    for item in range(5):
        box.put(item)
    assert box.replaced == 4
    assert box.take() == 4
    assert box.take() is None
    assert box.replaced == 4


def test_take_waits_for_a_put_and_no_longer_than_told() -> None:
    box: Latest[str] = Latest()
    began = time.perf_counter()
    assert box.take(0.05) is None
    assert time.perf_counter() - began >= 0.05
    threading.Timer(0.05, box.put, ("late",)).start()
    assert box.take(5.0) == "late"


def test_nothing_is_lost_uncounted_between_two_threads() -> None:
    box: Latest[int] = Latest()
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


def test_an_inbox_keeps_everything_in_order_up_to_a_flood() -> None:
    box: Inbox[int] = Inbox(limit=3)
    assert [box.put(n) for n in range(5)] == [True, True, True, False, False]
    assert box.refused == 2
    assert box.drain() == [0, 1, 2]
    assert box.drain() == []


def test_a_bounded_queue_drops_and_counts_or_waits_and_ends_when_it_is_empty() -> None:
    box: Bounded[int] = Bounded(2)
    assert [box.put(n) for n in range(3)] == [True, True, False]
    assert box.dropped == 1
    threading.Timer(0.05, box.take).start()
    assert box.put_wait(7)
    box.close()
    assert not box.put(8)
    assert not box.put_wait(9)
    assert [box.take(), box.take(), box.take()] == [1, 7, None]
    assert box.take(0.01) is None


def test_what_belongs_together_is_taken_or_refused_together() -> None:
    box: Inbox[int] = Inbox(limit=4)
    assert box.put(0)
    assert box.put_all([1, 2])
    assert not box.put_all([3, 4])
    assert box.refused == 2
    assert box.drain() == [0, 1, 2]
    assert box.put_all([5, 6, 7, 8])


def test_what_a_later_item_makes_void_can_be_left_out() -> None:
    box: Inbox[int] = Inbox()
    box.settle = lambda items: sorted(set(items))
    box.put_all([2, 1, 2, 1])
    assert box.drain() == [1, 2]
    assert box.drain() == []
