"""The judge is judged: figures worked out by hand, and mir_eval's own where it has them."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mir_eval.beat import f_measure as mir_f
from numpy.typing import ArrayLike

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from ears import metrics
from ears.metrics import Heard, Truth


@dataclass(frozen=True)
class Said:
    time: float
    emitted: float
    bpm: float = 120.0
    downbeat: bool = False
    confidence: float = 0.9


GRID = np.arange(0.3, 30.0, 0.5)
"""Sixty beats at 120."""


def truth(beats: ArrayLike = GRID, every: int = 4) -> Truth:
    beats = np.asarray(beats, float)
    return Truth(beats, beats[::every], 30.0)


def heard(times: ArrayLike, ahead: float = 0.03, bpm: float = 120.0, every: int = 4) -> Heard:
    return Heard.of([Said(t, t - ahead, bpm, k % every == 0) for k, t in enumerate(np.asarray(times, float))])


# ----------------------------------------------------------------------------------------- F, CMLt, AMLt


def test_all_right() -> None:
    row = metrics.score(truth(), heard(GRID))
    for name in ("f", "cmlt", "amlt", "tempo", "tempo_free", "tempo_time", "tempo_time_free", "locked", "locked_free",
                 "downbeat_f"):
        assert row[name] == 1.0, name
    assert row["lock_s"] == 0.0
    assert row["relock_s"] == []
    assert row["ramp_right"] is None
    assert set(row["phase_ms"]) == {0.0}
    assert row["late_ms"] == [-30.0] * int((GRID >= 5).sum())


def test_nothing_heard() -> None:
    row = metrics.score(truth(), heard([]))
    assert (row["f"], row["cmlt"], row["amlt"], row["tempo_free"], row["tempo_time"], row["locked_free"]) == (0.0,) * 6
    assert row["lock_s"] == math.inf
    assert row["late_ms"] == []


def test_f_by_hand() -> None:
    """Five true, four found; three of them within 70 ms, one of these twice: 2 * 3 / 9."""
    assert metrics.f_measure(np.array([1.0, 2, 3, 4, 5]), np.array([1.06, 2.0, 2.02, 4.93])) == pytest.approx(6 / 9)
    assert metrics.f_measure(np.array([]), np.array([])) == 0.0


def test_a_greedy_pair_takes_no_other_s_beat() -> None:
    """Each true beat has two candidates but for the last, which has one: all three can be matched."""
    assert metrics.pairs(np.array([1.0, 1.05, 1.1]), np.array([0.95, 1.04, 1.17])) == [(0, 0), (1, 1), (2, 2)]


@pytest.mark.parametrize("seed", range(20))
def test_f_is_mir_eval_s(seed: int) -> None:
    rng = np.random.default_rng(seed)
    beats = np.cumsum(rng.uniform(0.05, 0.6, 60))
    kept = (beats + rng.normal(0, 0.06, 60))[rng.random(60) > 0.3]
    found = np.sort(np.concatenate([kept, rng.uniform(0, 20, 10)]))
    assert metrics.f_measure(beats, found) == pytest.approx(mir_f(beats, found))


def test_the_first_five_seconds_are_left_out() -> None:
    late = metrics.score(truth(), heard(GRID[GRID > 5]))
    assert late["f"] == late["amlt"] == 1.0


@pytest.mark.parametrize(("found", "f", "tempo"), [
    (np.arange(0.3, 30.0, 0.25), 2 / 3, 240.0),
    (GRID[::2], 2 / 3, 60.0),
    (GRID + 0.25, 0.0, 120.0),
])
def test_another_level_is_allowed_where_it_says_so(found: np.ndarray, f: float, tempo: float) -> None:
    row = metrics.score(truth(), heard(found, bpm=tempo))
    assert row["f"] == pytest.approx(f, abs=0.02)
    assert row["amlt"] > 0.95
    assert row["cmlt"] < 0.05
    assert (row["tempo"], row["tempo_free"]) == (float(tempo == 120.0), 1.0)
    assert (row["tempo_time"], row["tempo_time_free"]) == (float(tempo == 120.0), 1.0)
    assert (row["locked"], row["locked_free"]) == (0.0, 1.0)
    assert row["lock_s"] == math.inf


def test_the_beat_after_the_end_is_not_wrong() -> None:
    assert metrics.score(truth(), heard([*GRID, 30.3]))["f"] == 1.0


def test_downbeats_are_counted_by_themselves() -> None:
    """One of four is true; said on every fourth but two beats later: none of them is right."""
    shifted = Heard.of([Said(t, t, downbeat=k % 4 == 2) for k, t in enumerate(GRID)])
    assert metrics.score(truth(), shifted)["downbeat_f"] == 0.0
    assert metrics.score(truth(), heard(GRID, every=1))["downbeat_f"] == pytest.approx(2 * 12 / (12 + 50), abs=0.02)
    assert metrics.score(Truth(GRID, np.zeros(0), 30.0), heard(GRID))["downbeat_f"] is None


# ------------------------------------------------------------------------------------------ right beats


def test_right_means_found_once_and_near() -> None:
    beats = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    found = np.array([1.069, 1.931, 2.1, 3.071, 5.0])
    assert metrics.right(beats, found).tolist() == [True, False, False, False, True]
    assert not metrics.right(beats, np.zeros(0)).any()


@pytest.mark.parametrize("seed", range(5))
def test_double_time_is_never_right_twice_in_a_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = np.arange(0.3, 30.0, 0.25)
    flags = metrics.right(GRID, np.sort(found + rng.normal(0, 0.01, len(found))))[:-1]
    assert not len(metrics.runs(flags, 2))


def test_runs() -> None:
    flags = np.array([1, 1, 0, 1, 1, 1, 0], bool)
    assert metrics.runs(flags, 2).tolist() == [0, 3, 4]
    assert metrics.runs(flags, 4).tolist() == []
    assert metrics.runs(flags[:1], 4).tolist() == []


def test_the_first_lock_counts_from_the_first_beat() -> None:
    """Beats 0..3 wrong, 4 right, 5 wrong, from 6 on right: three seconds after the first."""
    found = np.concatenate([GRID[:4] + 0.2, GRID[4:5], GRID[6:]])
    assert metrics.score(truth(), heard(found))["lock_s"] == pytest.approx(3.0)


def test_eight_in_a_row_are_a_lock_and_seven_are_none() -> None:
    for count, locked in ((7, 0.0), (8, 1.0)):
        assert metrics.score(truth(), heard(GRID[20:20 + count]))["locked"] == locked


# ------------------------------------------------------------------------------------- cuts and ramps


def beats_of(*tempi: tuple[float, int]) -> np.ndarray:
    """Beats of several tempi, one after the other: (bpm, number of beats)."""
    return np.concatenate([[0.2], 0.2 + np.cumsum(np.concatenate([np.full(n, 60 / bpm) for bpm, n in tempi]))])


def test_a_cut_is_seen_where_it_is() -> None:
    assert metrics.cuts(beats_of((120, 20), (128, 20))) == [20]
    assert metrics.cuts(beats_of((120, 20), (150, 20), (120, 20))) == [20, 40]
    assert metrics.cuts(GRID) == []
    assert metrics.cuts(GRID[:9]) == []


def test_a_break_at_the_same_tempo_is_a_cut() -> None:
    beats = np.concatenate([GRID[:20], GRID[20:] + 0.2])
    assert metrics.cuts(beats) == [20]


def test_a_hand_that_wavers_cuts_nothing() -> None:
    rng = np.random.default_rng(1)
    assert metrics.cuts(np.sort(GRID + rng.normal(0, 0.02, len(GRID)))) == []


def test_relock_counts_from_the_cut() -> None:
    beats = beats_of((120, 20), (150, 30))
    found = np.concatenate([beats[:21], np.arange(beats[20] + 0.5, beats[26], 0.5), beats[27:]])
    row = metrics.score(Truth(beats, beats[::4], 30.0), heard(found))
    assert row["relock_s"] == [pytest.approx(7 * 0.4)]
    assert metrics.score(Truth(beats, beats[::4], 30.0), heard(beats[:20]))["relock_s"] == [math.inf]


def test_a_ramp_is_no_cut() -> None:
    gaps = np.concatenate([np.full(20, 0.5), np.geomspace(0.5, 0.4, 40), np.full(20, 0.4)])
    beats = np.concatenate([[0.0], np.cumsum(gaps)])
    assert metrics.cuts(beats) == []
    flags = metrics.ramps(beats)
    assert flags[24:56].all()
    assert not flags[:16].any()
    assert not flags[64:].any()
    assert not metrics.ramps(beats_of((120, 20), (150, 20))).any()
    half = np.sort(np.concatenate([beats[:40], beats[40:] + 0.2]))
    row = metrics.score(Truth(beats, beats[::4], 40.0), heard(half))
    inside = flags & (beats >= 5)
    assert row["ramp_right"] == pytest.approx(inside[:40].sum() / inside.sum(), abs=0.05)


# ------------------------------------------------------------------------------------- tempo and lateness


@pytest.mark.parametrize(("ratio", "allowed", "is_near"), [
    (1.039, (1.0,), True), (1.041, (1.0,), False), (0.961, (1.0,), True), (2.0, (1.0,), False),
    (2.0, metrics.OCTAVES, True), (0.5, metrics.OCTAVES, True), (1.5, metrics.OCTAVES, False),
    (math.inf, metrics.OCTAVES, False),
])
def test_near(ratio: float, allowed: tuple[float, ...], is_near: bool) -> None:
    assert bool(metrics.near(ratio, allowed)) is is_near


def test_the_tempo_in_time_is_weighted_by_time() -> None:
    """Said 120 throughout; the music is at 120 for 20 of its seconds after the fifth and at 150 for the rest."""
    beats = beats_of((120, 50), (150, 50))
    _, weight = metrics.said_tempo(beats, heard([0.0]))
    assert weight.sum() == pytest.approx(beats[-1] - beats[beats >= 5][0])
    row = metrics.score(Truth(beats, beats[::4], 50.0), heard([0.0]))
    assert row["tempo_time"] == pytest.approx(20 / 40, abs=0.03)


def test_lateness_is_of_matched_beats_only() -> None:
    said = [Said(6.31, 6.33), Said(7.0, 7.0), Said(8.29, 8.2)]
    late, phase = metrics.lateness(np.array([1.3, 6.3, 8.3]), Heard.of(said))
    assert late == [30.0, -100.0]
    assert phase == [10.0, -10.0]


def test_beats_said_out_of_order_keep_their_own_moment() -> None:
    late, phase = metrics.lateness(np.array([6.0, 7.0]), Heard.of([Said(7.0, 5.9), Said(6.0, 5.95)]))
    assert late == [-50.0, -1100.0]
    assert phase == [0.0, 0.0]


# ------------------------------------------------------------------------------------------- no music


def test_no_music() -> None:
    nothing = Truth(np.zeros(0), np.zeros(0), 30.0)
    said = [Said(1.0, 1.0, confidence=0.2), Said(2.0, 2.0, confidence=0.6)]
    row = metrics.score(nothing, Heard.of(said, [0.1, 0.2, 0.6, 0.1]))
    assert row == {"felt_max": 0.6, "felt_mean": pytest.approx(0.25), "felt_over": 0.25, "phantoms": 2.0}
    assert metrics.score(nothing, Heard.of([])) == {"felt_max": 0.0, "felt_mean": 0.0, "felt_over": 0.0,
                                                    "phantoms": 0.0}
    assert metrics.score(nothing, Heard.of(said))["felt_max"] == 0.6
