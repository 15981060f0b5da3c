"""Prompts on their way: from what is in the air to what is asked for, by the ticks alone."""

from __future__ import annotations

import itertools
import json
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest
import tomli_w
from hands import Show, look

from vj.app.autosave import read, state_of, take_up, text_of
from vj.deck import Deck
from vj.types import Beat, Features, Tick, VjError
from vj.walk import prompts
from vj.walk.prompts import MOST, Asked, Prompts, between, cleaned, normalised
from vj.walk.queue import added, dropped, queued

BPM = 120.0


def values(**over: Any) -> dict[str, Any]:
    return {spec.name: spec.default for spec in prompts.PARAMS} | over


class Run:
    """A mixture that is stepped, at 120 bpm."""

    def __init__(self, fps: float = 30.0, **over: Any) -> None:
        self.prompts, self.fps, self.index, self.values = Prompts(), fps, 0, values(**over)
        self.point: tuple[tuple[str, float], ...] = ()

    def ask(self, **over: Any) -> Run:
        self.values = self.values | over
        return self

    def turn(self, seconds: float | None = None, waiting: tuple[str, ...] = ()) -> dict[str, float]:
        for _ in range(1 if seconds is None else round(seconds * self.fps)):
            time = self.index / self.fps
            beats = time * BPM / 60.0
            self.point = self.prompts.step(Tick(self.index, time, 1 / self.fps), Beat(BPM, int(beats), beats % 1.0),
                                           self.values, waiting)
            self.index += 1
        return {words: share for words, share in self.point if share > 0}


# ------------------------------------------------------------------------------------- the mixture


def test_without_a_text_there_is_no_prompt():
    run = Run()
    assert run.turn(1.0) == {}
    assert run.point == ()


def test_eight_texts_are_mixed_by_their_weights():
    names = {("text" if n == 1 else f"text{n}"): f"p{n}" for n in range(1, 9)}
    run = Run(**names, **{f"weight{n}": n / 8 for n in range(1, 9)})
    mixed = run.turn()
    assert list(mixed) == [f"p{n}" for n in range(1, 9)]
    assert mixed == pytest.approx({f"p{n}": n / 36 for n in range(1, 9)})
    assert sum(mixed.values()) == pytest.approx(1.0, abs=1e-12)


def test_a_show_begins_with_its_prompt_and_not_on_the_way_to_it():
    assert Run(text="a red rose").turn() == {"a red rose": 1.0}


def test_the_same_text_twice_is_one_text():
    assert Run(text="rose", text2="  rose \n", weight2=0.5).turn() == {"rose": 1.0}


def test_a_new_text_comes_in_over_its_beats():
    run = Run(text="rose", blend=4.0)
    run.turn(1.0)
    run.ask(text="sea")
    half = run.turn(1.0)  # two of the four beats
    assert half == pytest.approx({"sea": 0.5, "rose": 0.5}, abs=0.01)
    assert next(iter(half)) == "sea", "what is asked for stands first"
    run.turn(0.9)
    assert run.turn(0.2) == {"sea": 1.0}


def test_seconds_are_the_clocks():
    run = Run(text="rose", blend=1.0, blend_unit="seconds")
    run.turn(1.0)
    run.ask(text="sea")
    assert run.turn(0.5)["sea"] == pytest.approx(0.5, abs=0.02)
    assert run.turn(0.6) == {"sea": 1.0}


def test_a_blend_of_no_length_is_a_cut():
    run = Run(text="rose", blend=0.0)
    run.turn()
    assert run.ask(text="sea").turn() == {"sea": 1.0}


def test_a_change_in_mid_blend_starts_from_where_it_is():
    run = Run(text="rose", blend=4.0)
    run.turn(1.0)
    run.ask(text="sea").turn(1.0)
    before = dict(run.turn())
    after = run.ask(text="city").turn()
    assert set(after) == {"rose", "sea", "city"} or set(after) == {"rose", "sea"}
    for words in ("rose", "sea"):
        assert after[words] == pytest.approx(before[words], abs=0.02), "no jump"
    assert run.turn(2.1) == {"city": 1.0}


