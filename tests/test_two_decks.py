"""Deck b: asleep until it is given a look, and then everything that deck a is; the mixer between them."""

from __future__ import annotations

import pytest
from hands import Decks

from vj.params.crossfade import position, unseen
from vj.params.places import PLACES, across
from vj.params.shelf import SNAPSHOT
from vj.types import ControlEvent, Features, VjError


def of_first(show):
    here = PLACES["a"]
    return {path: value for path, spec, value in show.tree.items()
            if path.startswith(here.of_a_look) and spec.kind != "trigger"}


@pytest.mark.parametrize(("here", "there"), [
    ("/a/gen/hue", "/b/gen/hue"), ("/fx/glow/amount", "/b/fx/glow/amount"), ("/mod/kick/decay", "/b/mod/kick/decay"),
    ("/routes/3/depth", "/b/routes/3/depth"), ("/show/look", "/b/show/look"), ("/pad/x", "/b/pad/x"),
    ("/a/deck/lines", "/b/deck/lines"), ("/mix/time", "/mix/time"), ("/master/fade", "/master/fade"),
    ("/beat/tap", "/beat/tap")])
def test_the_way_across_is_the_way_back(here, there):
    assert across(here) == there
    assert across(there) == here


def test_the_second_deck_sleeps_and_has_no_more_than_its_verbs():
    show = Decks()
    assert not show.second.awake
    assert {mount for mount in show.tree.mounts() if mount.startswith("b/")} == {
        "b/deck", "b/queue", "b/show", "b/pad", "b/sources"}
    assert show.base("/b/show/look") == "none"
    assert show.turn(9.0).second.matrix.offsets(show.tick, None, {}) == {}


def test_a_look_is_on_the_second_deck_what_it_is_on_the_first():
    show, other = Decks("calm"), Decks("wild")
    before = show.picture()
    show.wish("/b/show/look", "wild")
    assert show.second.awake
    assert show.second.look == "wild"
    assert show.second.chain == ("tint", "mirror")
    assert show.of_second() == of_first(other)
    assert show.picture() == before, "nothing has changed on deck a, nor for both"


def test_the_same_look_on_both_decks_is_not_the_same_picture():
    show = Decks("calm")
    show.wish("/b/show/look", "calm")
    assert show.stage.decks[0].walk.seed != show.second.decks[0].walk.seed


def test_routes_stay_on_their_deck():
    show = Decks("calm")
    show.wish("/b/show/look", "calm")
    assert show.base("/routes/1/target") == "/fx/glow/amount"
    assert show.base("/b/routes/1/target") == "/b/fx/glow/amount"
    show.wish("/b/routes/1/depth", 1.0)
    seen = set()
    for _ in range(120):
        show.turn()
        seen |= set(show.second.matrix.offsets(show.tick, Features(beat=show.beat()), show.params))
    assert seen == {"/b/fx/glow/amount", "/b/walk/speed"}


def test_a_look_that_is_wrong_leaves_the_deck_asleep():
    show = Decks()
    with pytest.raises(VjError, match="broken"):
        show.wish("/b/show/look", "broken")
    assert not show.second.awake
    assert show.base("/b/show/look") == "none"


def test_a_look_says_nothing_of_what_is_shared_from_the_second_deck():
    show = Decks("calm")
    show.wish("/b/show/look", "wild")
    assert show.base("/mix/time") == pytest.approx(0.3)
    show.wish("/show/look", "wild")
    assert show.base("/mix/time") == pytest.approx(2.0)


def test_the_second_deck_can_be_put_to_sleep_again():
    show = Decks()
    before = show.tree.mounts()
    show.wish("/b/show/look", "wild")
    show.turn(0.2)
    show.wish("/b/show/look", "none")
    assert not show.second.awake
    assert set(show.tree.mounts()) == set(before)
    assert show.turn(0.2).base("/b/show/look") == "none"
    with pytest.raises(VjError, match="show/look"):
        show.wish("/show/look", "none")


