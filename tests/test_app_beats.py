"""``vj beats``: what it says, when it says it, and what it does with what is not sound."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sound import RATE, write_wav

from vj.app import beats
from vj.audio.tracker.announce import Announced
from vj.audio.tracker.rehearsal import Ears, ToldNet, activations
from vj.audio.tracker.tracker import Tracker
from vj.cli import cli
from vj.types import VjError

ROOT = Path(__file__).resolve().parent.parent
GRID = np.arange(0.4, 16.0, 60 / 126)


def rehearsed(rate: int = RATE) -> Tracker:
    """The whole tracker, but its net was told where the beats are, every fourth a downbeat."""
    heard = activations(GRID.tolist(), GRID[::4].tolist(), 16.0, Ears(missed=0.0, jitter=0.0), seed=3)
    return Tracker(rate, net=ToldNet(heard))


REHEARSED = """
import sys
sys.path.insert(0, "tests")
from test_app_beats import rehearsed
from vj.app import beats
from vj.cli import main
beats.open_ears = lambda rate, tempo: rehearsed(rate)
sys.argv = ["vj", "beats", *sys.argv[1:]]
main()
"""


def said_by(ears: Any, samples: np.ndarray) -> list[dict[str, Any]]:
    """What goes out for ``samples``, as the other side of the pipe reads it."""
    return [json.loads(beats.as_line(said)) for said in beats.heard(ears, samples)]


@pytest.fixture
def vj() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts ``vj beats ARGUMENTS`` in a process of its own, as it is or with the rehearsed ears."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, told: bool = False) -> subprocess.Popen[bytes]:
        command = ["-c", REHEARSED] if told else ["-m", "vj.cli", "beats"]
        process = subprocess.Popen([sys.executable, *command, *arguments], stdin=subprocess.PIPE, cwd=ROOT,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def line_of(process: subprocess.Popen[bytes], seconds: float = 30.0) -> dict[str, Any]:
    """The next line of standard output; fails when there is none."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    assert ready, "nothing was said"
    return dict(json.loads(process.stdout.readline()))


# ------------------------------------------------------------------------------------ standard input


def test_each_beat_is_said_before_it_is_played(vj: Callable[..., subprocess.Popen[bytes]]) -> None:
    """The writer stops where a beat is due to be announced, and goes on only when it has been: no sample of the beat
    itself can have been heard."""
    samples = np.zeros(16 * RATE, np.float32)
    expected = said_by(rehearsed(), samples)
    assert len(expected) > 20
    process, sent = vj("-", "--rate", str(RATE), told=True), 0
    assert process.stdin is not None
    for beat in expected:
        until = int(np.ceil(beat["emitted"] * RATE)) + 1
        process.stdin.write(samples[sent:until].astype("<f4").tobytes())
        sent = until
        assert line_of(process) == beat
        assert sent / RATE < beat["beat"]
    process.stdin.close()
    assert process.wait(20) == 0
    assert process.stdout is not None
    assert process.stdout.read() == b""
    assert abs(expected[-1]["beat"] - GRID[np.abs(GRID - expected[-1]["beat"]).argmin()]) < 0.02


def test_the_line_s_words(vj: Callable[..., subprocess.Popen[bytes]]) -> None:
    out, _ = vj("-", told=True).communicate(np.zeros(8 * RATE, "<f4").tobytes(), 60)
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        assert list(line) == ["beat", "emitted", "bpm", "downbeat", "confidence"]
        assert isinstance(line["downbeat"], bool)
        assert 0.0 <= line["confidence"] <= 1.0
        assert line["emitted"] <= 8.0
    assert lines[-1]["bpm"] == pytest.approx(126.0, rel=0.02)
    assert any(line["downbeat"] for line in lines)
    assert all(a["beat"] < b["beat"] and a["emitted"] <= b["emitted"] for a, b in pairwise(lines))