def test_no_tick_jumps_whatever_hands_do():
    run = Run(text="p0", blend=2.0)
    run.turn()
    last = run.turn()
    for n in range(1, 60):
        now = run.ask(text=f"p{n}", **({"solo": "2", "text2": f"q{n}"} if n % 7 == 0 else {"solo": "all"})).turn(0.1)
        for _ in range(2):
            last, now = now, run.turn()
            moved = sum(abs(now.get(words, 0.0) - last.get(words, 0.0)) for words in {*now, *last})
            assert moved < 0.12
        assert len(now) <= MOST
        assert sum(now.values()) == pytest.approx(1.0, abs=1e-9)


def test_weights_are_followed_without_a_blend():
    run = Run(text="rose", text2="sea", weight2=0.0, blend=60.0)
    run.turn(1.0)
    assert run.ask(weight2=1.0).turn() == pytest.approx({"rose": 0.5, "sea": 0.5})
    assert run.ask(weight1=0.0).turn() == {"sea": 1.0}


def test_all_weights_down_hold_what_was_there():
    run = Run(text="rose", text2="sea", weight2=1.0)
    before = run.turn()
    assert run.ask(weight1=0.0, weight2=0.0).turn(1.0) == before


def test_a_text_without_weight_can_be_typed_while_a_blend_goes_on():
    one, other = Run(text="rose", blend=4.0), Run(text="rose", blend=4.0)
    for run in (one, other):
        run.turn(1.0)
        run.ask(text="sea").turn(0.5)
    assert other.ask(text5="clouds").turn(0.5) == one.turn(0.5)


def test_a_solo_plays_one_text_alone_and_comes_in_by_a_blend():
    run = Run(text="rose", text2="sea", text3="city", weight2=1.0, blend=2.0)
    run.turn(1.0)
    moving = run.ask(solo="3").turn(0.5)
    assert 0.3 < moving["city"] < 0.7
    assert run.turn(0.6) == {"city": 1.0}
    assert run.ask(solo="all").turn(1.1) == pytest.approx({"rose": 0.5, "sea": 0.5})
    assert run.ask(solo="7").turn(2.0) == pytest.approx({"rose": 0.5, "sea": 0.5}), "an empty slot plays nothing"


def test_the_same_at_any_frame_rate():
    results = []
    for fps in (30.0, 60.0, 144.0):
        run = Run(fps, text="rose", blend=4.0)
        run.turn(1.0)
        results.append(run.ask(text="sea").turn(0.75)["sea"])
    assert max(results) - min(results) < 0.02


def test_texts_to_come_are_named_early_and_weigh_nothing():
    run = Run(text="rose", text4="clouds")
    run.turn(waiting=("sea at night", "clouds"))
    assert run.point == (("rose", 1.0), ("clouds", 0.0), ("sea at night", 0.0))
    run.turn(waiting=tuple(f"w{n}" for n in range(40)))
    assert len(run.point) == 1 + prompts.EARLY


@pytest.mark.parametrize(("typed", "mixed"), [
    ("  two \n lines\t", "two lines"), ("\ud800 half an emoji", "half an emoji"), ("🌊🌊", "🌊🌊"),
    ("x" * 9000, "x" * 2000), ("\x00", "\x00"), ("   ", "")])
def test_any_text_is_taken(typed, mixed):
    assert cleaned(typed) == mixed
    Run(text=typed).turn()


# --------------------------------------------------------------------------------------- the maths


def test_the_faint_goes_and_the_rest_sums_to_one():
    many = {f"p{n}": 2.0 ** -n for n in range(40)}
    kept = normalised(many)
    assert len(kept) <= MOST
    assert list(kept) == [f"p{n}" for n in range(len(kept))]
    assert sum(kept.values()) == pytest.approx(1.0, abs=1e-12)
    assert len(normalised({f"p{n}": 1.0 for n in range(40)})) == MOST


def test_both_ends_of_a_way_are_exact():
    start, goal = {"a": 0.25, "b": 0.75}, {"c": 1.0}
    assert between(start, goal, 0.0) == start
    assert between(start, goal, 1.0) == goal
    assert list(between(start, goal, 0.5)) == ["c", "a", "b"]


