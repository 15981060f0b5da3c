"""The whole loop as a user runs it: real processes, real files, a real generator."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from sound import house, private_pulse, write_wav

ROOT = Path(__file__).parent.parent
VJ = (sys.executable, "-m", "vj.cli")
ENV = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
CPU = ("--device", "cpu")
SMALL = ("--size", "160x90", "--fps", "20", *CPU)
pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def track(tmp_path_factory) -> Path:
    """Eight seconds of clicks with weight, at 120 bpm, from one second on."""
    path = tmp_path_factory.mktemp("track") / "click.wav"
    subprocess.run([sys.executable, ROOT / "scripts" / "make_click", "-o", path, "--duration", "8"], check=True,
                   capture_output=True)
    return path


def vj(*args: object, code: int = 0, **more: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*VJ, *map(str, args)], capture_output=True, text=True, env=ENV, timeout=150,
                          check=False, **more)
    assert done.returncode == code, done.stderr + done.stdout
    return done


def lines(done: str) -> list[dict]:
    return [json.loads(line) for line in done.splitlines() if line.startswith("{")]


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def pictures(path: Path) -> str:
    with av.open(str(path)) as container:
        digest = hashlib.sha256()
        for frame in container.decode(video=0):
            digest.update(frame.to_ndarray(format="yuv420p").tobytes())
        return digest.hexdigest()


def seconds(path: Path, kind: str) -> float:
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        last = 0.0
        for packet in container.demux(stream):
            if packet.pts is not None:
                last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        return last


def test_a_headless_performance_is_recorded_with_its_sound_and_kept_as_a_take(track, tmp_path):
    movie, take = tmp_path / "x.mkv", tmp_path / "x.take"
    done = vj("play", "--headless", "--duration", 6, "--record", movie, "--take", take, "--json", *SMALL,
              "--look", "neon_undertow", "--set", "/a/deck/lines=64", track)
    said = lines(done.stdout)
    status = [line["status"] for line in said if "status" in line]
    result = said[-1]["result"]
    assert result["file"] == str(movie)
    assert result["images"] > 10
    assert result["fps"] > 10
    assert status[-1]["bpm"] == pytest.approx(120, abs=3)
    assert seconds(movie, "video") == pytest.approx(6, abs=0.3)
    assert seconds(movie, "audio") == pytest.approx(seconds(movie, "video"), abs=0.1)
    pixels = frames(movie)
    assert pixels[0].shape == (90, 160, 3)
    assert np.mean([abs(a.astype(int) - b).mean() for a, b in itertools.pairwise(pixels)]) > 0.2
    head, *events, end = [json.loads(line) for line in (take / "take.jsonl").read_text().splitlines()]
    assert (head["look"], head["track"]["path"]) == ("neon_undertow", str(track))
    assert [e["path"] for e in events] == ["/a/deck/lines"]
    assert end["kind"] == "end"


def test_two_renders_are_the_same_bit_for_bit_and_follow_the_take(track, tmp_path):
    common = (*SMALL, "--quiet", "--duration", 2.5, "--set", "/a/deck/lines=64", "--seed", 5)
    for name in ("one", "two"):
        vj("render", track, "-o", tmp_path / f"{name}.mp4", "--look", "neon_undertow", *common)
    assert pictures(tmp_path / "one.mp4") == pictures(tmp_path / "two.mp4")
    assert seconds(tmp_path / "one.mp4", "audio") == pytest.approx(2.5, abs=0.06)


def test_a_take_renders_with_its_gestures_at_any_size(track, tmp_path):
    take = tmp_path / "t.take"
    vj("play", "--headless", "--duration", 4, "--take", take, "--quiet", *SMALL, "--look", "neon_undertow",
       "--set", "/a/deck/lines=64", "--seed", 9, track)
    kept = (take / "take.jsonl").read_text().splitlines()
    gestures = [{"kind": "event", "tick": round(20 * at), "time": at, "path": "/master/blackout", "value": dark,
                 "source": "test"} for at, dark in ((1.0, True), (2.5, False))]
    (take / "take.jsonl").write_text("\n".join([kept[0], *map(json.dumps, gestures), kept[-1]]) + "\n")
    for name in ("a", "b"):
        vj("render", take, "-o", tmp_path / f"{name}.mp4", "--size", "96x54", "--quiet", *CPU, "--take",
           tmp_path / "kept.take")
    pixels = frames(tmp_path / "a.mp4")
    light = [float(p.mean()) for p in pixels]
    assert pixels[0].shape == (54, 96, 3)
    assert light[45] < 2 < light[15]
    assert light[75] > 2
    assert pictures(tmp_path / "a.mp4") == pictures(tmp_path / "b.mp4")
    again = [json.loads(line) for line in (tmp_path / "kept.take" / "take.jsonl").read_text().splitlines()]
    assert [e["path"] for e in again[1:-1] if not e["path"].endswith("/deck/rate")] == ["/master/blackout"] * 2
    assert again[-1]["time"] == pytest.approx(4.0, abs=0.1)


def test_an_interrupted_render_is_playable_and_goes_on_to_the_same_film(track, tmp_path):
    common = ("--look", "neon_undertow", *SMALL, "--duration", 7, "--set", "/a/deck/lines=64", "--json")
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    vj("render", track, "-o", whole, *common)
    with subprocess.Popen([*VJ, "render", str(track), "-o", str(cut), *map(str, common)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=ENV) as process:
        for line in process.stdout:
            if '"done": 60' in line:
                process.send_signal(signal.SIGINT)
                break
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    done = len(frames(cut))
    assert 40 < done < 140
    vj("render", track, "-o", cut, *common, code=1)  # an unfinished render is not thrown away
    vj("render", track, "-o", cut, *common, "--resume")
    assert len(frames(cut)) == 140
    assert pictures(cut) == pictures(whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_performance_told_to_stop_leaves_its_recording_whole(track, tmp_path, number, code):
    movie = tmp_path / "x.mkv"
    with subprocess.Popen([*VJ, "play", "--headless", "--record", str(movie), "--json", *SMALL, str(track)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV) as process:
        for line in process.stdout:
            if '"status"' in line and json.loads(line)["status"]["t"] > 2:
                process.send_signal(number)
                break
        _, errors = process.communicate(timeout=30)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert seconds(movie, "video") > 1.8


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for the process under /proc")
def test_the_generator_is_killed_and_the_picture_goes_on(track, tmp_path):
    movie = tmp_path / "x.mkv"
    with subprocess.Popen([*VJ, "play", "--headless", "--record", str(movie), "--json", *SMALL, "--look",
                           "neon_undertow", "--set", "/a/deck/lines=64", str(track)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=ENV) as process:
        killed, back, restarts = 0.0, 0.0, 0
        for line in process.stdout:
            status = json.loads(line).get("status")
            if status and not killed and status["images"] > 5:
                for child in children(process.pid):
                    os.kill(child, signal.SIGKILL)
                killed, before = status["t"], status["images"]
            elif status and killed and not back and status["images"] > before + 5:
                back, restarts = status["t"], status["restarts"]
        process.wait(timeout=30)
    assert process.returncode == 0
    assert killed
    assert restarts >= 1
    assert back - killed < 5.0
    pixels = frames(movie)
    moved = [abs(a.astype(int) - b).mean() for a, b in itertools.pairwise(pixels)]
    first, last = int(killed * 20), int(back * 20)
    assert np.median(moved[first:last]) > 0.05
    assert min(float(p.mean()) for p in pixels[first:last]) > 3


def children(pid: int) -> list[int]:
    """The generator processes of a show: its direct children."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize(("args", "code", "words"), [
    (("play", "--headless", "nothing.wav"), 1, "nothing.wav"),
    (("play", "--headless", "--look", "velvt_hour"), 1, "did you mean 'velvet_hour'"),
    (("play", "--headless", "--size", "0x90"), 2, "even and from 16"),
    (("play", "--headless", "--size", "161x91"), 2, "even and from 16"),
    (("play", "--headless", "--duration", "0"), 2, "--duration"),
    (("play", "--headless", "--fps", "nan"), 2, "--fps"),
    (("play", "--headless", "--set", "/a/walk/sped=1"), 1, "did you mean '/a/walk/speed'"),
    (("play", "--headless", "--set", "/a/walk/speed=99"), 1, "expected a number from 0 to 2"),
    (("play", "--headless", "--record", "x.avi"), 1, ".mkv or .mp4"),
    (("play", "--headless", "--record", "/nowhere/at/all/x.mkv"), 1, "/nowhere/at/all"),
    (("play", "--monitor", "1"), 1, "display"),
    (("render", "nothing.take", "-o", "x.mp4"), 1, "nothing.take"),
    (("render", ".", "-o", "x.mp4"), 1, "no take"),
    (("live", "--headless", "--input", "no such card"), 1, "input"),
])
def test_bad_wishes_end_with_one_clear_sentence(args, code, words, tmp_path):
    env = {k: v for k, v in ENV.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run([*VJ, *args], capture_output=True, text=True, env=env, timeout=60, cwd=tmp_path,
                          check=False)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    if code == 1:
        assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_track_itself_is_never_written_over(track):
    before = track.read_bytes()
    assert "named twice" in vj("render", track, "-o", track, code=1).stderr
    assert track.read_bytes() == before


def test_the_listings_answer_in_words_and_in_json():
    listed = json.loads(vj("list", "--json").stdout)
    assert {"generators", "looks", "effects", "sources", "drives", "worlds", "parameters"} <= set(listed)
    assert len(listed["looks"]) >= 6
    assert len(listed["worlds"]) >= 24
    assert "velvet_hour" in vj("list", "looks").stdout
    assert any(row["path"] == "/a/walk/speed" for row in listed["parameters"])


def test_help_answers_at_once_and_with_examples():
    began = time.perf_counter()
    text = vj("--help").stdout
    assert time.perf_counter() - began < 3
    for verb in ("play", "live", "render", "devices", "doctor", "list"):
        assert verb in text
        assert "Example" in vj(verb, "--help").stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a private PulseAudio")
def test_a_live_set_over_a_real_sound_server_is_heard_recorded_and_rendered_again(tmp_path, monkeypatch):
    sound = write_wav(tmp_path / "house.wav", house(120, 25.0)[0])
    movie, take = tmp_path / "x.mkv", tmp_path / "x.take"
    with private_pulse(tmp_path, monkeypatch) as pulse:
        pulse.play(sound)
        done = subprocess.run([*VJ, "live", "--headless", "--input", "pulse", "--duration", "9", "--record", movie,
                               "--take", take, "--json", *SMALL, "--look", "neon_undertow"], capture_output=True,
                              text=True, timeout=90, check=False, env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"})
    assert done.returncode == 0, done.stderr
    said = lines(done.stdout)
    assert [s for s in said if "status" in s][-1]["status"]["bpm"] == pytest.approx(120, abs=2)
    assert said[-1]["result"]["images"] > 5
    assert seconds(movie, "audio") == pytest.approx(9, abs=0.4)
    vj("render", take, "-o", tmp_path / "again.mp4", "--quiet", "--duration", "3", *CPU)
    assert seconds(tmp_path / "again.mp4", "audio") == pytest.approx(3, abs=0.1)
    with av.open(str(tmp_path / "again.mp4")) as container:
        loud = max(float(np.abs(f.to_ndarray()).max()) for f in container.decode(audio=0))
    assert loud > 0.05
