"""The operator's keys, carried out on a stage of doubles."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_engine import Effects, show
from test_record_reels import FakeTape

from vj.app.operator import SAY_FOR, Operator
from vj.app.surfaces import declare_surfaces
from vj.app.verbs import VERBS, Verbs
from vj.console import Console, Progress
from vj.hands.pair import Pair
from vj.hands.prompter import Prompter
from vj.latency import LATENCY_PARAMS, MOUNT, OFFSET, Latency
from vj.mailbox import Inbox
from vj.modulation.matrix import ModMatrix
from vj.params.places import PLACES
from vj.params.spec import number
from vj.record.reels import Reels
from vj.render.display import HeadlessDisplay
from vj.stage import Stage
from vj.status import Meter, Status
from vj.types import ControlEvent, Features, RunnerStatus, Tick


class Shelf:
    """A compositor that only knows changed shaders."""

    def __init__(self):
        self.messages = []

    def poll(self, time):
        messages, self.messages = self.messages, []
        return messages


@pytest.fixture
def stage():
    engine, _ = show(strict=False)
    out = io.StringIO()
    display, shelf = HeadlessDisplay(SimpleNamespace(release=lambda: None)), Shelf()
    reels = Reels(FakeTape)
    for mount, specs in VERBS.items():
        engine.parts.tree.declare(mount, specs)
    verbs = Verbs(engine.parts.tree, engine.parts.inbox, reels, name=lambda: Path("a.mkv"))
    engine.parts.landed.append(verbs.landed)
    engine.parts.sinks.append(reels)
    operator = Operator(display, engine, shelf, Console(out=out, err=out), notes=Inbox(), verbs=verbs)
    return SimpleNamespace(engine=engine, display=display, shelf=shelf, operator=operator, out=out, reels=reels,
                           verbs=verbs)


def pressed(stage, *keys, at=1.0) -> bool:
    for key in keys:
        stage.display.press(key)
    ended = stage.operator(Tick(round(at * 30), at, 1 / 30))
    stage.engine.advance(Tick(round(at * 30) + 1, at + 1 / 30, 1 / 30))
    stage.operator.present(None)
    return ended


def test_next_and_previous_look_go_round_and_are_events_like_any_other(stage):
    landed = []
    stage.engine.parts.landed.append(lambda _, event: landed.append(event))
    pressed(stage, "N")
    assert stage.engine.parts.stage.look == "two"
    pressed(stage, "P", at=2.0)
    assert stage.engine.parts.stage.look == "one"
    assert [(e.path, e.value, e.source) for e in landed] == [("/show/look", "two", "keyboard"),
                                                            ("/show/look", "one", "keyboard")]
    assert stage.display.words.message == "look: one"


def test_a_look_that_is_broken_is_told_and_the_old_one_stays(stage):
    pressed(stage, "P")  # round the list, to the broken one
    assert stage.engine.parts.stage.look == "one"
    pressed(stage, at=1.1)
    assert "look 'broken'" in stage.display.words.message
    assert "look 'broken'" in stage.out.getvalue()
    pressed(stage, at=1.2 + SAY_FOR)
    assert stage.display.words.message == ""


def test_quitting_asks_twice_and_the_close_button_too(stage):
    assert not pressed(stage, "Q")
    assert "again" in stage.display.words.message
    assert not pressed(stage, "Q", at=9.0)
    assert pressed(stage, "ESCAPE", at=9.5)
    stage.display.closing = True
    assert not pressed(stage, at=20.0)
    assert stage.display.closing is False
    stage.display.closing = True
    assert pressed(stage, at=21.0)


def test_help_shows_the_keys_and_the_status(stage):
    stage.operator.tell(Status(t=61.0, fps=29.97, look="velvet_hour"))
    pressed(stage, "H")
    assert "blackout" in stage.display.words.help
    assert "1:01" in stage.display.words.status
    pressed(stage, "F1", at=1.2)
    assert stage.display.words.help == ""


def test_the_arrows_move_the_offset_of_the_room_as_far_as_it_goes(stage):
    stage.engine.parts.tree.declare(MOUNT, LATENCY_PARAMS)
    pressed(stage, "UP")
    assert stage.engine.parts.tree.base(OFFSET) == 5.0
    assert stage.display.words.message == "offset +5 ms: beats are seen later"
    pressed(stage, "DOWN", at=1.2)
    pressed(stage, "DOWN", at=1.4)
    assert stage.engine.parts.tree.base(OFFSET) == -5.0
    assert stage.display.words.message == "offset -5 ms: beats are seen earlier"
    stage.engine.parts.tree.apply(ControlEvent(OFFSET, 499.0, "test"))
    pressed(stage, "UP", at=1.6)
    assert stage.engine.parts.tree.base(OFFSET) == 500.0


def test_the_help_says_how_late_everything_is(stage):
    stage.operator.tell(Status(latency=Latency(display=0.03).readings(0.0)))
    pressed(stage, "H")
    assert "display 30" in stage.display.words.status.splitlines()[1]


def test_every_key_of_one_tick_counts_and_full_screen_toggles(stage):
    assert not pressed(stage, "F", "N", "X")
    assert stage.display.fullscreen
    assert stage.engine.parts.stage.look == "two"


def test_a_switch_that_another_hand_turned_toggles_from_there(stage):
    sent = []
    inbox, stage.engine.parts.inbox = stage.engine.parts.inbox, SimpleNamespace(
        put=lambda event: sent.append(event.value), drain=list)
    for tap in stage.engine.parts.landed:
        tap(Tick(0, 0.0, 0.1), ControlEvent("/master/blackout", True, "osc"))
    pressed(stage, "B")
    assert sent == [False]
    stage.engine.parts.inbox = inbox


def test_a_changed_shader_is_told(stage):
    stage.shelf.messages = ["wobble.fs:12: no such thing"]
    pressed(stage)
    assert "wobble.fs:12" in stage.display.words.message


def test_the_status_line_says_what_matters():
    status = Meter().read(Features(time=75.0), RunnerStatus("restarting", 3, 11.5, 1, 0, "the generator died"))
    status.recorded_s = 74.0
    line = status.line(90.0)
    for words in ("1:15/1:30", "11.5 images/s", "restarting", "rec 1:14", "the generator died"):
        assert words in line


def test_intervals_and_percentiles():
    meter = Meter()
    for n in range(101):
        meter.frame(n * 0.02 + (0.1 if n == 100 else 0.0))
    assert meter.percentile(0.5) == pytest.approx(0.02)
    assert meter.percentile(1.0) == pytest.approx(0.12)
    assert meter.fps() == pytest.approx(100 / 2.1)


def test_json_lines_are_for_programs_and_quiet_is_quiet():
    out, err = io.StringIO(), io.StringIO()
    with Progress(Console(as_json=True, out=out, err=err), 90, 0, 30) as progress:
        for frame in range(90):
            progress.at(frame)
    assert out.getvalue().count('"progress"') == 3
    quiet = Console(quiet=True, out=out, err=err)
    quiet.message("hello")
    quiet.status(1.0, Status())
    assert err.getvalue() == ""


def test_a_locked_show_ends_only_by_a_key_that_is_held(stage):
    pressed(stage, "K")
    pressed(stage, at=1.1)
    assert stage.verbs.locked
    stage.display.down = {"Q"}
    assert not pressed(stage, "Q", at=2.0)
    assert not pressed(stage, at=3.9)
    assert "keep holding" in stage.display.words.message
    assert pressed(stage, at=4.1)


def test_a_locked_show_forgets_a_key_that_was_let_go(stage):
    pressed(stage, "K")
    stage.display.down = {"Q"}
    pressed(stage, "Q", at=2.0)
    stage.display.down = set()
    pressed(stage, at=3.0)
    stage.display.down = {"Q"}
    assert not pressed(stage, at=4.5)
    stage.display.closing = True
    assert not pressed(stage, at=5.0)
    assert "locked" in stage.display.words.message


def test_holding_unlocks(stage):
    pressed(stage, "K")
    stage.display.down = {"K"}
    pressed(stage, "K", at=2.0)
    pressed(stage, at=4.1)
    pressed(stage, at=4.2)
    assert not stage.verbs.locked


def test_the_key_for_full_screen_is_a_parameter_that_others_see(stage):
    pressed(stage, "F")
    assert stage.display.fullscreen
    assert stage.engine.parts.tree.base("/machine/fullscreen") is True
    pressed(stage, "F", at=2.0)
    assert not stage.display.fullscreen


def test_another_surface_ends_the_show_unless_it_is_locked(stage):
    stage.engine.parts.inbox.put(ControlEvent("/machine/lock", True, "page 1"))
    stage.engine.parts.inbox.put(ControlEvent("/machine/quit", True, "page 1"))
    pressed(stage)
    assert not pressed(stage, at=2.0)
    assert "locked" in stage.display.words.message
    stage.engine.parts.inbox.put(ControlEvent("/machine/lock", False, "page 1"))
    stage.engine.parts.inbox.put(ControlEvent("/machine/quit", True, "page 1"))
    pressed(stage, at=3.0)
    assert pressed(stage, at=4.0)


def test_l_learns_a_midi_control_for_what_was_moved_last(stage):
    tree, wishes = stage.engine.parts.tree, []
    declare_surfaces(tree)
    stage.engine.parts.landed.append(lambda _, event: wishes.append((event.path, event.value)))
    pressed(stage, "L")
    assert "move a parameter first" in stage.display.words.message
    pressed(stage, "N", at=1.2)
    pressed(stage, "L", at=1.4)
    assert wishes[-1] == ("/midi/learn", "/show/look")
    tree.report("midi", {"learning": "/show/look"})
    pressed(stage, "L", at=1.6)
    assert wishes[-1] == ("/midi/learn", "")
    tree.report("midi", {"learning": ""})
    pressed(stage, "L", at=1.8)
    assert wishes[-1] == ("/midi/learn", "/show/look")  # learning is no move


def test_the_keys_mean_the_deck_that_is_seen(stage):
    parts, place = stage.engine.parts, PLACES["b"]
    parts.tree.declare("mix", (number("crossfade", 0.0, smooth=0.0),))
    parts.second = Stage(parts.tree, ModMatrix(place.mod), Effects(), parts.stage.shelf, seed=3, size=(64, 36),
                         place=place)
    parts.prompter = Pair(parts.prompter, Prompter(parts.tree, parts.second, parts.prompter))
    pressed(stage, "O")
    assert (parts.stage.look, parts.second.look) == ("one", "two")
    pressed(stage, at=1.1)
    assert stage.display.words.message == "deck b: two"
    pressed(stage, "V", at=1.2)
    assert parts.tree.base("/mix/crossfade") == 1.0
    pressed(stage, "N", at=1.4)
    assert parts.stage.look == "one"
    assert parts.tree.base("/b/show/look") != "none"
    pressed(stage, "1", at=1.6)
    assert parts.tree.base("/b/pad/x") == 0.0
    assert parts.tree.base("/pad/x") == 0.5
    pressed(stage, "X", at=1.8)
    for index in range(200):
        pressed(stage, at=2.0 + index / 30)
    assert parts.tree.base("/mix/crossfade") < 1.0