def test_a_negative_weight_is_none():
    assert Asked(("a", "b", "", "", "", "", "", ""), (1.0, 0.0, 0, 0, 0, 0, 0, 0)).mixture() == {"a": 1.0}
    assert Asked.of(values(text="a", text2="b", weight2=-3.0)).mixture() == {"a": 1.0}


# ------------------------------------------------------------------------------------------ kept


def test_it_goes_on_where_it_was():
    run = Run(text="rose", blend=4.0)
    run.turn(1.0)
    run.ask(text="sea — \"night\"\\ 🌊").turn(0.8)
    state = run.prompts.state()
    for kept in (json.loads(json.dumps(state)), tomllib.loads(tomli_w.dumps(state))):
        again = Run(text="sea — \"night\"\\ 🌊", blend=4.0)
        again.prompts.restore(kept)
        again.index = run.index
        again.turn()  # the clock has no past yet
        assert again.prompts.present == pytest.approx(run.prompts.present)
        assert again.turn(2.0) == {"sea — \"night\"\\ 🌊": 1.0}


@pytest.mark.parametrize("bad", [
    {}, {"start": 1}, {"progress": 2.0}, {"progress": float("nan")}, {"goal": {"texts": [], "weights": []}},
    {"goal": {"texts": ["a"], "weights": [-1.0]}}, {"goal": {"texts": ["a"], "weights": [float("inf")]}},
    {"own": {"texts": ["a"] * 99, "weights": [1.0] * 99}}, {"own": {"texts": ["a"], "weights": [1.0, 2.0]}}])
def test_a_state_that_is_none_is_refused_and_changes_nothing(bad):
    run = Run(text="rose")
    run.turn()
    state = run.prompts.state()
    with pytest.raises((ValueError, KeyError, TypeError)):
        run.prompts.restore({**state, **bad} if bad else {})
    assert run.prompts.state() == state


# --------------------------------------------------------------------------------- queue and cycle


def test_a_queue_is_lines():
    assert queued({"waiting": "one\n\n  two  words \n"}) == ["one", "two words"]
    assert added(["one"], "two\nlines") == "one\ntwo lines"
    assert dropped(["one", "two", "one"], "one") == "two\none"
    with pytest.raises(VjError, match="full"):
        added(["x" * 1500], "y" * 1000)
    with pytest.raises(VjError, match="no prompt in the queue"):
        dropped(["one"], "two")


class Playing(Show):
    """A show whose decks walk."""

    def turn(self, seconds=None):
        for _ in range(1 if seconds is None else round(seconds * self.fps)):
            super().turn()
            self.points = {deck.name: deck.step(self.tick, Features(beat=self.beat()), self.params)[0]
                           for deck in self.stage.decks}
        return self

    @property
    def mixed(self):
        return {words: share for words, share in self.points["a"].prompts if share > 0}


def test_the_queue_plays_on_the_bars():
    show = Playing().turn(0.1)
    show.wish("/a/prompt/blend", 0.0)
    show.wish("/a/queue/bars", 1)
    for words in ("first wave", "second wave"):
        show.wish("/a/queue/add", words)
    assert show.base("/a/queue/waiting") == "first wave\nsecond wave"
    assert show.base("/a/queue/add") == "", "the same words may come again"
    show.turn(1.7)
    assert show.mixed == {}, "the bar is not over"
    assert [words for words, _ in show.points["a"].prompts] == ["first wave", "second wave"], "read ahead"
    show.turn(0.4)
    assert show.mixed == {"first wave": 1.0}
    assert show.base("/a/queue/waiting") == "second wave"
    show.turn(2.0)
    assert show.mixed == {"second wave": 1.0}
    assert show.base("/a/queue/waiting") == ""


def test_every_so_many_bars_and_never_by_itself_at_0():
    show = Playing().turn(0.1)
    show.wish("/a/prompt/blend", 0.0)
    show.wish("/a/queue/bars", 2)
    show.wish("/a/queue/waiting", "one\ntwo")
    assert show.turn(2.5).mixed == {}
    assert show.turn(2.0).mixed == {"one": 1.0}
    show.wish("/a/queue/bars", 0)
    assert show.turn(12.0).mixed == {"one": 1.0}
    show.wish("/a/queue/next")
    assert show.turn().mixed == {"two": 1.0}
    show.wish("/a/queue/next")
    assert show.turn().mixed == {"two": 1.0}, "nothing waits any more"


