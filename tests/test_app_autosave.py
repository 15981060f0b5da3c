"""Autosave and resume: what was there is there again, also after kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hands import Decks, Show

from vj.app.autosave import Autosave, State, read, resumed, state_of, take_up, text_of
from vj.engine import Parts
from vj.options import Options
from vj.types import Tick, VjError

ROOT = Path(__file__).parent.parent


class Kept(Show):
    """A show with what an autosave looks at."""

    def __init__(self):
        super().__init__()
        self.inbox = []
        self.parts: Parts = SimpleNamespace(  # type: ignore[assignment]
            tree=self.tree, stage=self.stage, second=None, seen=[], inbox=SimpleNamespace(put=self.inbox.append))

    def land(self):
        for event in self.inbox:
            self.wish(event.path, event.value, event.source)
        self.inbox.clear()


def played():
    show = Kept()
    show.wish("/a/walk/speed", 1.4)
    show.wish("/pad/store_a")
    show.wish("/fx/tint/ink", "#10ff20")
    show.wish("/pad/store_d")
    show.wish("/pad/x", 0.25)
    show.wish("/routes/5/source", "new noise")
    show.wish("/routes/5/target", "/fx/glow/amount")
    show.wish("/routes/2/on", False)
    show.wish("/mix/transition", "wipe")
    show.wish("/master/blackout", True)
    show.wish("/show/quantize", "bar")
    show.wish("/show/morph_time", 16.0)
    show.turn(0.5)
    walk, from_hands = show.stage.decks[0].walk, show.tree
    for _ in range(40):
        from vj.types import Features
        walk.step(show.tick, Features(rms=0.4), from_hands.bases("a/walk"), from_hands.bases("a/drive"))
    return show


def test_a_show_goes_on_where_it_was(tmp_path):
    show = played()
    state = state_of(show.parts, show.tick)
    (tmp_path / "a.toml").write_text(text_of(state), "utf-8")
    again = Kept()
    take_up(again.parts, read(tmp_path / "a.toml"))
    again.land()
    assert again.picture() == show.picture()
    for path in ("/show/quantize", "/show/morph_time", "/pad/x", "/pad/y", "/pad/a", "/pad/d"):
        assert again.base(path) == show.base(path)
    assert again.base("/master/blackout") is False
    assert again.stage.decks[0].walk.state() == show.stage.decks[0].walk.state()
    again.wish("/pad/go_d")
    show.wish("/pad/go_d")
    assert again.picture() == show.picture()
    with pytest.raises(VjError, match="nothing to take back"):
        Kept().wish("/show/undo")


class KeptDecks(Decks):
    """Both decks with what an autosave looks at."""

    land = Kept.land

    def __init__(self):
        super().__init__()
        self.inbox = []
        self.parts: Parts = SimpleNamespace(  # type: ignore[assignment]
            tree=self.tree, stage=self.stage, second=self.second, seen=[],
            inbox=SimpleNamespace(put=self.inbox.append))


def test_the_second_deck_goes_on_too(tmp_path):
    from vj.types import Features

    show = KeptDecks()
    show.wish("/b/show/look", "wild")
    show.wish("/b/fx/mirror/angle", 77.0)
    show.wish("/b/routes/1/on", False)
    show.wish("/b/deck/lines", 256)
    show.wish("/b/pad/store_c")
    show.wish("/mix/crossfade", 0.25)
    show.turn(0.5)
    for deck in (show.stage.decks[0], show.second.decks[0]):
        deck.walk.step(show.tick, Features(rms=0.4), show.tree.bases(f"{deck.name}/walk"),
                       show.tree.bases(f"{deck.name}/drive"))
    (tmp_path / "a.toml").write_text(text_of(state_of(show.parts, show.tick)), "utf-8")
    again = KeptDecks()
    take_up(again.parts, read(tmp_path / "a.toml"))
    again.land()
    assert again.second.look == "wild"
    assert again.of_second() == show.of_second()
    assert again.picture() == show.picture()
    for path in ("/mix/crossfade", "/b/deck/lines", "/b/pad/c"):
        assert again.base(path) == show.base(path)
    assert again.second.decks[0].walk.state() == show.second.decks[0].walk.state()
    with pytest.raises(VjError, match="nothing to take back"):
        again.wish("/show/undo")


def test_a_second_deck_that_slept_sleeps_again(tmp_path):
    show = KeptDecks()
    show.wish("/b/show/look", "wild")
    show.wish("/b/show/look", "none")
    (tmp_path / "a.toml").write_text(text := text_of(state_of(show.parts, show.tick)), "utf-8")
    assert "[b" not in text
    again = KeptDecks()
    take_up(again.parts, read(tmp_path / "a.toml"))
    again.land()
    assert not again.second.awake


def test_what_it_takes_up_is_in_a_take_and_not_in_the_history():
    state = state_of(played().parts, Tick(0, 0.0, 0.1))
    again = Kept()
    take_up(again.parts, state)
    again.land()
    assert {event.source for _, event in again.log} == {"resume"}
    assert again.log[-1][1].path == "/show/recall"
    assert again.prompter.history.depth == (0, 0)


def test_the_command_line_has_the_last_word():
    state = state_of(played().parts, Tick(0, 0.0, 0.1))
    assert resumed(Options(), None) == Options()
    assert resumed(Options(), state).seed == 3
    assert resumed(Options(seed=9, look="x"), state) == Options(seed=9, look="x")
    again = Kept()
    take_up(again.parts, state, scene=False)
    again.land()
    assert again.base("/a/walk/speed") != 1.4 or again.base("/fx/tint/ink") == "#ff0000"
    assert again.base("/show/quantize") == "bar"


def test_nothing_kept_is_nothing(tmp_path):
    assert read(tmp_path / "none.toml") is None


@pytest.mark.parametrize("text", ["", "version = 1", "version = 7", "look = [", "\x00", "version = 1\nlook = 'a'\n",
                                  "version = 1\nlook='a'\nseed='x'\nvalues={}\nwalk={}\nscene={}\ntime=1",
                                  "x = " + "[" * 5000])
def test_a_file_that_is_none_is_told_in_one_sentence(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(VjError, match=r"a\.toml"):
        read(path)


@pytest.mark.parametrize("walk", [{}, {"hits": "x"}, None])
def test_a_walk_that_is_not_known_begins_anew(walk):
    state = state_of(played().parts, Tick(0, 0.0, 0.1))
    again = Kept()
    broken = State(state.scene, 3, {}, {}, walk if walk is not None else {**state.walk, "x": float("nan")})
    with pytest.raises(VjError, match="the walk begins anew"):
        take_up(again.parts, broken)
    again.land()
    assert again.base("/a/walk/speed") == pytest.approx(state.scene.values["/a/walk/speed"])


def test_it_is_kept_every_three_seconds_and_at_the_end(tmp_path):
    show, path = played(), tmp_path / "deep" / "autosave.toml"
    autosave = Autosave.open(show.parts, path)
    for index in range(100):
        show.parts.seen[0](Tick(index, index / 30, 1 / 30), {})
    autosave.close()
    assert autosave.kept in (1, 2)
    assert read(path).time == pytest.approx(99 / 30)
    assert [file.name for file in path.parent.iterdir()] == ["autosave.toml"]
    autosave.close()


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path):
    (tmp_path / "file").write_text("")
    said = []
    autosave = Autosave.open(played().parts, tmp_path / "file" / "autosave.toml")
    autosave.say = said.append
    for index in range(400):
        autosave.seen(Tick(index, index / 30, 1 / 30), {})
        if index % 95 == 94:
            time.sleep(0.05)
    autosave.close()
    assert len(said) == 1
    assert "cannot be kept" in said[0]


def vj(home, *more, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "vj.cli", "play", "--headless", "--size", "64x36", "--fps", "15", "--device", "cpu",
         "--no-control", "--json", *more], cwd=ROOT, env={**os.environ, "VJ_HOME": str(home)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.slow
def test_after_kill_9_it_is_back(tmp_path):
    home = tmp_path / "home"
    show = vj(home, "--look", "iron_orchid", "--seed", "77", "--set", "/a/walk/speed=1.75", "--set", "/mix/time=3.5")
    try:
        deadline = time.monotonic() + 90
        while not (home / "autosave.toml").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        show.send_signal(signal.SIGKILL)
        show.communicate()
    kept = read(home / "autosave.toml")
    assert kept is not None
    again = vj(home, "--resume", "--duration", "2", "--take", str(tmp_path / "take"))
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert '"look": "iron_orchid"' in out
    last = read(home / "autosave.toml")
    assert (last.seed, last.scene.name) == (77, "iron_orchid")
    assert last.scene.values["/a/walk/speed"] == 1.75
    assert last.values["/mix/time"] == 3.5
    assert last.walk["travel"] > kept.walk["travel"]
