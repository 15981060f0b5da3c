"""The mailboxes, and which loss each takes."""

import threading
import time

from vj.mailbox import Bounded, Inbox, Latest, Turns


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


def test_the_newest_of_each_name_is_served_in_turn() -> None:
    box: Turns[str] = Turns()
    for item in ("a1", "a2", "b1", "a3"):
        box.put(item[0], item)
    assert box.replaced == 2
    assert [box.take(), box.take(), box.take()] == ["a3", "b1", None]
    for turn in range(4, 10):  # a is always there first, and still every second one is b's
        box.put("a", f"a{turn}")
        box.put("b", f"b{turn}")
        assert str(box.take())[0] == "ab"[turn % 2]
    assert box.take() == "a9"
    assert box.take() is None


def test_turns_wait_for_a_put_and_keep_no_stale_ring() -> None:
    box: Turns[str] = Turns()
    threading.Timer(0.05, box.put, ("b", "late")).start()
    assert box.take(5.0) == "late"
    box.put("a", "there")
    assert box.take(5.0) == "there"
    began = time.perf_counter()
    assert box.take(0.05) is None
    assert time.perf_counter() - began >= 0.05


def test_nothing_is_lost_uncounted_between_two_threads_taking_turns() -> None:
    box: Turns[tuple[str, int]] = Turns()
    seen: dict[str, list[int]] = {"a": [], "b": []}

    def reader() -> None:
        while any(not got or got[-1] < 9_998 for got in seen.values()):
            item = box.take(1.0)
            if item is not None:
                seen[item[0]].append(item[1])

    thread = threading.Thread(target=reader)
    thread.start()
    for number in range(10_000):
        name = "ab"[number % 2]
        box.put(name, (name, number))
        if number % 100 == 0:
            time.sleep(0.0005)
    thread.join(10.0)
    assert not thread.is_alive()
    assert all(got == sorted(set(got)) for got in seen.values())
    assert len(seen["a"]) + len(seen["b"]) + box.replaced == 10_000


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
