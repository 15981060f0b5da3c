"""The long run of the ears: its music is what it says, its judge sees drift, slips and growth; and a short long run."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from benches import ears_hours as hours

from vj.audio.tracker.announce import Announced
from vj.types import BANDS, Band, Beat, Features


def music(seconds: float) -> np.ndarray:
    return np.concatenate(list(hours.blocks(seconds)))


def features(beats: float) -> Features:
    return Features(beat=Beat(hours.BPM, math.floor(beats), beats % 1.0))


def filled(seconds: int, late: float = 0.0, drift: float = 0.0, lost: int = 0) -> hours.Log:
    """A log of a clock that is ``late`` seconds behind, ``drift`` more at the end, and has ``lost`` beats half way."""
    log = hours.Log(seconds)
    for at in np.arange(0.05, seconds):
        error = late + drift * at / seconds
        count = lost if at > seconds / 2 else 0
        log.feel(at, features((at - hours.START - error) / hours.PERIOD + 40 - count))
    beats = np.arange(hours.START, seconds, hours.PERIOD)
    log.hear([Announced(t - late - drift * t / seconds, t, hours.BPM, False, 0.9) for t in beats])
    log.memory[:, 0], log.memory[:, 1] = np.arange(len(log.memory)), 100.0
    return log


def figures(log: hours.Log) -> dict[str, hours.Row]:
    return {row.what: row for row in [*hours._errors(log), *hours._memory(log)]}


def test_its_kicks_are_on_the_grid() -> None:
    samples = np.abs(music(20.0))
    for beat in range(1, 40):
        at = round((hours.START + beat * hours.PERIOD) * hours.RATE)
        assert samples[at + 200:at + 2000].max() > 5 * samples[at - 400:at].max()


def test_blocks_have_no_seams() -> None:
    """The same music whatever is asked for, in blocks of one size."""
    blocks = list(hours.blocks(3.0))
    assert {len(block) for block in blocks} == {hours.RATE // hours.FPS}
    assert np.array_equal(np.concatenate(blocks), music(6.0)[:3 * hours.RATE])


def test_breakdowns_and_silence_are_where_they_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hours, "BREAK", 16)
    monkeypatch.setattr(hours, "BROKEN", 8)
    monkeypatch.setattr(hours, "REST", 20.0)
    samples = music(20.0)
    low = np.convolve(samples, np.ones(200) / 200, "same")

    def level(start: float, end: float) -> float:
        return float(np.abs(low[round(start * hours.RATE):round(end * hours.RATE)]).max())

    drums = level(hours.START, hours.START + 7 * hours.PERIOD)
    assert level(hours.START + 9 * hours.PERIOD, hours.START + 15 * hours.PERIOD) < 0.2 * drums
    assert level(hours.START + 16 * hours.PERIOD, hours.START + 20 * hours.PERIOD) > 0.5 * drums
    assert level(14.5, 20.0) < 0.01 * drums
    assert not hours.undisturbed(hours.START + 20 * hours.PERIOD)


def test_bad_samples_are_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert np.isfinite(music(1.0)).all()
    broken = hours._roughened(np.zeros(2205), 150 * hours.FPS, np.random.default_rng(1))
    assert np.isnan(broken).any()
    assert np.isinf(broken).any()


def test_every_number_is_looked_at() -> None:
    numbers = list(hours.numbers(Features()))
    assert len(numbers) > 12 + 4 * len(BANDS)
    assert all(map(math.isfinite, numbers))
    bad = Features(bands={"sub": Band(level=math.nan)}, chroma=(math.inf,) * 12, beat=Beat(bpm=math.nan))
    assert sum(not math.isfinite(number) for number in hours.numbers(bad)) == 14


def test_a_steady_ear_reaches_every_figure() -> None:
    rows = figures(filled(600, late=0.02))
    assert [row.what for row in rows.values() if row.reached is False] == []
    assert rows["beat clock: error in the last tenth, median and 95 % of its size"].value == "-20.0 and 20.0 ms"
    assert rows["tracker: error in the last tenth, median and 95 % of its size"].value == "-20.0 and 20.0 ms"


def test_drift_is_seen() -> None:
    missed = {row.what for row in figures(filled(600, drift=0.01)).values() if row.reached is False}
    assert missed == {"beat clock: drift from the first tenth to the last",
                      "tracker: drift from the first tenth to the last"}


def test_a_lost_beat_is_seen() -> None:
    assert figures(filled(600, lost=1))["beat clock: beats lost or gained"].value == "1"


def test_growth_is_seen() -> None:
    log = filled(600)
    log.memory[:, 1] = np.linspace(100.0, 104.0, len(log.memory))
    assert figures(log)["memory growth"].reached is False


def test_deaf_ears_fail() -> None:
    log = hours.Log(600)
    log.memory[:, 1] = 100.0
    assert {row.reached for what, row in figures(log).items() if "drift" in what} == {False}


def test_the_log_takes_its_memory_at_the_start() -> None:
    log = hours.Log(10)
    log.hear([Announced(t, t, 120.0, False, 0.5) for t in np.arange(0.0, 50.0, 0.5)])
    assert log.beats == len(log.said) == 31


@pytest.mark.slow
def test_five_minutes() -> None:
    """All of it for real, a ninety-sixth of it: a leak of ten kilobytes a second is seen, and every lost beat."""
    rows = {row.what: row for row in hours.measure(Path(), hours.FULL / hours.HOURS / 12)}
    missed = [f"{row.what}: {row.value}" for row in rows.values() if row.reached is False]
    assert missed == []
