"""The window, for real under Xvfb, and its double; monitors, fitting, the font."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from vj.render import font
from vj.render.display import HeadlessDisplay, WindowDisplay, Words, fit
from vj.render.monitors import Monitor, pick_monitor, under_window
from vj.types import VjError

MONITORS = [Monitor("eDP-1", (0, 0), (1920, 1080), 60, True),
            Monitor("HDMI Projector", (1920, 0), (1280, 720), 60, False)]

SHOW = """
import subprocess, sys
import numpy as np
from vj.render.compositor import GLCompositor
from vj.render.display import WindowDisplay, Words
from vj.render.effects import EffectLibrary
from vj.render.monitors import list_monitors
from vj.types import Features, Image, Tick

out = sys.argv[1]
def shoot(name):
    display.context.finish()
    subprocess.run(["import", "-window", "root", f"{out}/{name}.png"], check=True)

display = WindowDisplay.open((640, 360), vsync=False)
compositor = GLCompositor(display.context, (640, 360), EffectLibrary.open())
y, x = np.mgrid[0:360, 0:640]
pixels = np.stack([x * 255 // 639, y * 255 // 359, (x + y) % 256, x * 0 + 255], -1).astype(np.uint8)
for index in range(45):
    image = Image(pixels, index, index / 30)
    frame = compositor.render(Tick(index, index / 30, 1 / 30), Features(), {}, {"a": image}, {})
    display.present(frame, index / 30)
    assert display.keys() == [] and not display.closing
np.save(f"{out}/frame.npy", frame.read())
shoot("plain")
display.present(frame, 1.6, Words("status", "message", "help\\nmore help"))
shoot("words")
assert np.array_equal(frame.read(), np.load(f"{out}/frame.npy")), "words must not be in the frame"
display.toggle_fullscreen()
for _ in range(3):
    display.present(frame, 2.0)
    display.keys()
shoot("full")
display.toggle_fullscreen()
display.present(frame, 3.1)
display.keys()
display.present(frame, 3.2)
shoot("back")
for key, action in ((66, 1), (66, 0), (256, 1), (999, 1)):
    display._on_key(None, key, 0, action, 0)
assert display.keys() == ["B", "ESCAPE"]
assert len(list_monitors()) == 1
compositor.close()
display.close()
print("done")
"""


@pytest.fixture
def screen(tmp_path):
    """A private X server of 800 x 600."""
    if shutil.which("Xvfb") is None or shutil.which("import") is None:
        pytest.skip("Xvfb or ImageMagick is not installed")
    with (tmp_path / "xvfb.log").open("wb") as log:
        read, write = os.pipe()
        server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
                                  pass_fds=[write], stdout=log, stderr=log)
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        yield f":{number}"
        server.terminate()
        server.wait(10)


def run(script, display, *arguments):
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if display:
        environment["DISPLAY"] = display
    command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=Path(__file__).parent.parent, capture_output=True, text=True,
                          timeout=120, check=False)


def shot(folder, name):
    return np.asarray(Picture.open(folder / f"{name}.png").convert("RGB")).astype(int)


def test_a_real_window_shows_the_frame(screen, tmp_path):
    result = run(SHOW, screen, tmp_path)
    assert result.returncode == 0, result.stderr
    frame = np.load(tmp_path / "frame.npy")[..., :3].astype(int)
    plain = shot(tmp_path, "plain")
    left, top = window_at(plain, frame)
    assert np.abs(plain[top:top + 360, left:left + 640] - frame).max() <= 2
    words = shot(tmp_path, "words")[top:top + 360, left:left + 640]
    changed = np.abs(words - frame).max(axis=-1) > 30
    assert changed[330:, :80].mean() > 0.2, "no status below"
    assert changed[:36, :80].mean() > 0.2, "no message above"
    assert changed[150:210, 270:370].mean() > 0.3, "no help in the middle"
    assert not changed[60:140].any()
    assert not changed[220:320].any()
    back = shot(tmp_path, "back")
    assert np.abs(back[top:top + 360, left:left + 640] - frame).max() <= 2


def test_fullscreen_fills_the_monitor_between_bars(screen, tmp_path):
    result = run(SHOW, screen, tmp_path)
    assert result.returncode == 0, result.stderr
    full = shot(tmp_path, "full")
    assert full[:70].max() == 0
    assert full[530:].max() == 0
    assert full[80:520, 400].mean() > 60
    small = np.asarray(Picture.fromarray(np.load(tmp_path / "frame.npy")[..., :3]).resize((800, 450), 2)).astype(int)
    assert np.abs(full[75:525] - small).mean() < 3


def window_at(root, frame):
    """Where the window landed: the corner whose pixels fit the frame best."""
    ys, xs = np.nonzero(root.max(axis=-1) > 0)
    left, top = max(xs.max() - 639, 0), max(ys.max() - 359, 0)
    best = min((np.abs(root[t:t + 360, x:x + 640] - frame).mean(), x, t) for x in {0, left, xs.min()}
                for t in {0, top, ys.min()} if x + 640 <= 800 and t + 360 <= 600)
    return best[1:]


def test_without_a_display_there_is_one_clear_sentence():
    script = ("from vj.render.display import WindowDisplay\nfrom vj.render.monitors import list_monitors\n"
              "from vj.types import VjError\nassert list_monitors() == []\n"
              "try:\n    WindowDisplay.open((64, 36))\nexcept VjError as error:\n    print(error)\n")
    result = run(script, None)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("there is no display to open a window on")
    assert len(result.stdout.splitlines()) == 1


def test_an_unknown_monitor_is_named(screen):
    script = ("from vj.render.display import WindowDisplay\nfrom vj.types import VjError\n"
              "try:\n    WindowDisplay.open((64, 36), monitor='projector')\n"
              "except VjError as error:\n    print(error)\n")
    result = run(script, screen)
    assert result.stdout.startswith("there is no monitor 'projector'"), result.stderr


@pytest.mark.parametrize(("wish", "name"), [("0", "eDP-1"), ("1", "HDMI Projector"), ("eDP-1", "eDP-1"),
                                            ("projector", "HDMI Projector")])
def test_a_monitor_by_number_or_name(wish, name):
    assert pick_monitor(MONITORS, wish).name == name


@pytest.mark.parametrize("wish", ["2", "VGA", "-7"])
def test_a_monitor_that_is_not_there(wish):
    with pytest.raises(VjError, match="no monitor"):
        pick_monitor(MONITORS, wish)


def test_the_monitor_under_the_window():
    assert under_window(MONITORS, (1800, 100, 640, 360)) == MONITORS[1]
    assert under_window(MONITORS, (100, 100, 640, 360)) == MONITORS[0]
    assert under_window([], (0, 0, 1, 1)) is None


class Glass:
    """A stand-in for GLFW's window calls: remembers them."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        if name.isupper():
            return name
        return lambda *arguments: self.calls.append((name, *arguments[1:]))


def test_a_vanished_monitor_hides_the_output_and_comes_back(monkeypatch):
    display = WindowDisplay.__new__(WindowDisplay)
    display._glfw, display._window, display._monitor = Glass(), "window", "Projector"
    display.fullscreen, display._lost, display._next_poll, display._windowed = True, False, 0.0, (0, 0, 640, 360)
    there = {"now": MONITORS}
    monkeypatch.setattr("vj.render.display.list_monitors", lambda: there["now"])
    display._watch_monitors(0.0)
    assert display._glfw.calls == []
    there["now"] = MONITORS[:1]
    display._watch_monitors(0.5)
    assert display._glfw.calls == [], "looked at once a second only"
    display._watch_monitors(1.0)
    display._watch_monitors(2.0)
    assert display._glfw.calls == [("hide_window",)]
    there["now"] = MONITORS
    display._watch_monitors(3.0)
    assert display._glfw.calls[1:] == [("show_window",), ("set_window_pos", 1920, 0), ("set_window_size", 1280, 720)]


def test_the_double_is_a_display():
    display = HeadlessDisplay.open()
    assert display.context.version_code >= 330
    display.press("B")
    assert display.keys() == ["B"]
    assert display.keys() == []
    display.toggle_fullscreen()
    display.present(None, 0.0, Words("on"))
    assert (display.fullscreen, display.presented, display.words.status) == (True, 1, "on")
    display.close()


@pytest.mark.parametrize(("picture", "window", "cover", "viewport"), [
    ((640, 360), (1280, 720), False, (0, 0, 1280, 720)), ((640, 360), (800, 600), False, (0, 75, 800, 450)),
    ((640, 360), (720, 720), True, (-280, 0, 1280, 720)), ((100, 200), (400, 200), False, (150, 0, 100, 200))])
def test_fit(picture, window, cover, viewport):
    assert fit(picture, window, cover) == viewport


def test_every_printable_character_has_its_own_shape():
    shapes = {character: font.cell(character).tobytes() for character in map(chr, range(33, 97))}
    assert len(set(shapes.values())) == len(shapes)
    box = font.cell("\u4e00").tobytes()
    assert box not in shapes.values()
    assert all(font.cell(c).tobytes() != box for c in "abcxyz·→←●{|}~")
    assert font.cell("a").tobytes() == font.cell("A").tobytes()


def test_a_block_is_as_large_as_its_lines():
    assert font.block(["ab", "c"]).shape == (2 * font.HEIGHT, 2 * font.WIDTH)
    assert font.block([]).sum() == 0
    assert font.block(["", ""]).shape[0] == 2 * font.HEIGHT