def test_waking_and_what_follows_is_taken_back_step_by_step_and_done_again():
    show = Decks("calm")
    show.wish("/b/show/look", "wild")
    show.wish("/b/walk/speed", 0.25)
    show.wish("/b/show/look", "calm")
    show.wish("/a/walk/speed", 1.5)
    show.wish("/show/undo")
    assert show.base("/a/walk/speed") == pytest.approx(0.5)
    show.wish("/show/undo")
    assert (show.second.look, show.base("/b/walk/speed")) == ("wild", pytest.approx(0.25))
    show.wish("/show/undo")
    assert show.base("/b/walk/speed") == pytest.approx(2.0)
    told = show.wish("/show/undo")
    assert not show.second.awake
    assert [(event.path, event.value) for event in told] == [("/b/show/look", "none")]
    for _ in range(4):
        show.wish("/show/redo")
    assert (show.second.look, show.base("/a/walk/speed")) == ("calm", pytest.approx(1.5))


def test_what_undo_does_is_told_so_that_a_take_can_do_it_again():
    show, again = Decks("calm"), Decks("calm")
    show.shelf.shown.append(lambda name, look: again.shelf.put(name, look) if name.startswith(SNAPSHOT) else None)
    for path, value in (("/b/show/look", "wild"), ("/b/walk/speed", 0.25), ("/b/show/look", "calm"),
                        ("/show/undo", True), ("/b/routes/1/depth", -0.5), ("/b/sources/add", "lfo")):
        show.wish(path, value)
    for _, event in show.log:
        again.prompter.land(again.tick, event)
    assert again.of_second() == show.of_second()
    assert again.second.look == show.second.look


def test_a_morph_goes_on_on_the_second_deck_alone():
    show = Decks("calm")
    show.wish("/b/show/look", "calm")
    before = of_first(show)
    show.wish("/show/morph_time", 4.0)
    show.wish("/b/show/morph", "wild")
    show.turn(1.0)
    assert 0.3 < show.base("/b/show/morph_position") < 0.7
    assert 0.5 < show.base("/b/walk/speed") < 2.0
    show.turn(1.5)
    assert show.second.look == "wild"
    assert show.base("/b/show/look") == "wild"
    assert show.base("/b/fx/mirror/mix") == pytest.approx(0.8)
    assert of_first(show) == before
    assert show.base("/show/morph") == "none"


def test_both_decks_can_morph_at_once():
    show = Decks("calm")
    show.wish("/b/show/look", "wild")
    show.wish("/show/morph_time", 4.0)
    show.wish("/show/morph", "wild")
    show.wish("/b/show/morph", "calm")
    show.turn(2.5)
    assert (show.stage.look, show.second.look) == ("wild", "calm")


def test_a_sleeping_deck_has_nothing_to_morph_from_and_takes_no_source():
    show = Decks()
    for path, value in (("/b/show/morph", "wild"), ("/b/sources/add", "lfo"), ("/b/show/save", "mine")):
        with pytest.raises(VjError):
            show.wish(path, value)
    assert show.base("/b/show/morph") == "none"


def test_the_second_decks_picture_is_saved_as_a_look_for_any_deck():
    show = Decks("calm")
    show.wish("/b/show/look", "wild")
    show.wish("/b/fx/mirror/angle", 90.0)
    show.wish("/b/routes/1/depth", -0.25)
    show.wish("/b/show/save", "Mine")
    saved = show.shelf.find("mine")
    assert saved.values["/fx/mirror/angle"] == 90.0
    assert not [path for path in saved.values if path.startswith("/b/")]
    assert (saved.routes[0].target, saved.routes[0].depth) == ("/fx/mirror/mix", -0.25)
    assert show.second.look == "mine"
    assert show.stage.look == "calm"
    show.wish("/show/look", "mine")
    assert of_first(show) == show.of_second()


def test_a_look_that_is_renamed_is_renamed_on_both_decks():
    show = Decks("calm")
    show.wish("/b/show/look", "wild")
    show.wish("/b/show/save", "mine")
    show.wish("/show/rename", "mine yours")
    assert show.second.look == "yours"
    assert show.base("/b/show/look") == "yours"


def test_the_pad_of_the_second_deck_moves_the_second_deck():
    show = Decks("calm")
    show.wish("/b/show/look", "calm")
    show.wish("/b/pad/a", "calm")
    show.wish("/b/pad/b", "wild")
    before = of_first(show)
    show.wish("/b/pad/y", 0.0)
    show.wish("/b/pad/x", 1.0)
    assert show.base("/b/walk/speed") == pytest.approx(2.0)
    assert of_first(show) == before


