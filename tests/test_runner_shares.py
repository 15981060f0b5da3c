"""Decks share a device by its time, on a clock that the tests turn."""

from collections import Counter
from collections.abc import Mapping

import pytest

from vj.runner.shares import CREDIT_S, Shares


class Device:
    """Draws what the decks ask for, each picture as long as its deck's takes. ``time`` is all there is of a clock."""

    def __init__(self, costs: Mapping[str, float]) -> None:
        self.costs, self.requests = costs, Shares[str]()
        self.time = 0.0
        self.pictures: Counter[str] = Counter()
        self.used: Counter[str] = Counter()
        self.served: list[str] = []

    def run(self, seconds: float, asking: Mapping[str, float]) -> None:
        """Every deck asks anew each ``asking`` seconds of its own."""
        due = dict.fromkeys(asking, self.time)
        end = self.time + seconds
        while self.time < end:
            for deck, period in asking.items():
                if due[deck] <= self.time:
                    self.requests.put(deck, deck)
                    due[deck] = max(due[deck] + period, self.time)
            deck = self.requests.take()
            if deck is None:
                self.time += 0.001
                continue
            self.time += self.costs[deck]
            self.requests.charge(deck, self.costs[deck])
            self.pictures[deck] += 1
            self.used[deck] += self.costs[deck]
            self.served.append(deck)


@pytest.mark.parametrize("dear", [0.04, 0.08, 0.5])
def test_a_dear_model_does_not_starve_a_cheap_one(dear: float) -> None:
    device = Device({"a": 0.02, "b": dear})
    device.run(20.0, {"a": 1 / 60, "b": 1 / 60})
    assert device.used["a"] == pytest.approx(device.used["b"], rel=0.1)
    assert device.pictures["a"] / device.pictures["b"] == pytest.approx(dear / 0.02, rel=0.1)


def test_like_decks_take_turns() -> None:
    device = Device({"a": 0.02, "b": 0.02})
    device.run(1.0, {"a": 1 / 60, "b": 1 / 60})
    assert max(len(run) for run in "".join(device.served).replace("ab", "a b").replace("ba", "b a").split()) == 1


def test_who_asks_for_little_gets_it_and_the_other_has_the_rest() -> None:
    device = Device({"a": 0.005, "b": 0.04})
    device.run(10.0, {"a": 1 / 30, "b": 1 / 60})
    assert device.pictures["a"] >= 290, "all that it asked for"
    assert device.used["b"] > 8.0


def test_a_deck_that_slept_brings_no_credit_along() -> None:
    device = Device({"a": 0.01, "b": 0.01})
    device.run(60.0, {"a": 1 / 60})
    before = len(device.served)
    device.run(2.0, {"a": 1 / 60, "b": 1 / 60})
    first = device.served[before:before + 40]
    assert first.count("b") * 0.01 <= 0.2 + CREDIT_S, "a is not kept waiting for what b left out"
    assert first.count("a") >= 10
    device.run(60.0, {"b": 1 / 60})
    assert device.requests.replaced > 0


def test_what_was_charged_too_much_is_given_back() -> None:
    box: Shares[str] = Shares()
    for deck in "ab":
        box.put(deck, deck)
    assert box.take() == "a"
    box.charge("a", 0.05)
    box.charge("a", -0.05)
    box.charge("a", 0.001)
    assert box.take() == "b"
    box.charge("b", 0.03)
    for deck in "ab":
        box.put(deck, deck)
    assert box.take() == "a"
