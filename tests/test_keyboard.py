"""Keys to wishes: pure, no window."""

from __future__ import annotations

import pytest

from vj.control.keyboard import BINDINGS, QUIT_WINDOW, Action, Keyboard, help_text
from vj.types import ControlEvent


@pytest.mark.parametrize(("key", "meaning"), [
    ("F", Action.FULLSCREEN), ("N", Action.NEXT_LOOK), ("RIGHT", Action.NEXT_LOOK), ("P", Action.PREVIOUS_LOOK),
    ("LEFT", Action.PREVIOUS_LOOK), ("H", Action.HELP), ("F1", Action.HELP), ("W", None),
    ("T", ControlEvent("/beat/tap", True, "keyboard")), ("R", ControlEvent("/beat/resync", True, "keyboard"))])
def test_what_keys_mean(key, meaning):
    assert Keyboard().press(key, 0.0) == meaning


@pytest.mark.parametrize(("key", "path"), [("SPACE", "/master/freeze"), ("B", "/master/blackout")])
def test_switches_toggle_from_where_they_are(key, path):
    keyboard = Keyboard()
    assert [keyboard.press(key, t).value for t in (0.0, 1.0, 2.0)] == [True, False, True]
    keyboard.changed(path, False, "osc")
    assert keyboard.press(key, 3.0) == ControlEvent(path, True, "keyboard")


def test_quit_asks_twice():
    keyboard = Keyboard()
    assert keyboard.message(0.0) == ""
    assert keyboard.press("Q", 10.0) is Action.ASK_QUIT
    assert "again" in keyboard.message(11.0)
    assert keyboard.press("ESCAPE", 12.9) is Action.QUIT


def test_a_late_second_quit_asks_again():
    keyboard = Keyboard()
    keyboard.press("Q", 10.0)
    assert keyboard.message(10.0 + QUIT_WINDOW) == ""
    assert keyboard.press("Q", 10.0 + QUIT_WINDOW) is Action.ASK_QUIT


def test_quit_asks_even_at_the_first_second():
    assert Keyboard().press("Q", 0.0) is Action.ASK_QUIT


def test_events_are_emitted_and_actions_returned():
    keyboard, seen = Keyboard(), []
    keyboard.start(seen.append)
    assert keyboard.pressed("T", 0.0) is None
    assert keyboard.pressed("N", 0.0) is Action.NEXT_LOOK
    keyboard.close()
    assert keyboard.pressed("T", 1.0) is None
    assert [event.path for event in seen] == ["/beat/tap"]


def test_help_tells_every_key_once():
    lines = help_text().splitlines()
    told = [binding for binding in BINDINGS if binding.help]
    assert len(lines) == len(told)
    assert all(binding.help in line for binding, line in zip(told, lines, strict=True))
    assert all(key in help_text() for binding in BINDINGS if not binding.help for key in binding.keys)
    keys = [key for binding in BINDINGS for key in binding.keys]
    assert len(keys) == len(set(keys))
