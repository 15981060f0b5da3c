"""The autopilot: on strong onsets only, never the same look soon again, and never against a hand."""

from __future__ import annotations

import itertools

import pytest
from hands import CALM, Decks, Show, look

from vj.app.autopilot import MOUNT, PARAMS, READINGS, Autopilot, struck
from vj.types import Beat, ControlEvent, Features


class Flight:
    """A show at 120 bpm with a kick on every beat, or without."""

    def __init__(self, kick=1.0, looks=8, show=Show, **values):
        names = {f"look{n}": look(f"look{n}", CALM) for n in range(looks)}
        self.show = show(extra=names)
        self.show.shelf._house.pop("broken")
        self.show.shelf.names = self.show.shelf._sorted()
        self.show.tree.declare(MOUNT, PARAMS)
        self.show.tree.declare_readings(MOUNT, READINGS)
        self.wishes, self.kick, self.drops = [], kick, set()
        self.pilot = Autopilot(self.show.tree, self.show.stage, self.wishes.append,
                               getattr(self.show, "second", None))
        self.flown = []
        self.set(on=True, bars=4, **values)

    def set(self, **values):
        for name, value in values.items():
            self.hand(f"/{MOUNT}/{name}", value)

    def hand(self, path, value, source="hand"):
        for event in self.show.wish(path, value, source):
            self.pilot.landed(self.show.tick, event)

    def fly(self, bars):
        for _ in range(round(bars * 60)):
            show = self.show
            show.turn()
            beat = show.beat()
            kick = self.kick if show.index % 15 == 0 else 0.0
            drop = 1.0 if show.index in self.drops else 0.0
            self.pilot.hear(Features(beat=beat, kick=kick, onset=kick, drop=drop), show.params)
            for wish in self.wishes:
                self.flown.append((show.index, wish.path, wish.value))
                self.hand(wish.path, wish.value, wish.source)
            self.wishes.clear()
        return self

    @property
    def state(self):
        return self.show.tree.reading(f"/{MOUNT}/state")


def test_it_changes_every_n_bars_on_the_one():
    flight = Flight().fly(21)
    places = [index / 60 for index, _, _ in flight.flown]
    assert len(places) == 5
    assert all(abs(place - round(place)) < 0.13 for place in places)
    assert all(b - a >= 3.8 for a, b in itertools.pairwise(places))


def test_without_an_onset_nothing_changes():
    assert Flight(kick=0.0).fly(40).flown == []
    assert Flight(kick=0.3).fly(40).flown == []
    assert Flight(kick=0.3, strength=0.25).fly(40).flown != []


def test_no_look_comes_back_soon():
    flight = Flight().fly(160)
    shown = [value for _, _, value in flight.flown]
    assert len(shown) > 30
    assert len(set(shown)) >= 9
    for place in range(4, len(shown)):
        assert shown[place] not in shown[place - 4:place]


def test_two_looks_are_enough():
    flight = Flight(looks=0).fly(40)
    assert {value for _, _, value in flight.flown} == {"calm", "wild"}


def test_a_drop_is_taken_wherever_it_comes():
    flight = Flight(kick=0.0)
    flight.drops = {5 * 60 + 23}
    flight.fly(8)
    assert [index for index, _, _ in flight.flown] == [5 * 60 + 23]


def test_a_hand_takes_over_and_it_rests():
    flight = Flight(rest=8)
    flight.fly(3)
    flight.hand("/a/walk/speed", 1.0)
    flight.fly(7)
    assert flight.state == "resting"
    assert flight.flown == []
    flight.fly(2)
    assert [index / 60 for index, _, _ in flight.flown] == [11.0]


def test_it_rests_until_resumed_when_told_so():
    flight = Flight(rest=0).fly(1)
    flight.hand("/show/look", "wild")
    flight.fly(50)
    assert (flight.state, flight.flown) == ("resting", [])
    flight.set(resume=True)
    flight.fly(2)
    assert flight.flown


@pytest.mark.parametrize("path", ["/master/fade", f"/{MOUNT}/bars"])
def test_what_does_not_touch_the_picture_s_look_is_no_hand(path):
    flight = Flight()
    flight.hand(path, 1.0 if path.endswith("fade") else 5)
    flight.fly(12)
    assert flight.flown


def test_worlds_only_where_there_are_some():
    assert Flight(what="worlds").fly(20).flown == []


def test_it_can_morph():
    flight = Flight(how="morph", what="looks").fly(6)
    assert flight.flown[0][1] == "/show/morph"
    assert flight.show.stage.look != "calm"


def test_it_can_fade_from_deck_to_deck():
    flight = Flight(how="fade", what="looks", show=Decks)
    flight.hand("/mix/fade_time", 2.0, "start")
    sides = []
    for _ in range(12):
        flight.fly(1)
        sides.append(flight.show.base("/mix/crossfade"))
    assert [path for _, path, _ in flight.flown[:4]] == ["/mix/load", "/mix/fade"] * 2
    assert (max(sides), sides[-1]) == (1.0, 0.0)
    assert flight.show.second.look != "calm"
    assert flight.show.stage.look != "calm"


def test_it_changes_the_deck_that_is_seen():
    flight = Flight(what="looks", show=Decks)
    flight.hand("/mix/load", "wild", "start")
    flight.hand("/mix/cut", True, "start")
    flight.fly(6)
    assert {path for _, path, _ in flight.flown} == {"/b/show/look"}
    assert flight.show.stage.look == "calm"


def test_off_is_off():
    flight = Flight()
    flight.set(on=False)
    flight.fly(30)
    assert (flight.state, flight.flown) == ("off", [])


def test_two_flights_over_one_show_are_alike():
    assert Flight().fly(60).flown == Flight().fly(60).flown


def test_a_strong_onset_off_the_bar_is_not_the_moment():
    assert not struck(Features(kick=1.0, beat=Beat(bar_phase=0.5)), 0.5)
    assert struck(Features(kick=1.0, beat=Beat(bar_phase=0.99)), 0.5)
    assert struck(Features(drop=0.4, beat=Beat(bar_phase=0.5)), 0.5)


def test_its_wishes_are_never_held_back_for_a_bar_that_is_just_over():
    show = Show()
    show.wish("/show/quantize", "bar")
    assert show.prompter.timed(ControlEvent("/show/look", "wild", "autopilot")).when == "now"