def test_hands_take_out_of_the_queue_and_take_that_back():
    show = Playing().turn()
    show.wish("/a/queue/waiting", "one\ntwo\nthree")
    told = show.wish("/a/queue/drop", "two", source="page")
    assert [(event.path, event.value) for event in told] == [("/a/queue/waiting", "one\nthree")]
    show.index += 60
    show.wish("/a/queue/clear")
    assert show.base("/a/queue/waiting") == ""
    show.wish("/show/undo")
    assert show.base("/a/queue/waiting") == "one\nthree"
    with pytest.raises(VjError, match="no prompt in the queue is 'four'"):
        show.wish("/a/queue/drop", "four")


def test_prompts_take_turns_on_the_bars():
    show = Playing().turn(0.1)
    for n, words in ((1, "rose"), (4, "sea"), (6, "city")):
        show.wish(f"/a/prompt/text{n if n > 1 else ''}", words)
    show.wish("/a/prompt/blend", 0.0)
    show.wish("/a/prompt/cycle", 1)
    heard = [next(iter(show.turn(2.0).mixed)) for _ in range(5)]
    assert heard == ["rose", "sea", "city", "rose", "sea"]
    assert show.base("/a/prompt/solo") == "4"


def test_a_queued_prompt_goes_where_it_is_seen():
    show = Playing().turn(0.1)
    show.wish("/a/prompt/text", "rose")
    show.wish("/a/prompt/text3", "sea")
    show.wish("/a/prompt/solo", "3")
    show.wish("/a/prompt/blend", 0.0)
    show.wish("/a/queue/add", "storm")
    show.wish("/a/queue/next")
    assert show.turn().mixed == {"storm": 1.0}
    assert show.base("/a/prompt/text") == "rose"


def test_the_queue_outlives_a_look_and_a_look_brings_its_prompts():
    show = Playing(extra={"sea": look("sea", {"mood": "x", "generator": "test_pattern", "values": {
        "/a/prompt/text": "a calm sea", "/a/prompt/text2": "gulls", "/a/prompt/weight2": 0.25}})}.items()).turn()
    show.wish("/a/queue/waiting", "storm")
    show.wish("/show/look", "sea")
    assert show.turn().mixed == pytest.approx({"a calm sea": 0.8, "gulls": 0.2}), "a cut is a cut"
    assert show.base("/a/queue/waiting") == "storm"
    show.wish("/show/look", "calm")
    assert show.turn().mixed == {}
    show.wish("/show/undo")
    assert show.base("/a/prompt/text") == "a calm sea"


# ------------------------------------------------------------------------------------------ morphs


LAND = {"land": look("land", {"mood": "x", "generator": "test_pattern", "values": {
            "/a/prompt/text": "hills", "/a/prompt/text2": "woods", "/a/prompt/weight2": 1.0}}),
        "sea": look("sea", {"mood": "x", "generator": "test_pattern", "values": {
            "/a/prompt/text": "waves", "/a/prompt/text2": "gulls", "/a/prompt/weight1": 0.25,
            "/a/prompt/weight2": 0.75}})}


def morphing(seconds=4.0):
    show = Playing("land", extra=LAND.items()).turn(0.1)
    show.wish("/show/morph_unit", "seconds")
    show.wish("/show/morph_time", seconds)
    show.wish("/show/morph", "sea")
    return show