# ----------------------------------------------------------------------------------------- the mixer


@pytest.mark.parametrize(("curve", "places"), [
    ("linear", (0.0, 0.25, 0.5, 0.75, 1.0)), ("smooth", (0.0, 0.15625, 0.5, 0.84375, 1.0)),
    ("sharp", (0.0, 0.0, 0.5, 1.0, 1.0))])
def test_curves_go_from_deck_to_deck(curve, places):
    assert [position({"crossfade": x / 4, "curve": curve}) for x in range(5)] == pytest.approx(places)
    assert (unseen("b", {"crossfade": 0.0, "curve": curve}), unseen("a", {"crossfade": 0.0})) == (True, False)
    assert (unseen("a", {"crossfade": 1.0, "curve": curve}), unseen("b", {"crossfade": 1.0})) == (True, False)


def test_a_fade_takes_its_beats_there_and_back():
    show = Decks()
    show.wish("/mix/load", "wild")
    assert show.second.look == "wild"
    show.wish("/mix/fade_time", 4.0)
    show.wish("/mix/fade")
    show.turn(1.0)  # two beats of 120 bpm
    assert show.base("/mix/crossfade") == pytest.approx(0.5, abs=0.02)
    show.turn(1.05)
    assert show.base("/mix/crossfade") == 1.0
    show.wish("/mix/fade_unit", "seconds")
    show.wish("/mix/fade")
    show.turn(2.0)
    assert show.base("/mix/crossfade") == pytest.approx(0.5, abs=0.02)
    show.turn(2.1)
    assert show.base("/mix/crossfade") == 0.0
    assert show.turn(1.0).base("/mix/crossfade") == 0.0


def test_a_fade_turns_back_when_it_is_asked_again_and_stops_for_a_hand():
    show = Decks()
    show.wish("/mix/load", "wild")
    show.wish("/mix/fade")
    show.turn(0.5)
    show.wish("/mix/fade")
    show.turn(1.0)
    assert show.base("/mix/crossfade") == 0.0
    show.wish("/mix/fade")
    show.turn(0.5)
    show.wish("/mix/crossfade", 0.3)
    assert show.turn(2.0).base("/mix/crossfade") == pytest.approx(0.3)


def test_a_cut_is_there_at_once_and_is_taken_back():
    show = Decks()
    show.wish("/mix/load", "wild")
    show.wish("/mix/cut")
    assert show.turn().params["mix"]["crossfade"] == 1.0
    show.wish("/mix/cut")
    assert show.turn().params["mix"]["crossfade"] == 0.0
    show.turn(1.0)
    show.wish("/mix/cut", source="other hand")
    show.wish("/show/undo")
    assert show.base("/mix/crossfade") == 0.0


@pytest.mark.parametrize("verb", ["/mix/fade", "/mix/cut"])
def test_nobody_goes_over_to_a_deck_that_sleeps(verb):
    show = Decks()
    with pytest.raises(VjError, match="load a look first"):
        show.wish(verb)
    assert show.turn(1.0).base("/mix/crossfade") == 0.0


def test_looks_are_loaded_behind_the_fader():
    show = Decks("calm", extra=())
    show.wish("/mix/load_next")
    assert (show.stage.look, show.second.look) == ("calm", "wild")
    show.wish("/mix/cut")
    show.wish("/mix/load", "wild")
    assert (show.stage.look, show.second.look) == ("wild", "wild")
    assert show.base("/mix/load") == "none"
    show.wish("/mix/cut")
    show.wish("/mix/load", "calm")
    assert (show.stage.look, show.second.look) == ("wild", "calm")


def test_a_fader_that_stands_at_a_sleeping_deck_does_not_hide_the_other():
    show = Decks()
    show.wish("/mix/crossfade", 1.0)
    show.wish("/mix/load", "wild")
    assert (show.stage.look, show.second.look) == ("calm", "wild")