def through_pipe(data: bytes, cuts: list[int], ears: Any) -> tuple[bytes, list[str]]:
    """``data`` in pieces through ``beats.pipe``; what came out, and what was warned of. A thread feeds."""
    import threading

    source, feed = os.pipe()
    result, sink = os.pipe()

    def write() -> None:
        for begin, end in pairwise([0, *cuts, len(data)]):
            os.write(feed, data[begin:end])
        os.close(feed)

    warned: list[str] = []
    writer = threading.Thread(target=write)
    writer.start()
    beats.pipe(source, sink, ears, warned.append)
    writer.join()
    os.close(sink)
    with os.fdopen(result, "rb") as told:
        out = told.read()
    os.close(source)
    return out, warned


def test_the_cuts_of_the_pipe_change_nothing() -> None:
    """In odd pieces, and with a broken sample at the end."""
    rng = np.random.default_rng(5)
    data = np.zeros(10 * RATE, "<f4").tobytes() + b"\x01\x02\x03"
    whole, _ = through_pipe(data, [], rehearsed())
    cuts = sorted(rng.integers(1, len(data), 3000).tolist())
    assert through_pipe(data, cuts, rehearsed())[0] == whole
    assert len(whole.splitlines()) > 10


def test_a_prefix_gives_the_beginning_of_what_the_whole_gives() -> None:
    samples = np.zeros(16 * RATE, np.float32)
    whole = said_by(rehearsed(), samples)
    for seconds in (1.0, 3.3, 7.77, 12.0):
        part = said_by(rehearsed(), samples[:round(seconds * RATE)])
        assert part == [beat for beat in whole if beat["emitted"] <= seconds]


