"""The machine's examination: what each answer means, and that no driver can take the examiner down."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import pytest

from vj import doctor, findings
from vj.control.midi_ports import midi_ports
from vj.findings import Check
from vj.probe import Answer, ask
from vj.types import VjError

HEALTHY: dict[str, Any] = {
    "vj.audio.device:list_inputs": [{"name": "Monitor of Built-in Audio", "host_api": "PulseAudio", "channels": 2,
                                      "index": 3, "loopback": False, "source": "built-in.monitor"}],
    "vj.audio.device:list_outputs": [{"name": "Built-in Audio", "channels": 2}],
    doctor.MIDI_TARGET: {"inputs": ["nanoKONTROL2"], "outputs": ["nanoKONTROL2"]},
    doctor.GPU_TARGET: {"torch": "2.13.0", "threads": 4,
                        "gpus": [{"device": "cuda:0", "name": "RTX 5090", "memory_gb": 32.0}]},
    doctor.HEADLESS_TARGET: {"renderer": "NVIDIA RTX 5090", "version": "3.3.0"},
    doctor.WINDOW_TARGET: {"renderer": "NVIDIA RTX 5090", "version": "3.3.0",
                           "monitors": [{"number": 0, "name": "EPSON", "size": "1920x1080", "hz": 60}]},
    doctor.ENCODER_TARGET: "h264_nvenc p4",
}


def healthy(target: str) -> Answer:
    return Answer(HEALTHY[target])


def dead(target: str) -> Answer:
    return Answer(error="the driver crashed (SIGSEGV)")


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_a_healthy_machine_is_ready() -> None:
    found = by_name(doctor.checks(healthy))
    ours = ("disk", "shaders", "looks", "models")
    assert {check.state for name, check in found.items() if name not in ours} == {"ok"}
    assert "RTX 5090" in found["generator device"].detail
    assert "EPSON 1920x1080 60 Hz" in found["window"].detail
    assert found["audio input"].detail == "Monitor of Built-in Audio (PulseAudio)"
    assert found["loopback"].detail.startswith("Monitor of Built-in Audio (PulseAudio): vj live")


def test_dead_drivers_are_findings_with_a_cure() -> None:
    found = by_name(doctor.checks(dead))
    assert {name for name, check in found.items() if check.state == "fail"} >= {"generator device", "opengl",
                                                                               "video encoder"}
    # A track can be performed without any of these.
    assert all(found[name].state == "warn" for name in ("window", "audio input", "audio output", "loopback", "midi"))
    assert all(check.cure for check in found.values() if check.state != "ok")


def test_devices_lists_every_kind_as_rows() -> None:
    found = doctor.devices(healthy)
    assert list(found) == ["audio inputs", "audio outputs", "MIDI ports", "displays", "GPUs"]
    assert found["audio inputs"] == [{"name": "Monitor of Built-in Audio", "host_api": "PulseAudio", "channels": 2}]
    assert [row["direction"] for row in found["MIDI ports"]] == ["inputs", "outputs"]
    assert found["displays"][0]["name"] == "EPSON"
    assert found["GPUs"][0]["memory_gb"] == 32.0


def test_devices_of_a_dead_machine_are_empty() -> None:
    assert all(rows == [] for rows in doctor.devices(dead).values())


@pytest.mark.parametrize(("version", "state"), [((3, 10, 12), "fail"), ((3, 11, 0), "ok"), ((3, 14, 1), "ok")])
def test_python_floor(version: tuple[int, ...], state: str) -> None:
    assert findings.python(version).state == state


def test_a_missing_package_is_named_by_what_pip_calls_it() -> None:
    checks = findings.packages(lambda module: None if module == "aubio" else "1.0")
    assert [(c.name, c.state, c.cure) for c in checks[1:]] == [("package aubio", "fail", "pip install aubio-ledfx")]


def test_the_installed_packages_are_found_without_importing_them() -> None:
    assert [check.state for check in findings.packages(doctor._version)] == ["ok"]


def test_a_gpu_that_torch_does_not_see_is_a_warning() -> None:
    answer = Answer({"torch": "2.13.0+cpu", "threads": 2, "gpus": []})
    assert findings.generator_device(answer, nvidia=True).state == "warn"
    assert findings.generator_device(answer, nvidia=False).state == "ok"


def test_drawing_on_the_cpu_is_a_warning() -> None:
    check = findings.opengl(Answer({"renderer": "llvmpipe (LLVM 15.0.6, 256 bits)", "version": "4.5"}))
    assert check.state == "warn"
    assert "640x360" in check.cure


def test_a_microphone_is_no_loopback() -> None:
    inputs = [{"name": "USB Microphone", "host_api": "ALSA"}, {"name": "pulse", "host_api": "ALSA"}]
    checks = by_name(findings.sound(Answer(inputs), Answer([])))
    assert [checks[n].state for n in ("audio input", "loopback", "audio output")] == ["ok", "warn", "warn"]


@pytest.mark.parametrize(("system", "word"),
                         [("linux", "libasound2-plugins"), ("darwin", "BlackHole"), ("win32", "PyAudioWPatch")])
def test_the_cure_is_the_systems_own(monkeypatch: pytest.MonkeyPatch, system: str, word: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert word in by_name(findings.sound(Answer([]), Answer([])))["loopback"].cure


@pytest.mark.parametrize(("free", "state"), [(1e8, "fail"), (1e9, "warn"), (1e12, "ok")])
def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: float, state: str) -> None:
    monkeypatch.setattr(findings.shutil, "disk_usage", lambda _folder: type("Usage", (), {"free": free}))
    assert findings.disk(tmp_path).state == state


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    check = findings.disk(tmp_path / "gone")
    assert check.state == "fail"
    assert "gone" in check.detail


def test_a_broken_look_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "velvet.toml").write_text("mood = [")
    check = doctor.looks([tmp_path])
    assert check.state == "fail"
    assert str(tmp_path / "velvet.toml") in check.detail


def test_no_looks_at_all_is_a_failure(tmp_path: Path) -> None:
    assert doctor.looks([tmp_path]).state == "fail"


def test_models_that_cannot_be_used_are_a_warning_and_none_at_all_is_none() -> None:
    assert (findings.models([], {}).state, findings.models(["lcm"], {}).state) == ("ok", "ok")
    assert "vj models fetch sd-turbo" in findings.models([], {}).detail
    check = findings.models(["lcm"], {"sd-turbo": "licence not accepted"})
    assert (check.state, check.cure) == ("warn", "vj models fetch sd-turbo")
    assert check.detail == "ready: lcm; sd-turbo: licence not accepted"


def test_models_are_asked_for_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("VJ_HOME", str(tmp_path))
    assert doctor.models().detail.startswith("none fetched")
    snapshot = tmp_path / "models--stabilityai--sd-turbo" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("abc")
    found = doctor.models()
    assert found.state == "warn"
    assert "has no folder unet" in found.detail


def test_our_own_shaders_and_looks_can_be_read() -> None:
    assert doctor.shaders().state == "ok", doctor.shaders().detail
    assert doctor.looks(doctor.looks_dirs()).state == "ok"


# ------------------------------------------------------------------------------------------ probes


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Write a module with the given body of ``look()``; its probe target."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(body: str) -> str:
        (tmp_path / "bad_driver.py").write_text(f"def look():\n    {body}\n")
        return "bad_driver:look"

    return write


def test_a_probe_brings_the_value_back_past_a_chatty_driver(driver: Callable[[str], str]) -> None:
    target = driver("import sys; sys.stdout.write('ALSA lib says hello'); return {'name': 'häll\u2028o', 'n': [1]}")
    assert ask(target) == Answer({"name": "häll\u2028o", "n": [1]})


def test_a_probe_that_raises_is_one_sentence(driver: Callable[[str], str]) -> None:
    assert ask(driver("raise RuntimeError('no such card')")) == Answer(error="no such card")


def test_a_driver_that_crashes_is_an_answer(driver: Callable[[str], str]) -> None:
    answer = ask(driver("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert answer == Answer(error="the driver crashed (SIGSEGV)")


def test_a_driver_that_exits_is_an_answer(driver: Callable[[str], str]) -> None:
    assert "exit code 3" in ask(driver("import os; os._exit(3)")).error


def test_a_driver_that_hangs_is_given_up(driver: Callable[[str], str]) -> None:
    assert ask(driver("import time; time.sleep(60)"), timeout=0.5) == Answer(error="no answer within 0.5 s")


def test_a_module_that_is_not_there_is_an_answer() -> None:
    assert "nowhere" in ask("vj.nowhere:look").error


# ------------------------------------------------------------------------------- this very machine


def test_opengl_and_the_encoder_of_this_machine_answer() -> None:
    told = ask(doctor.HEADLESS_TARGET)
    assert told.error == ""
    assert told.value["version"]
    assert "264" in ask(doctor.ENCODER_TARGET).value


def test_midi_without_a_sequencer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> list[str]:
        raise OSError("error creating ALSA sequencer client object.")

    monkeypatch.setattr(mido, "get_input_names", refuse, raising=False)
    with pytest.raises(VjError, match=r"offers no MIDI .*ALSA"):
        midi_ports()


def test_midi_ports_are_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mido, "get_input_names", lambda: ["pads", "faders", "pads"], raising=False)
    monkeypatch.setattr(mido, "get_output_names", list, raising=False)
    assert midi_ports() == {"inputs": ["faders", "pads"], "outputs": []}


def test_the_answers_are_json() -> None:
    assert json.loads(json.dumps(doctor.devices(healthy)))