def test_what_the_mixer_did_is_told_for_a_take():
    show, again = Decks(), Decks()
    show.wish("/mix/load_next")
    show.turn(0.5)
    show.wish("/mix/fade")
    show.turn(0.7)
    show.wish("/mix/cut")
    show.turn(1.0)
    waiting = list(show.log)
    while again.index < show.index:
        while waiting and waiting[0][0] <= again.index:
            again.prompter.land(again.tick, waiting.pop(0)[1])
        again.turn()
    assert again.base("/mix/crossfade") == show.base("/mix/crossfade")
    assert again.of_second() == show.of_second()
    assert [event.path for _, event in show.log] == ["/b/show/look", "/mix/fade", "/mix/cut"]


def test_a_fade_waits_for_the_music_as_looks_do():
    show = Decks()
    show.wish("/show/quantize", "bar")
    assert show.prompter.timed(ControlEvent("/mix/fade", True, "hand")).when == "bar"
    assert show.prompter.timed(ControlEvent("/b/show/look", "wild", "hand")).when == "bar"
    assert show.prompter.timed(ControlEvent("/mix/load", "wild", "hand")).when == "now"


# ------------------------------------------------------------------------------------------ the swap


def swapped():
    show = Decks("calm")
    show.wish("/b/show/look", "wild")
    show.wish("/b/fx/mirror/angle", 45.0)
    show.wish("/routes/2/on", False)
    show.wish("/mix/crossfade", 0.25)
    return show.turn(1.0)


def test_decks_that_change_places_go_on_as_they_are():
    show = swapped()
    a, b = of_first(show), show.of_second()
    voices = [(stage.decks[0].walk, stage.decks[0].voice, dict(stage.matrix.sources))
              for stage in (show.stage, show.second)]
    show.wish("/mix/swap")
    assert (of_first(show), show.of_second()) == (b, a)
    assert (show.stage.look, show.second.look) == ("wild", "calm")
    assert (show.base("/show/look"), show.base("/b/show/look")) == ("wild", "calm")
    assert [stage.chain for stage in (show.stage, show.second)] == [("tint", "mirror"), ("glow", "tint")]
    assert show.base("/mix/crossfade") == pytest.approx(0.75)
    after = [(stage.decks[0].walk, stage.decks[0].voice, dict(stage.matrix.sources))
             for stage in (show.second, show.stage)]
    assert [row[1] for row in after] == ["a", "b"]
    for before, now in zip(voices, after, strict=True):
        assert before[0] is now[0], "the walk goes on"
        assert before[2] == now[2], "and so do the sources"
    assert [stage.decks[0].name for stage in (show.stage, show.second)] == ["a", "b"]


def test_a_swap_is_taken_back_in_its_turn_and_done_again():
    show = swapped()
    a, b = of_first(show), show.of_second()
    show.wish("/mix/swap")
    show.wish("/a/walk/speed", 0.1)
    show.wish("/show/undo")
    told = show.wish("/show/undo")
    assert [(event.path, event.source) for event in told] == [("/mix/swap", "undo")]
    assert (of_first(show), show.of_second()) == (a, b)
    assert show.base("/mix/crossfade") == pytest.approx(0.25)
    show.wish("/show/redo")
    assert (of_first(show), show.of_second()) == (b, a)
    for _ in range(3):
        show.wish("/show/undo")
    assert show.base("/mix/crossfade") == 0.0 or show.base("/routes/2/on") is True


def test_a_fade_goes_on_through_a_swap_to_the_same_picture():
    show = swapped()
    show.wish("/mix/fade")
    show.turn(0.2)
    show.wish("/mix/swap")
    show.turn(4.0)
    assert show.base("/mix/crossfade") == 0.0
    assert show.stage.look == "wild"


def test_a_deck_that_wakes_after_a_swap_has_the_voice_that_is_free():
    show = swapped()
    show.wish("/mix/swap")
    show.wish("/b/show/look", "none")
    show.wish("/b/show/look", "calm")
    assert (show.stage.decks[0].voice, show.second.decks[0].voice) == ("b", "a")


def test_a_sleeping_deck_is_not_swapped():
    show = Decks()
    with pytest.raises(VjError, match="load a look first"):
        show.wish("/mix/swap")
    assert show.stage.look == "calm"


def test_a_swap_is_done_again_by_a_take():
    show, again = swapped(), swapped()
    log = show.wish("/mix/swap") + show.wish("/b/walk/speed", 0.7)
    for event in log:
        again.prompter.land(again.tick, event)
    assert (of_first(show), show.of_second()) == (of_first(again), again.of_second())