@dataclass
class FakeTracker:
    """Announces a beat a second at once, and remembers what it was given."""

    given: list[np.ndarray]
    heard: int = 0

    def hear(self, mono: np.ndarray) -> list[Announced]:
        self.given.append(mono)
        before, self.heard = self.heard, self.heard + len(mono)
        return [Announced(second, self.heard / RATE, 60.0, second % 4 == 0, 0.8)
                for second in range(-(-before // RATE), -(-self.heard // RATE))]


def test_only_clean_samples_reach_the_ears() -> None:
    bad = np.array([np.nan, np.inf, -np.inf, 1e30, 1e-42, 0.5] * 1000, "<f4")
    ears = FakeTracker([])
    through_pipe(bad.tobytes(), [], ears)
    given = np.concatenate(ears.given)
    assert len(given) == 6000
    assert np.isfinite(given).all()
    assert np.abs(given).max() <= 8.0
    assert (given[5::6] == 0.5).all()


def test_nothing_is_held_back_until_more_comes() -> None:
    source, feed = os.pipe()
    arriving = beats.arriving(source)
    for count in (1, 7, 512):
        os.write(feed, np.full(count, 0.25, "<f4").tobytes())
        assert next(arriving).tolist() == [0.25] * count
    os.write(feed, b"\x00\x00\x80")
    os.write(feed, b"\x3e")
    assert next(arriving).tolist() == [0.25]
    os.write(feed, b"\x00\x00")
    os.close(feed)
    assert list(arriving) == []
    os.close(source)


def test_a_reader_that_leaves_ends_it_quietly(vj: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = vj("-", told=True)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(np.zeros(4 * RATE, "<f4").tobytes())
    line_of(process)
    process.stdout.close()
    process.stdin.write(np.zeros(4 * RATE, "<f4").tobytes())
    assert process.wait(20) == 0
    assert process.stderr.read() == b""


def test_ctrl_c_ends_it(vj: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = vj("-", told=True)
    assert process.stdin is not None
    process.stdin.write(np.zeros(4 * RATE, "<f4").tobytes())
    line_of(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130


def test_an_empty_input_is_no_error(vj: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = vj("-", told=True)
    assert process.communicate(b"", 30) == (b"", b"")
    assert process.returncode == 0


@pytest.mark.parametrize("data", [
    ("The quick brown fox jumps over the lazy dog.\n" * 2000).encode(),
    (np.sin(np.arange(60000) / 20) * 20000).astype("<i2").tobytes(),
    np.full(20000, np.nan, "<f4").tobytes(),
    np.sin(np.arange(60000) / 20).astype(">f4").tobytes(),
], ids=["text", "16 bit", "nan", "big endian"])
def test_what_is_no_sound_is_said_once(data: bytes) -> None:
    _, warned = through_pipe(data, [5000, 50000], rehearsed())
    (sentence,) = warned
    assert "float32" in sentence


@pytest.mark.parametrize("samples", [np.zeros(30000), np.sin(np.arange(30000) / 20), np.sign(np.sin(np.arange(9000))),
                                     np.full(30000, 1e-42), np.random.default_rng(1).normal(0, 0.3, 30000)])
def test_sound_is_not_complained_of(samples: np.ndarray) -> None:
    assert through_pipe(samples.astype("<f4").tobytes(), [], rehearsed())[1] == []


def test_a_warning_goes_to_standard_error(vj: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = vj("-", told=True)
    _, err = process.communicate(b"no sound at all " * 20000, 60)
    assert process.returncode == 0
    assert err.decode().count("float32") == 1


def test_an_unreadable_input_is_one_sentence() -> None:
    ears = FakeTracker([])
    with pytest.raises(VjError, match="standard input cannot be read"):
        beats.pipe(os.open(ROOT, os.O_RDONLY), 1, ears, print)


# -------------------------------------------------------------------------------------------- usage


@pytest.mark.parametrize(("arguments", "told"), [
    (("-", "--rate", "7999"), "--rate"), (("-", "--rate", "192001"), "--rate"), (("-", "--rate", "a lot"), "--rate"),
    (("-", "--rate", "nan"), "--rate"), (("-", "--slowest", "nan"), "--slowest"),
    (("-", "--fastest", "1e9"), "--fastest"), ((), "FILE"),
])
def test_wrong_usage(arguments: tuple[str, ...], told: str) -> None:
    result = CliRunner().invoke(cli, ["beats", *arguments])
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize(("arguments", "told"), [
    (("x.wav", "--rate", "44100"), "--rate belongs to raw samples"),
    (("-", "--slowest", "120", "--fastest", "120"), "--slowest 120 bpm must be below --fastest 120 bpm"),
    (("/no/such/file.wav",), "no such file"),
])
def test_a_clear_sentence(arguments: tuple[str, ...], told: str) -> None:
    error = CliRunner().invoke(cli, ["beats", *arguments]).exception
    assert isinstance(error, VjError)
    assert told in str(error)


def test_the_options_reach_the_ears(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[int, tuple[float, float]]] = []
    monkeypatch.setattr(beats, "open_ears", lambda rate, tempo: opened.append((rate, tempo)) or FakeTracker([]))
    monkeypatch.setattr(beats, "pipe", lambda *parts: None)
    monkeypatch.setattr(beats.os, "isatty", lambda fd: False)
    for arguments in (["-"], ["-", "--rate", "48000", "--slowest", "60", "--fastest", "200"]):
        assert CliRunner().invoke(cli, ["beats", *arguments]).exit_code == 0
    assert opened == [(44100, (70.0, 180.0)), (48000, (60.0, 200.0))]


def test_a_terminal_is_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "open_ears", lambda rate, tempo: FakeTracker([]))
    monkeypatch.setattr(beats.os, "isatty", lambda fd: True)
    error = CliRunner().invoke(cli, ["beats", "-"]).exception
    assert isinstance(error, VjError)
    assert "terminal" in str(error)


def test_it_starts_light() -> None:
    """What the ears need and nothing else: no torch, no FFmpeg, no window."""
    code = ("import sys; from vj.app import beats; from vj.audio.tracker.tracker import Tracker\n"
            "import vj.audio.tracker.front, vj.audio.tracker.net\n"
            "print(*{name.partition('.')[0] for name in sys.modules} & {'torch', 'av', 'glfw', 'moderngl', 'scipy'})")
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert told.stdout.split() == []


# --------------------------------------------------------------------------------------------- files


def test_a_file_is_told_beat_by_beat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wav(tmp_path / "x.wav", np.zeros(8 * RATE, np.float32))
    monkeypatch.setattr(beats, "open_ears", lambda rate, tempo: FakeTracker([]))
    result = CliRunner().invoke(cli, ["beats", str(path)])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "     0.000 s    60.00 bpm   1  ########.. 0.80"
    assert [line.split()[4] for line in lines[:-1]] == ["1", "2", "3", "4", "1", "2", "3", "4"]
    assert lines[-1] == "60.0 bpm, locked after 0.0 s, confidence 0.80, 8 beats in 8.0 s"


def test_json_of_a_file_is_that_of_the_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.zeros(8 * RATE, np.float32)
    path = write_wav(tmp_path / "x.wav", samples)
    monkeypatch.setattr(beats, "open_ears", lambda rate, tempo: rehearsed(rate))
    result = CliRunner().invoke(cli, ["beats", str(path), "--json"])
    assert [json.loads(line) for line in result.output.splitlines()] == said_by(rehearsed(), samples)


def test_a_file_of_another_rate_is_heard_at_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(beats, "open_ears", lambda rate, tempo: opened.append(rate) or FakeTracker([]))
    for rate in (48000, 44100, 22050):
        path = write_wav(tmp_path / f"{rate}.wav", np.zeros(rate, np.float32), rate)
        assert CliRunner().invoke(cli, ["beats", str(path)]).exit_code == 0
    assert opened == [48000, 44100, 48000]


def test_both_channels_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Music on one side only, the other silent."""
    ears = FakeTracker([])
    monkeypatch.setattr(beats, "open_ears", lambda rate, tempo: ears)
    stereo = np.zeros((RATE, 2), np.float32)
    stereo[:, 1] = 0.5
    CliRunner().invoke(cli, ["beats", str(write_wav(tmp_path / "x.wav", stereo))])
    assert np.concatenate(ears.given) == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("content", [b"", b"not music" * 100])
def test_a_file_that_is_no_sound(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    error = CliRunner().invoke(cli, ["beats", str(tmp_path / "x.wav")]).exception
    assert isinstance(error, VjError)
    assert "x.wav" in str(error)


def test_a_file_cut_short_is_told_as_far_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.zeros(8 * RATE, "<i2").tobytes())
    path.write_bytes(path.read_bytes()[:-5 * RATE])
    monkeypatch.setattr(beats, "open_ears", lambda rate, tempo: FakeTracker([]))
    result = CliRunner().invoke(cli, ["beats", str(path), "--json"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == 6


def test_the_summary() -> None:
    assert beats.summary([], 3.0) == "no beat in 3.0 s"
    unsure = [Announced(1.0, 0.95, 90.0, False, 0.2)]
    assert beats.summary(unsure, 3.0) == "90.0 bpm, never locked, confidence 0.20, 1 beats in 3.0 s"
    sure = [*unsure, Announced(2.0, 1.95, 120.0, False, 0.6)]
    assert beats.summary(sure, 3.0) == "120.0 bpm, locked after 1.9 s, confidence 0.40, 2 beats in 3.0 s"


def test_a_bar_is_counted_from_its_first_beat() -> None:
    table = beats.Table()
    downs = (False, False, True, False, False, True)
    told = [table.row(Announced(k, k, 120.0, down, 2.0)).split() for k, down in enumerate(downs)]
    assert [row[4] for row in told] == ["-", "-", "1", "2", "3", "1"]
    assert told[0][5] == "#" * 10