def test_a_morph_blends_prompts_evenly_and_switches_none():
    show, seen = morphing(), []
    while not seen or show.prompter.morphs.running is not None:
        seen.append(show.turn().mixed)
        assert len(seen) < 200
    sea = [mixed.get("waves", 0.0) + mixed.get("gulls", 0.0) for mixed in seen]
    steps = [later - earlier for earlier, later in itertools.pairwise(sea)]
    assert min(steps) > -1e-9
    assert max(steps) < 0.02, "it rises without a jump, also in the middle"
    assert sea[len(sea) // 2] == pytest.approx(0.5, abs=0.03)
    assert show.turn(0.1).mixed == pytest.approx({"waves": 0.25, "gulls": 0.75})


def test_a_morph_that_stops_half_way_goes_on_to_what_stands_in_the_slots():
    show = morphing()
    before = show.turn(1.2).mixed
    assert set(before) == {"hills", "woods", "waves", "gulls"}
    show.wish("/show/morph", "none")
    after = show.turn().mixed
    for words, share in before.items():
        assert after[words] == pytest.approx(share, abs=0.03)
    assert set(show.turn(4.0).mixed) == {"hills", "woods"}


def test_a_fader_carries_a_morph_there_and_back():
    show = Playing("land", extra=LAND.items()).turn(0.1)
    show.wish("/show/morph_unit", "hand")
    show.wish("/show/morph", "sea")
    for position, sea in ((0.3, 0.3), (0.48, 0.48), (0.6, 0.6), (0.9, 0.9), (0.55, 0.55), (0.2, 0.2)):
        show.wish("/show/morph_position", position)
        mixed = show.turn(0.1).mixed
        assert mixed.get("waves", 0.0) + mixed.get("gulls", 0.0) == pytest.approx(sea, abs=0.01)


def test_a_hand_in_the_middle_of_a_morph_is_heard():
    show = morphing()
    show.turn(0.8)
    show.wish("/a/prompt/blend", 0.0)
    show.wish("/a/prompt/text", "deserts")
    assert "deserts" in show.turn().mixed
    assert "deserts" in show.turn(5.0).mixed, "what a hand has touched stays"


def test_a_deck_names_its_prompts_in_the_request():
    show = Playing("land", extra=LAND.items()).turn()
    deck: Deck = show.stage.decks[0]
    point, request = deck.step(show.tick, Features(), show.params)
    assert request is not None
    assert request.point.prompts == point.prompts == (("hills", 0.5), ("woods", 0.5))


# ------------------------------------------------------------------------------- kept and repeated


def kept(show):
    """The show with what an autosave looks at."""
    show.inbox = []
    show.parts = SimpleNamespace(tree=show.tree, stage=show.stage, second=None, seen=[],
                                 inbox=SimpleNamespace(put=show.inbox.append))
    return show


def test_a_show_goes_on_in_the_middle_of_a_blend(tmp_path):
    show = kept(Playing().turn(0.2))
    show.wish("/a/prompt/blend_unit", "seconds")
    show.wish("/a/prompt/blend", 4.0)
    show.wish("/a/prompt/text", "rose")
    show.turn(1.0)
    show.wish("/a/prompt/text", "sea")
    show.wish("/a/queue/waiting", "storm\ncalm")
    before = show.turn(1.0).mixed
    assert len(before) == 3
    (tmp_path / "a.toml").write_text(text_of(state_of(show.parts, show.tick)), "utf-8")
    again = kept(Playing())
    take_up(again.parts, read(tmp_path / "a.toml"))
    for event in again.inbox:
        again.wish(event.path, event.value, event.source)
    assert again.turn().mixed == pytest.approx(before, abs=0.02)
    assert again.base("/a/queue/waiting") == "storm\ncalm"
    assert again.turn(4.5).mixed == {"sea": 1.0}


def test_a_take_repeats_prompts_queue_and_turns():
    show, mixtures = Playing(), []
    wishes = {3: ("/a/prompt/text", "rose"), 10: ("/a/queue/add", "storm"), 12: ("/a/queue/add", "calm"),
              13: ("/a/queue/bars", 1), 40: ("/a/prompt/text4", "city"), 70: ("/a/prompt/cycle", 1),
              100: ("/a/prompt/weight4", 0.5), 150: ("/a/queue/drop", "calm")}
    for index in range(300):
        if index in wishes and not (index == 150 and "calm" not in show.base("/a/queue/waiting")):
            show.wish(*wishes[index])
        mixtures.append(show.turn().mixed)
    again = Playing()
    for index in range(300):
        for at, event in show.log:
            if at == index:
                again.wish(event.path, event.value, event.source)
        assert again.turn().mixed == mixtures[index], index
    assert len({words for mixed in mixtures for words in mixed}) >= 4
