"""What hands ask of the show: recall, save, take back, routes and sources, the pad; and that a take can repeat it."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hands import CALM, Show, look

from vj.params.looks import look_of, look_text
from vj.types import ControlEvent, VjError

# ------------------------------------------------------------------------------------------- looks


def test_a_saved_look_brings_everything_back():
    show = Show()
    show.wish("/a/walk/speed", 1.5)
    show.wish("/fx/tint/ink", "#123456")
    show.wish("/routes/1/depth", -0.5)
    show.wish("/routes/2/on", False)
    show.wish("/routes/4/source", "new noise")
    show.wish("/routes/4/target", "/fx/tint/amount")
    show.wish("/mod/noise/rate", 2.0)
    show.wish("/show/save", "My Night!")
    saved = show.picture()
    assert show.files.asked[-1][:2] == ("write", "my_night")
    assert show.base("/show/look") == "my_night"
    show.wish("/show/look", "wild")
    assert "fx/glow" not in show.tree.mounts()
    show.wish("/show/look", "my_night")
    again = show.picture()
    moved = {f"/routes/{place}/" for place in (3, 4)}  # the free slot before it is closed up
    assert {p: v for p, v in again.items() if not p.startswith(tuple(moved)) and not p.startswith("/mix")} == {
        p: v for p, v in saved.items() if not p.startswith(tuple(moved)) and not p.startswith("/mix")}
    assert again["/routes/3/target"] == "/fx/tint/amount"
    assert again["/routes/2/on"] is False


def test_a_look_s_file_can_be_read_by_people_and_says_the_same():
    show = Show()
    show.wish("/routes/1/on", False)
    show.wish("/a/walk/speed", 1.25)
    present = show.stage.present()
    text = look_text(present)
    assert '"/a/walk/speed" = 1.25' in text
    assert "kind = \"lfo\"" in text
    assert look_of("calm", text, "here") == present


def test_only_what_differs_from_the_defaults_is_saved():
    values = Show().stage.present(exact=False).values
    assert values == {"/a/walk/speed": 0.5, "/fx/glow/amount": 0.2, "/fx/tint/ink": "#ff0000"}


def test_new_names_are_choices_everywhere_and_the_revision_tells():
    show = Show()
    before = show.tree.revision
    show.wish("/show/save_new")
    assert "calm_2" in show.tree.spec("/show/look").choices
    assert "calm_2" in show.tree.spec("/show/morph").choices
    assert show.tree.revision != before
    show.wish("/show/save_new")
    assert show.base("/show/look") == "calm_3"


@pytest.mark.parametrize(("wished", "name"), [("Velvet Hour 2", "velvet_hour_2"), ("../../etc/passwd", "etc_passwd"),
                                              ("Ümlaut", "umlaut"), ("x" * 90, "x" * 40), ("a\0b/c", "a_b_c")])
def test_names_are_made_proper(wished, name):
    show = Show()
    show.wish("/show/save", wished)
    assert show.files.asked[-1][1] == name


@pytest.mark.parametrize("wished", ["...", "/", "日本"])
def test_a_name_of_nothing_is_refused(wished):
    show = Show()
    with pytest.raises(VjError, match="letters and digits"):
        show.wish("/show/save", wished)
    assert not show.files.asked


def test_rename_and_delete_are_for_ones_own():
    show = Show()
    with pytest.raises(VjError, match="comes with vj"):
        show.wish("/show/delete", "calm")
    with pytest.raises(VjError, match="comes with vj"):
        show.wish("/show/rename", "mine")
    show.wish("/show/save", "mine")
    show.wish("/show/rename", "Ours Now")
    assert (show.base("/show/look"), show.stage.look) == ("ours_now", "ours_now")
    with pytest.raises(VjError, match="already"):
        show.wish("/show/rename", "calm")
    show.wish("/show/save", "other")
    show.wish("/show/rename", "ours_now third")
    show.wish("/show/delete", "other")
    assert "third" in show.shelf.names
    assert "other" not in show.shelf.names
    assert show.files.asked[-1] == ("remove", "other")


def test_saving_and_deleting_are_not_in_a_take():
    show = Show()
    for path, value in (("/show/save", "mine"), ("/show/rename", "yours"), ("/show/delete", "yours"),
                        ("/show/save_new", True)):
        show.wish(path, value)
    assert show.log == []


def test_a_broken_look_leaves_everything_as_it_was():
    show = Show()
    before = show.picture()
    for path in ("/show/look", "/show/recall", "/show/morph"):
        with pytest.raises(VjError, match="look 'broken'"):
            show.wish(path, "broken")
    assert show.picture() == before
    assert show.base("/show/look") == "calm"
    assert show.base("/show/morph") == "none"
    assert show.prompter.history.depth == (0, 0)


def test_next_and_previous_go_round_and_are_told_as_looks():
    show = Show()
    assert show.wish("/show/next", source="pedal") == [ControlEvent("/show/look", "wild", "pedal")]
    with pytest.raises(VjError, match="look 'broken'"):
        show.wish("/show/next")
    assert show.wish("/show/previous", source="pedal") == [ControlEvent("/show/look", "calm", "pedal")]
    assert show.wish("/show/next", 0) == []


def test_what_changes_behind_the_show_s_back_is_seen():
    show = Show()
    show.files.waiting = [("fresh", look("fresh", CALM)), ("gone", None)]
    show.turn()
    assert "fresh" in show.tree.spec("/show/look").choices
    assert show.base("/show/look") == "calm"


# -------------------------------------------------------------------------------------------- undo


def test_a_gesture_is_one_step():
    show = Show()
    for value in (0.6, 0.7, 0.8):
        show.wish("/a/walk/speed", value)
        show.turn(0.2)
    show.turn(1.0)
    show.wish("/a/walk/speed", 1.0)
    show.wish("/show/undo")
    assert show.base("/a/walk/speed") == 0.8
    show.wish("/show/undo")
    assert show.base("/a/walk/speed") == 0.5
    show.wish("/show/redo")
    assert show.base("/a/walk/speed") == 0.8
    show.wish("/show/redo")
    assert show.base("/a/walk/speed") == 1.0
    with pytest.raises(VjError, match="nothing to do again"):
        show.wish("/show/redo")


def test_two_hands_at_once_are_two_gestures():
    show = Show()
    show.wish("/a/walk/speed", 0.9, source="midi")
    show.wish("/fx/tint/count", 5, source="page 1")
    show.wish("/show/undo")
    assert (show.base("/a/walk/speed"), show.base("/fx/tint/count")) == (0.9, 1)


def test_a_recall_is_taken_back_with_all_that_hands_had_done():
    show = Show()
    show.wish("/a/walk/speed", 1.7)
    show.wish("/sources/add", "noise")
    show.wish("/routes/3/source", "noise")
    show.wish("/routes/3/target", "/fx/glow/amount")
    before = show.picture()
    show.wish("/show/look", "wild")
    there = show.picture()
    show.wish("/show/undo")
    assert show.picture() == before
    assert show.base("/show/look") == "calm"
    show.wish("/show/redo")
    assert show.picture() == there
    assert show.stage.look == "wild"


def test_taking_back_all_the_way_and_forth_again():
    show = Show()
    seen = [show.picture()]
    for path, value in (("/a/walk/speed", 1.2), ("/show/look", "wild"), ("/sources/add", "lfo"),
                        ("/routes/5/source", "lfo"), ("/routes/5/target", "/fx/tint/amount"), ("/routes/1/on", False),
                        ("/sources/remove", "lfo"), ("/mix/transition", "wipe"), ("/show/look", "calm")):
        show.wish(path, value)
        show.turn(1.0)
        seen.append(show.picture())

    def compact(picture):
        routes = [tuple(picture[f"/routes/{n}/{part}"] for part in ("source", "target", "depth", "on"))
                  for n in range(1, 17)]
        rest = {path: value for path, value in picture.items() if not path.startswith("/routes/")}
        return rest, [route for route in routes if route[0] != "none" and route[1]]

    for there in reversed(seen[:-1]):
        show.wish("/show/undo")
        assert compact(show.picture()) == compact(there)
    for there in seen[1:]:
        show.wish("/show/redo")
        assert compact(show.picture()) == compact(there)


def test_nothing_to_take_back_is_said():
    with pytest.raises(VjError, match="nothing to take back"):
        Show().wish("/show/undo")


def test_blackout_is_never_taken_back():
    show = Show()
    show.wish("/master/blackout", True)
    assert show.prompter.history.depth == (0, 0)


# ------------------------------------------------------------------------------------------ routes


def test_a_route_is_made_bent_muted_and_unmade_by_hand():
    show = Show()
    show.wish("/routes/3/source", "pump")
    show.wish("/routes/3/target", "/fx/tint/amount")
    show.wish("/routes/3/depth", 0.5)
    values = [show.turn().params["fx/tint"]["amount"] for _ in range(30)]
    assert max(values) - min(values) > 0.3
    assert show.base("/fx/tint/amount") == 0.5
    show.wish("/routes/3/on", False)
    assert show.turn().params["fx/tint"]["amount"] == 0.5
    show.wish("/routes/3/on", True)
    show.wish("/routes/3/source", "none")
    assert show.turn().params["fx/tint"]["amount"] == 0.5


def test_a_route_s_depth_glides():
    show = Show()
    show.wish("/routes/3/source", "pump")
    show.wish("/routes/3/target", "/fx/tint/amount")
    show.wish("/mod/pump/shape", "square")
    show.wish("/mod/pump/beats", 32.0)
    show.wish("/routes/3/depth", 0.0)
    show.turn(1.0)
    show.wish("/routes/3/depth", 0.4)
    values = [show.turn().params["fx/tint"]["amount"] for _ in range(15)]
    assert values[1] < 0.8
    assert values[-1] == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(("path", "value", "message"), [
    ("/routes/3/target", "/fx/glow/amuont", "did you mean '/fx/glow/amount'"),
    ("/routes/3/target", "/master/blackout", "/master/blackout cannot be modulated: routes lead to numbers, and to"),
    ("/routes/3/target", "/show/undo", "/show/undo cannot be modulated"),
    ("/routes/3/source", "drums", "expected one of none, slow, pump, new"),
    ("/routes/3/depth", 2.0, "a number from -1 to 1"),
    ("/routes/99/depth", 0.5, "there is no parameter"),
    ("/sources/remove", "drums", "expected one of none, slow, pump"),
])
def test_a_wrong_route_is_refused_with_a_clear_sentence(path, value, message):
    show = Show()
    before = show.picture()
    with pytest.raises(VjError, match="/") as error:
        show.wish(path, value)
    assert message in str(error.value)
    assert show.picture() == before


def test_every_kind_of_source_can_be_had_and_more_of_it():
    show = Show()
    told = show.wish("/routes/5/source", "new lfo")
    assert [(event.path, event.value) for event in told] == [("/sources/add", "lfo"), ("/routes/5/source", "lfo")]
    show.wish("/sources/add", "lfo")
    assert {"mod/lfo", "mod/lfo2"} <= set(show.tree.mounts())
    assert show.base("/sources/add") == "none"
    show.wish("/sources/remove", "lfo")
    assert show.base("/routes/5/source") == "none"
    assert "lfo2" in show.tree.spec("/routes/5/source").choices
    assert "lfo" not in show.tree.spec("/sources/remove").choices


def test_there_are_always_free_slots():
    show = Show()
    for number in range(3, 41):
        show.wish(f"/routes/{number}/source", "slow")
        show.wish(f"/routes/{number}/target", "/a/walk/speed")
    assert show.tree.base("/routes/44/source") == "none"
    show.wish("/show/save", "many")
    show.wish("/show/look", "wild")
    assert "routes/44" not in show.tree.mounts()
    show.wish("/show/look", "many")
    assert show.tree.base("/routes/40/source") == "slow"


def test_a_beat_pulls_a_trigger_through_a_route():
    show = Show()
    show.wish("/routes/3/source", "pump")
    show.wish("/routes/3/target", "/fx/tint/flash")
    fired = [show.index for _ in range(90) if show.turn().params["fx/tint"]["flash"]]
    assert [round((index - 1) / 15) for index in fired] == [0, 1, 2, 3, 4, 5]  # 120 bpm at 30 fps


def test_a_route_turns_a_switch_over_and_leaves_the_hand_s_setting_alone():
    show = Show()
    show.wish("/routes/3/source", "new every_beat")
    show.wish("/mod/every_beat/beats", 2.0)
    show.wish("/routes/3/target", "/fx/glow/on")
    show.wish("/routes/3/depth", -1.0)
    show.turn(1.0)
    on = [bool(show.turn().params["fx/glow"]["on"]) for _ in range(120)]
    assert sum(before != after for before, after in pairwise(on)) in (7, 8), "one beat each, 120 bpm"
    assert 45 <= sum(on) <= 75
    assert show.base("/fx/glow/on") is True
    show.wish("/routes/3/on", False)
    assert show.turn().params["fx/glow"]["on"] is True


# --------------------------------------------------------------------------------------------- pad


def test_the_pad_mixes_its_corners():
    show = Show()
    show.wish("/a/walk/speed", 0.0)
    show.wish("/fx/tint/count", 1)
    show.wish("/pad/store_a")
    show.wish("/a/walk/speed", 2.0)
    show.wish("/fx/tint/count", 9)
    show.wish("/fx/tint/ink", "#00ff00")
    show.wish("/pad/store_d")
    show.wish("/pad/go_a")
    assert (show.base("/a/walk/speed"), show.base("/fx/tint/count")) == (0.0, 1)
    show.wish("/pad/go_d")
    assert (show.base("/a/walk/speed"), show.base("/fx/tint/count")) == (2.0, 9)
    show.wish("/pad/x", 0.5)
    show.wish("/pad/y", 0.5)
    assert show.base("/fx/tint/count") == 5
    assert show.base("/a/walk/speed") == pytest.approx(0.5)  # half way on a squared knob
    assert show.base("/fx/tint/ink") == "#00ff00"


def test_a_corner_may_be_a_look_and_gives_what_it_shares():
    show = Show()
    show.wish("/pad/b", "wild")
    show.wish("/pad/a", "calm")
    show.wish("/pad/go_b")
    assert show.base("/a/walk/speed") == 2.0
    assert show.base("/fx/tint/count") == 9
    assert show.base("/fx/glow/amount") == 0.2  # only calm has it
    with pytest.raises(VjError, match="no look called"):
        show.wish("/pad/c", "nothing_like_it")
    show.wish("/pad/b", "")
    show.wish("/pad/go_a")


def test_the_pad_at_an_empty_corner_keeps_what_there_is():
    show = Show()
    show.wish("/pad/a", "calm")
    show.wish("/pad/c", "wild")
    show.wish("/pad/go_d")
    assert math.isfinite(show.base("/a/walk/speed"))
    show.wish("/pad/x", 0.0)
    assert show.base("/a/walk/speed") == 2.0


def test_a_pad_gesture_is_one_step_back():
    show = Show()
    show.wish("/pad/a", "calm")
    show.wish("/pad/d", "wild")
    show.turn(2.0)
    for place in range(10):
        show.wish("/pad/x", place / 10)
        show.wish("/pad/y", place / 10)
        show.turn()
    assert show.base("/a/walk/speed") > 0.6
    show.wish("/show/undo")
    assert show.base("/a/walk/speed") == 0.5


# ------------------------------------------------------------------------------------- the music


@pytest.mark.parametrize("path", ["/show/look", "/show/recall", "/show/morph", "/show/next", "/show/morph_next"])
def test_looks_and_morphs_wait_as_the_show_does(path):
    show = Show()
    event = ControlEvent(path, "wild", "hand")
    assert show.prompter.timed(event).when == "now"
    show.wish("/show/quantize", "bar")
    assert show.prompter.timed(event).when == "bar"
    assert show.prompter.timed(ControlEvent(path, "wild", "hand", when="beat")).when == "beat"
    assert show.prompter.timed(ControlEvent("/a/walk/speed", 1.0, "hand")).when == "now"


# ------------------------------------------------------------------------------------------- takes


GESTURES = (
    (3, "/a/walk/speed", 1.2), (5, "/routes/4/source", "new noise"), (6, "/routes/4/target", "/fx/tint/amount"),
    (9, "/show/save", "mine"), (12, "/show/look", "wild"), (20, "/show/undo", True), (25, "/show/redo", True),
    (30, "/pad/store_a", True), (31, "/fx/tint/amount", 0.9), (33, "/pad/store_d", True), (35, "/pad/x", 0.3),
    (36, "/pad/y", 0.8), (40, "/show/morph", "mine"), (60, "/fx/tint/count", 4), (80, "/show/undo", True),
    (90, "/show/morph_unit", "hand"), (92, "/show/morph", "wild"), (95, "/show/morph_position", 0.4),
    (97, "/show/morph_position", 0.7), (99, "/show/morph_position", 0.3), (101, "/show/save", "mine"),
    (105, "/show/look", "mine"), (110, "/sources/add", "lfo"), (111, "/sources/remove", "lfo"),
    (112, "/show/previous", True))


def performed(gestures, show):
    pictures = []
    for index in range(150):
        for at, path, value in gestures:
            if at == index:
                show.wish(path, value)
        pictures.append(show.turn().params)
    return pictures


def test_what_landed_repeats_the_show_without_history_or_files():
    live = Show()
    carried = []
    live.shelf.shown.append(lambda name, one: carried.append((len(live.log), name, look_text(one))))
    played = performed(GESTURES, live)
    assert not any(event.path in ("/show/undo", "/show/save", "/show/next") for _, event in live.log)

    again = Show()
    texts = {}
    pictures = []
    queue = list(enumerate(live.log))
    for index in range(150):
        while queue and queue[0][1][0] == index:
            number, (_, event) = queue.pop(0)
            texts |= {name: text for place, name, text in carried if place <= number}
            for name, text in texts.items():
                one = look_of(name, text, "take")
                again.shelf.put(name, one) if name.startswith("_") else again.shelf.bring(name, one)
            again.prompter.offer()
            again.prompter.land(again.tick, event)
        pictures.append(again.turn().params)

    def seen(params):
        return {mount: dict(values) for mount, values in params.items() if mount not in ("show", "pad", "sources")}

    for index, (one, other) in enumerate(zip(played, pictures, strict=True)):
        assert seen(one) == seen(other), index
