"""The calibration: clicks found to a fraction of a millisecond, taps judged, a window that says what to do."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image as Picture
from sound import private_pulse

from vj.app.calibrate import Wishes, _conclude, calibrate
from vj.app.calibration_card import lines
from vj.app.calibration_run import Calibration, Loopback
from vj.app.room import as_calibrated
from vj.audio.device import Capture
from vj.audio.echo import Listener, found_click, found_flash
from vj.audio.metronome import Metronome, click
from vj.audio.playback import Playback
from vj.audio.ring import RingSource
from vj.calibration import FIRST, WANTED, Session, Spread, advised, error_of
from vj.clock import OfflineClock
from vj.console import Console
from vj.latency import OFFSET
from vj.options import Options
from vj.render.display import HeadlessDisplay
from vj.render.testcard import BOX, SIZE, Line, card
from vj.room import keep_offset, kept_offset
from vj.types import Tick, VjError

ROOT = Path(__file__).parent.parent
RATE = 48000


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """A performer's folder of this test alone."""
    monkeypatch.setenv("VJ_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


# -------------------------------------------------------------------------------------- the metronome


def test_a_click_begins_at_every_whole_second_whatever_the_blocks():
    whole = Metronome(RATE).read(4.5)
    assert whole.shape == (round(4.5 * RATE), 2)
    starts = [n for n in np.flatnonzero(np.abs(whole[:, 0]) > 1e-6) if not whole[max(n - 300, 0):n].any()]
    assert [round(n / RATE, 3) for n in starts] == [1.0, 2.0, 3.0, 4.0]
    rng, metronome, parts, at = np.random.default_rng(0), Metronome(RATE), [], 0.0
    while at < 4.5:
        at = min(at + float(rng.uniform(0.0, 0.02)), 4.5)
        parts.append(metronome.read(at))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_the_metronome_is_switched_at_a_second():
    metronome = Metronome(8000)
    metronome.switch(False, 2.0)
    metronome.switch(True, 4.0)
    sound = metronome.read(5.5)[:, 0]
    assert [second for second in range(6) if np.abs(sound[second * 8000:][:80]).max(initial=0) > 0.1] == [1, 4, 5]
    assert np.abs(sound).max() < 1.0


# ------------------------------------------------------------------------------------------- echoes


def delayed(samples: np.ndarray, by: float) -> np.ndarray:
    """``samples`` later by ``by`` samples and parts of one, by the phase of their spectrum."""
    size = len(samples)
    return np.fft.irfft(np.fft.rfft(samples) * np.exp(-2j * np.pi * np.fft.rfftfreq(size) * by), size)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_click_is_found_between_samples_in_noise_and_upside_down(rate):
    rng = np.random.default_rng(rate)
    for by in (1000.0, 12345.25, 30000.5, 20011.875):
        for gain, noise in ((1.0, 0.0), (-0.5, 0.01), (0.05, 0.02)):
            sound = np.zeros(rate)
            sound[:len(click(rate))] = click(rate)
            window = gain * delayed(sound, by) + noise * rng.standard_normal(rate)
            found = found_click(np.stack([rng.standard_normal(rate) * 1e-3, window], 1), click(rate))
            assert found == pytest.approx(by, abs=0.001 * rate / 4)  # a quarter of a millisecond at the very worst
            if noise < 0.02:
                assert found == pytest.approx(by, abs=0.25)


def test_no_click_is_found_where_there_is_none():
    rng = np.random.default_rng(5)
    t = np.arange(RATE) / RATE
    for window in (np.zeros(RATE), rng.standard_normal(RATE), np.sin(2 * np.pi * 440 * t), np.full(RATE, 0.7),
                   np.where(t % 0.01 < 0.005, 1.0, -1.0)):
        assert found_click(window[:, None].astype(np.float32), click(RATE)) is None


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("coupled", [False, True])
def test_a_flash_is_found_whichever_way_the_sensor_is_wired(sign, coupled):
    rng = np.random.default_rng(1)
    zero, lit = 0.15 * RATE, 9000.0
    light = np.clip((np.arange(RATE) - lit) / 48 + 0.5, 0, 1) * (np.arange(RATE) < lit + 4800)
    if coupled:  # through a capacitor what stays falls away in 20 ms
        light = np.array([light[0], *np.diff(light)])
        for n in range(1, RATE):
            light[n] += light[n - 1] * np.exp(-1 / (0.02 * RATE))
    sensor = 0.3 + sign * 0.2 * light + 0.002 * rng.standard_normal(RATE)
    assert found_flash(sensor.astype(np.float32), zero) == pytest.approx(lit, abs=10)


def test_darkness_and_light_from_before_are_no_flash():
    rng = np.random.default_rng(1)
    zero = 0.15 * RATE
    assert found_flash(np.zeros(RATE, np.float32), zero) is None
    assert found_flash(rng.standard_normal(RATE).astype(np.float32) * 0.1, zero) is None


class Wire:
    """A sound card whose output is its input, ``delay`` seconds later; on an injected wall, callback by callback.

    ``late`` makes callbacks come up to so many seconds after their time. With ``light`` the second channel has a
    light that comes up ``light`` seconds after each whole second of the show.
    """

    def __init__(self, delay: float, *, rate: int = RATE, late: float = 0.0, light: float | None = None) -> None:
        self.time, self.rate, self.late, self.light = 100.0, rate, late, light
        self.metronome = Metronome(rate)
        self.playing = Playback(self.metronome, self.wall)
        self.playing.latency = 0.0213
        self.capture = Capture(RingSource(rate, 2), "wire", wall=self.wall)
        self.capture.latency = 0.0116
        self.loopback = Loopback(self.capture, self.playing, Listener(rate, light is not None))
        self._rng = np.random.default_rng(3)
        self._line = np.zeros(round(delay * rate))

    def wall(self) -> float:
        return self.time

    def run(self, seconds: float, block: int = 512) -> None:
        """Callbacks in their order, each a little late, and the loop between them. What the input brings at one time
        is what came before it.
        """
        for n in range(round(seconds * self.rate / block)):
            self.time = 100.0 + n * block / self.rate + self.late * self._rng.random()
            if n:
                self.capture.heard(self._heard((n - 1) * block, block))
                self._line = self._line[block:]
            self.playing.fill()
            out = np.frombuffer(self.playing.emit(block), np.float32).reshape(-1, 2)[:, 0]
            self._line = np.concatenate([self._line, out])
            self.loopback.listen()

    def _heard(self, first: int, block: int) -> np.ndarray:
        second = np.zeros(block)
        if self.light is not None:
            show = (first + np.arange(block)) / self.rate - self.playing.latency - 0.0116
            second = 0.5 * (((show - self.light) % 1.0) < 0.1)
        return np.stack([0.3 * self._line[:block], second], 1).astype(np.float32)


@pytest.mark.parametrize(("delay", "late"), [(0.0329, 0.0), (0.18, 0.002), (0.6, 0.004)])
def test_a_loopback_of_known_length_is_measured_within_a_millisecond(delay, late):
    wire = Wire(delay, late=late)
    wire.run(10.0)
    assert len(wire.loopback.sounds) == wire.loopback.looked >= 8
    assert wire.loopback.trip.median == pytest.approx(1000 * delay, abs=1.0)
    assert wire.loopback.trip.spread < 0.5
    assert wire.loopback.error == pytest.approx(1000 * (delay - 0.0213 - 0.0116), abs=1.0)


def test_an_input_that_hears_nothing_says_so():
    wire = Wire(0.03)
    wire.metronome.switch(False, 0.0)
    wire.run(5.0)
    assert wire.loopback.sounds == []
    assert wire.loopback.looked >= 3
    assert "no click" in wire.loopback.words()
    run = SimpleNamespace(loopback=wire.loopback, session=Session(), advice=None, kept=False)
    with pytest.raises(VjError, match=r"'USB' heard 0 of \d clicks: connect the output"):
        _conclude(run, Wishes(input="USB"), Console(quiet=True), headless=True)


def test_sensor_and_microphone_together_say_how_late_the_picture_is():
    wire = Wire(0.0329, light=0.064)  # the loop is as long as stated: the click is heard at its second
    wire.run(10.0)
    advice = wire.loopback.advice(10.0)
    assert advice is not None
    assert advice.late == pytest.approx(64.0, abs=1.0)
    assert advice.offset == pytest.approx(10.0 - 64.0, abs=1.0)


# --------------------------------------------------------------------------------------------- taps


def test_errors_are_to_the_nearest_second_and_early_is_negative():
    assert error_of(3.98) == pytest.approx(-0.02)
    assert error_of(4.49) == pytest.approx(0.49)
    assert error_of(7.0) == 0.0


def test_a_median_is_not_moved_by_a_slip_of_the_hand():
    spread = Spread.of([0.01, 0.012, 0.008, 0.011, 0.009, 0.45])
    assert spread.median == pytest.approx(10.5)
    assert spread.spread < 4


def tapped(session: Session, seconds: float, late: float, hand: float, noise: float, rng: np.random.Generator) -> float:
    """Somebody taps until the phase is over: ``late`` is the picture, ``hand`` the hand's own bias."""
    phase, second = session.phase, session.begins
    while session.phase == phase:
        session.tap(second + (late if phase == "flash" else 0.0) + hand + noise * rng.standard_normal())
        second += 1
    return second


def test_the_advice_is_right_within_its_own_confidence():
    """200 performers, each with a bias of their own that must not matter: 95 of 100 are promised, 90 asked."""
    rng, right, widths = np.random.default_rng(8), 0, []
    for _ in range(200):
        late, hand, noise = rng.uniform(-0.15, 0.25), rng.uniform(-0.08, 0.05), rng.uniform(0.005, 0.03)
        session = Session(offset=12.0)
        tapped(session, 0.0, late, hand, noise, rng)
        tapped(session, 0.0, late, hand, noise, rng)
        advice = session.advice
        assert session.phase == "check"
        assert advice is not None
        assert session.offset == advice.offset
        right += abs(advice.offset - (12.0 - 1000 * late)) <= advice.within
        widths.append(advice.within / (1000 * noise))
    assert right >= 180
    assert np.median(widths) < 1.6  # no confidence at all would be right every time


def test_going_round_again_starts_from_the_offset_found():
    rng, session = np.random.default_rng(1), Session()
    tapped(session, 0.0, 0.08, -0.03, 0.004, rng)
    second = tapped(session, 0.0, 0.08, -0.03, 0.004, rng)
    first = session.offset
    assert first == pytest.approx(-80, abs=8)
    session.go_on(second)
    assert session.phase == "flash"
    assert session.measured == first
    tapped(session, 0.0, 0.01, -0.03, 0.004, rng)  # 80 of the 90 are made up for now
    tapped(session, 0.0, 0.01, -0.03, 0.004, rng)
    assert session.offset == pytest.approx(first - 10, abs=8)


def test_too_few_taps_are_no_advice_and_the_pause_is_no_tap():
    session = Session()
    session.tap(1.0)
    assert session.left() == WANTED + FIRST
    for n in range(4):
        session.tap(session.begins + n)
    assert advised(session.seen, session.heard, 0.0) is None
    session.go_on(9.0)
    session.go_on(14.0)
    assert session.advice is None
    assert session.offset == 0.0


def test_never_more_than_three_flashes_a_second():
    session = Session()
    lit = [session.lit(n / 100) for n in range(3000)]
    rises = [n for n in range(1, 3000) if lit[n] and not lit[n - 1]]
    assert np.diff(rises).min() >= 99
    assert not any(lit[:300])


# ---------------------------------------------------------------------------------------- the window


class Card:
    """Draws nothing, remembers."""

    def __init__(self):
        self.shown = []

    def frame(self, lit, words):
        self.shown.append((lit, words))


class Stage:
    """A calibration on a wall that is set, with a hand that taps ``flash`` and ``click`` seconds late."""

    def __init__(self, *, light=False, loopback=None):
        self.time = 0.0
        self.latency = 0.02
        self.metronome = Metronome(8000)
        self.display = HeadlessDisplay(SimpleNamespace(release=lambda: None))
        self.display.glass = 1 / 60
        self.card = Card()
        self.run = Calibration(self, self.metronome, Session(), display=self.display, card=self.card, light=light,
                               loopback=loopback, wall=lambda: self.time)

    def position(self):
        return self.time

    def play(self, seconds, keys=()):
        """Frames at 60 a second; ``keys`` as (second, key). The second at which it was over, or None."""
        keys = sorted(keys)
        for n in range(round(seconds * 60)):
            before, self.time = self.time, self.time + 1 / 60
            for at, key in keys:
                if before < at <= self.time:
                    self.display.press(key)
            if self.run.turn(Tick(n, self.time, 1 / 60)):
                return self.time
        return None


def test_taps_to_flash_and_click_end_in_an_offset_that_is_kept():
    stage, rng = Stage(), np.random.default_rng(4)
    taps = [(second + late + 0.005 * rng.standard_normal(), "SPACE")
            for first, late in ((3, 0.07), (25, -0.01)) for second in range(first, first + WANTED + FIRST)]
    assert stage.play(46.0, taps) is None
    assert stage.run.session.phase == "check"
    assert stage.run.session.offset == pytest.approx(-80, abs=6)
    wanted = stage.run.session.offset + 5 - 10
    ended = stage.play(3.0, [(46.5, "UP"), (46.6, "DOWN"), (46.7, "DOWN"), (47.5, "ENTER")])
    assert ended == pytest.approx(47.5, abs=0.05)
    assert stage.run.session.offset == pytest.approx(wanted)
    assert stage.run.kept
    assert not stage.metronome.sounds(10)
    assert stage.metronome.sounds(30)


def test_leaving_keeps_nothing_and_tab_goes_on():
    stage = Stage()
    stage.play(1.0, [(0.5, "TAB")])
    assert stage.run.session.phase == "click"
    stage.play(1.0, [(1.5, "ENTER"), (1.6, "F")])
    assert stage.display.fullscreen
    assert stage.play(2.0, [(2.5, "ESCAPE")]) == pytest.approx(2.5, abs=0.05)
    assert not stage.run.kept


def test_the_flash_is_given_away_before_its_second_by_what_the_display_takes():
    stage = Stage()
    stage.play(12.5)
    lit = [n / 60 for n, (on, _) in enumerate(stage.card.shown, 1) if on]
    starts = [second for n, second in enumerate(lit) if not n or second - lit[n - 1] > 0.5]
    assert len(starts) == 10 - (starts[0] > 3.5)
    for second in starts[4:]:  # the wait for the glass and half a frame, give or take half a frame
        assert second - round(second) == pytest.approx(-1 / 60 - 1 / 120, abs=1 / 60)


def test_a_sensor_needs_no_hand_and_enter_takes_its_word():
    wire = Wire(0.0329, light=0.064)
    stage = Stage(light=True, loopback=wire.loopback)
    assert stage.play(0.5, [(0.1, "SPACE"), (0.2, "TAB"), (0.3, "ENTER"), (0.4, "UP")]) is None
    assert stage.run.session.offset == 0.0
    wire.run(10.0)
    stage.run.loopback = SimpleNamespace(listen=lambda: None, words=lambda: "", advice=wire.loopback.advice)
    stage.play(0.5, [(0.8, "ENTER")])
    assert stage.run.kept
    assert stage.run.session.offset == pytest.approx(-64, abs=1.0)


def words_of(session, second=0.0, advice=None, light=False):
    return " | ".join(line.words for line in lines(session, advice, second, "", light))


def test_the_card_says_one_thing_to_do_and_one_number():
    session = Session()
    assert "tap SPACE with each flash | 3" in words_of(session, 0.2)
    assert "tap | 18 left" in words_of(session, 3.6)
    session.tap(session.begins + 0.042)
    assert "+42 ms" in words_of(session, 4.0)
    session.go_on(4.0)
    assert "click" in words_of(session, 9.0)
    session.go_on(9.0)
    assert "too few taps" in words_of(session, 14.0)
    rng, session = np.random.default_rng(0), Session()
    tapped(session, 0.0, 0.05, 0.0, 0.005, rng)
    tapped(session, 0.0, 0.05, 0.0, 0.005, rng)
    assert f"{session.offset:+.0f} ms" in words_of(session, 60.0, session.advice)
    assert "ENTER keep" in words_of(session, 60.0, session.advice)


def test_the_words_stay_readable_while_the_field_flashes():
    words = [Line("tap", 2), Line("+123 ms", 40), Line("x" * 200)]
    dark, lit = card(False, words), card(True, words)
    left, top, width, height = BOX
    assert dark.shape == (SIZE[1], SIZE[0], 4)
    np.testing.assert_array_equal(dark[top:top + height, left:left + width], lit[top:top + height, left:left + width])
    assert dark[top:top + height, left:left + width, :3].max() > 200
    assert lit[:top].min() == 255
    assert dark[:top, :, :3].max() == 0
    assert card(False, [Line("a", 8)] * 9).shape == dark.shape  # more than fits is cut


# ------------------------------------------------------------------------------------------ the room


def test_the_offset_is_kept_and_shows_begin_with_it(home):
    assert kept_offset() is None
    assert as_calibrated(Options()) == Options()
    assert keep_offset(-42.25) == home / "room.toml"
    assert kept_offset() == pytest.approx(-42.2, abs=0.06)
    text = (home / "room.toml").read_text("utf-8")
    assert "--no-room" in text
    assert as_calibrated(Options(sets=("/a/b=1",))).sets == (f"{OFFSET}=-42.2", "/a/b=1")
    assert as_calibrated(Options(room=False)).sets == ()
    assert as_calibrated(Options(headless=True)).sets == ()
    assert [path.name for path in home.iterdir()] == ["room.toml"]


@pytest.mark.parametrize(("text", "said"), [
    ("offset_ms = 900", "between -500 and 500, not 900"), ("offset_ms = 'late'", "must be a number"),
    ("offset_ms = nan", "must be a number"), ("offset_ms = true", "must be a number"), ("", "must be a number"),
    ("offset_ms = = 3", "room.toml"), ("\x00\xff", "room.toml")])
def test_a_bad_room_is_one_sentence_with_its_name_and_the_way_out(home, text, said):
    home.mkdir()
    (home / "room.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(VjError, match="--no-room") as error:
        as_calibrated(Options())
    assert said in str(error.value)
    assert "room.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VjError, match="cannot be written"):
        keep_offset(1.0, tmp_path / "file" / "room.toml")


def test_the_result_tells_programs_and_people(tmp_path):
    stage = Stage()
    session = stage.run.session
    rng = np.random.default_rng(3)
    tapped(session, 0.0, 0.05, -0.02, 0.005, rng)
    tapped(session, 0.0, 0.05, -0.02, 0.005, rng)
    stage.run.kept = True
    out, err = io.StringIO(), io.StringIO()
    _conclude(stage.run, Wishes(save=tmp_path / "hall.toml"), Console(as_json=True, out=out, err=err), headless=False)
    told = json.loads(out.getvalue())["result"]
    assert told["offset_ms"] == pytest.approx(-50, abs=8)
    assert told["taps"] == 2 * WANTED
    assert told["saved"] == str(tmp_path / "hall.toml")
    assert kept_offset(tmp_path / "hall.toml") == told["offset_ms"]
    _conclude(stage.run, Wishes(save=tmp_path / "hall.toml"), Console(out=out, err=err), headless=False)
    assert f"--set {OFFSET}=" in err.getvalue()


@pytest.mark.parametrize(("wishes", "headless", "said"), [
    (Wishes(), True, "--input NAME"), (Wishes(light=True), False, "--light needs"),
    (Wishes(input="x", light=True), True, "--light needs a window")])
def test_wishes_that_cannot_be_are_refused_at_once(wishes, headless, said):
    with pytest.raises(VjError, match=said):
        calibrate(wishes, Options(headless=headless))


# ------------------------------------------------------------------------------------------ for real


def vj(*args: object, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "vj.cli", "calibrate", *map(str, args)], capture_output=True,
                          text=True, timeout=60, check=False, env={**os.environ}, cwd=ROOT, **more)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a private PulseAudio")
def test_over_a_real_sound_server_the_click_comes_back(tmp_path, monkeypatch):
    with private_pulse(tmp_path, monkeypatch):
        for _ in range(3):  # where both ends are put to sleep by other work no figure means anything
            done = vj("--headless", "--input", "pulse", "--output", "pulse", "--clicks", 6, "--json")
            assert done.returncode == 0, done.stderr
            result = json.loads(done.stdout.splitlines()[-1])["result"]
            if 5 < result["round_trip_ms"] < 250:
                break
    assert result["clicks"] == 6
    assert 5 < result["round_trip_ms"] < 250
    assert result["jitter_ms"] < 40  # a loaded machine wakes late
    assert result["error_ms"] == pytest.approx(
        result["round_trip_ms"] - result["output_ms"] - result["capture_ms"], abs=0.05)
    assert result["saved"] is None


def test_a_wrong_device_is_one_sentence():
    done = vj("--headless", "--input", "no such card")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


SHOW = """
import subprocess, sys
from vj.app.calibration_card import lines
from vj.calibration import Session
from vj.render.display import WindowDisplay
from vj.render.testcard import TestCard

display = WindowDisplay.open((640, 360), vsync=False, fullscreen=True)
card, session = TestCard(display.context), Session()
session.tap(session.begins + 0.042)
for second in (3.5, 4.05):
    for _ in range(3):
        display.present(card.frame(session.lit(second), lines(session, None, second, "", False)), second)
        display.keys()
    display.context.finish()
    subprocess.run(["import", "-window", "root", f"{sys.argv[1]}/{second}.png"], check=True)
card.release()
display.close()
"""


def looks(picture: Path) -> tuple[float, float]:
    """Brightness 0..1 of the field at the window's edge, and of the brightest word in the middle."""
    pixels = np.asarray(Picture.open(picture).convert("L"), float) / 255
    height, width = pixels.shape
    middle = pixels[height // 3:-height // 3, width // 4:-width // 4]
    return float(pixels[height // 10, width // 4:-width // 4].mean()), float(middle.max())


@pytest.fixture
def screen(monkeypatch) -> Iterator[None]:
    """An X server of our own."""
    if not all(map(shutil.which, ("Xvfb", "import"))):
        pytest.skip("Xvfb or ImageMagick is not installed")
    server = subprocess.Popen(["Xvfb", ":97", "-screen", "0", "640x360x24"], stderr=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("DISPLAY", ":97")
        for _ in range(50):
            if Path("/tmp/.X11-unix/X97").exists():
                break
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


@pytest.mark.slow
def test_a_real_window_flashes_around_words_that_stay(screen, tmp_path):
    subprocess.run([sys.executable, "-c", SHOW, tmp_path], check=True, cwd=ROOT, timeout=60)
    (dark, ink), (lit, same) = looks(tmp_path / "3.5.png"), looks(tmp_path / "4.05.png")
    assert dark < 0.01 < 0.99 < lit
    assert ink == same > 0.5


@pytest.mark.slow
def test_the_window_opens_over_a_real_sound_server_and_keeps_nothing_unasked(screen, tmp_path, monkeypatch, home):
    with private_pulse(tmp_path, monkeypatch):
        done = vj("--size", "640x360", "--output", "pulse", "--duration", "4", "--fullscreen", "--json")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert "ENTER" in told[0]["message"]
    assert told[-1]["result"] == {"offset_ms": 0.0, "saved": None}
    assert not home.exists()


def test_ticks_of_an_offline_clock_are_enough_for_a_run_without_a_window():
    wire = Wire(0.05)
    run = Calibration(wire.playing, wire.metronome, Session(), loopback=wire.loopback, wall=wire.wall)
    assert wire.metronome.sounds(1)
    assert not any(run.turn(tick) for tick in OfflineClock(50, 5))
