"""The bundled track is where its grid says, loud and clean; the scripts that make it and the click track do as told."""

import importlib.util
import json
import sys
import wave
from importlib.machinery import SourceFileLoader
from pathlib import Path

import av
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from track import drums, dynamics, filters, grid, ogg, oscillators, score, space, theme  # noqa: E402
from track.mix import CEILING, line, mix  # noqa: E402

OGG = ROOT / "presets" / "tracks" / "first_light.ogg"
BANDS = ((20, 60), (60, 250), (250, 500), (500, 2000), (2000, 6000), (6000, 16_000))
RATE = grid.RATE


def decode(path):
    with av.open(str(path)) as container:
        assert container.streams.audio[0].rate == RATE
        return np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1).T.astype(float)


@pytest.fixture(scope="module")
def sound():
    return decode(OGG)


@pytest.fixture(scope="module")
def beat_grid():
    return json.loads(OGG.with_suffix(".json").read_text())


def low_band(sound):
    return filters.equalise(sound, filters.lowpass(150), filters.lowpass(150))


def part(sound, section):
    return sound[round(grid.at(section.first) * RATE) : round(grid.at(section.end) * RATE)]


def band_levels(sound):
    power = np.abs(np.fft.rfft(sound.mean(axis=1))) ** 2 / len(sound) ** 2
    freqs = np.fft.rfftfreq(len(sound), 1 / RATE)
    return [10 * np.log10(2 * power[(freqs >= lo) & (freqs < hi)].sum() + 1e-15) for lo, hi in BANDS]


# --- the file that travels in the wheel


def test_the_file_is_small_and_as_long_as_its_grid_says(sound, beat_grid):
    assert OGG.stat().st_size < 1_500_000
    assert 75 <= beat_grid["duration"] <= 90
    assert abs(len(sound) / RATE - beat_grid["duration"]) < 0.001
    assert sound.shape[1] == 2


def test_the_grid_is_regular_and_its_sections_join(beat_grid):
    beats = np.array(beat_grid["beats"])
    assert np.abs(np.diff(beats) - 60 / beat_grid["bpm"]).max() < 2e-6
    assert beats[0] == beat_grid["first_beat"] < 1.0
    assert beat_grid["downbeats"] == beat_grid["beats"][::4]
    assert set(beat_grid["kicks"]) <= set(beat_grid["beats"])
    sections = beat_grid["sections"]
    assert [s["end"] for s in sections[:-1]] == [s["start"] for s in sections[1:]]
    assert {"breakdown", "drop"} <= {s["name"] for s in sections}


def find_kick(low, time, reach=RATE // 100, span=RATE // 20):
    """How many samples from ``time`` the low band is most like a kick, and how like one it is (1: the same)."""
    shape = low_band(np.pad(drums.kick(), (0, span)))[:span]
    start = round(time * RATE)
    heard = np.lib.stride_tricks.sliding_window_view(low[start - reach : start + reach + span - 1], span)
    matched = heard @ shape
    at = int(np.argmax(matched))
    return at - reach, matched[at] / np.linalg.norm(heard[at]) / np.linalg.norm(shape)


def test_every_kick_in_the_decoded_file_is_within_two_milliseconds_of_the_grid(sound, beat_grid):
    low = low_band(sound.mean(axis=1))
    for kick in beat_grid["kicks"]:
        offset, likeness = find_kick(low, kick)
        assert abs(offset) <= 0.002 * RATE, f"the kick at {kick:.3f} s is {1000 * offset / RATE:.1f} ms off"
        assert likeness > 0.8


def test_the_beats_without_a_kick_are_those_of_breakdown_build_and_two_turns(sound, beat_grid):
    low = low_band(sound.mean(axis=1))
    silent = sorted(set(beat_grid["beats"]) - set(beat_grid["kicks"]))
    assert len(silent) == 8 * 4 + 2
    assert max(find_kick(low, time, reach=RATE // 500)[1] for time in silent) < 0.75  # every kick: over 0.8


def test_it_is_loud_but_never_clips(sound):
    assert -12 < dynamics.loudness(sound) < -10
    assert 10 ** (-2.5 / 20) < np.abs(sound).max() < 10 ** (-0.5 / 20)


def test_the_music_starts_at_once_and_ends_in_silence(sound):
    assert np.abs(sound[: RATE // 2]).max() > 0.3
    assert np.abs(sound[-RATE // 10 :]).max() < 0.01


def test_all_six_bands_sound_in_groove_and_drop(sound):
    for section in (grid.GROOVE, grid.DROP):
        levels = band_levels(part(sound, section))
        assert min(levels) > max(levels) - 18, levels


def test_the_breakdown_loses_its_ground_and_the_drop_brings_it_back(sound):
    breakdown, build, drop = (band_levels(part(sound, s)) for s in (grid.BREAKDOWN, grid.BUILD, grid.DROP))
    assert breakdown[0] < drop[0] - 6
    assert build[0] < drop[0] - 25
    assert dynamics.loudness(part(sound, grid.BREAKDOWN)) < dynamics.loudness(part(sound, grid.DROP)) - 3


def test_the_bass_is_in_the_middle_and_the_rest_is_wide(sound):
    side, mid = sound[:, 0] - sound[:, 1], sound[:, 0] + sound[:, 1]
    assert np.std(low_band(side)) < 0.1 * np.std(low_band(mid))
    assert 0.3 < np.corrcoef(sound.T)[0, 1] < 0.95


# --- the script


@pytest.mark.slow
def test_the_script_makes_this_very_file(sound, tmp_path):
    played = score.write(2)
    made = mix(played)
    ogg.write_ogg(tmp_path / "a.ogg", made)
    ogg.write_ogg(tmp_path / "b.ogg", mix(score.write(2)))
    assert (tmp_path / "a.ogg").read_bytes() == (tmp_path / "b.ogg").read_bytes()
    count = round(grid.at(2) * RATE) - RATE // 10  # the limiter and the filters look a little past the cut
    ours, theirs = made[:count].ravel(), sound[:count].ravel()
    assert np.corrcoef(ours, theirs)[0, 1] > 0.98
    assert abs(np.std(ours) / np.std(theirs) - 1) < 0.02
    assert len(played.kicks) == 8


def test_a_pattern_reads_as_steps_and_velocities():
    assert list(theme.hits("9..3")) == [(0, 1.0), (3, pytest.approx(1 / 3))]
    patterns = (theme.CLOSED, theme.OPEN, theme.CLAP, theme.RIDE, theme.CONGAS, *theme.STABS, *theme.BASS)
    assert {len(pattern) for pattern in patterns} == {16}


def test_odd_sixteenths_swing_and_beats_do_not():
    assert grid.at(1, 4) == pytest.approx(grid.LEAD_IN + grid.BAR + grid.BEAT)
    assert grid.at(0, 1) - grid.at(0, 1, swing=False) == pytest.approx(grid.SWING * grid.STEP)


# --- the instruments' parts


def test_oscillators_keep_their_pitch_and_do_not_fold():
    tone = oscillators.saw(2500.0, 1.0)
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)))) / len(tone) * 4
    assert np.argmax(spectrum) == 2500
    between = np.delete(spectrum[:12_000], [h * 2500 + d for h in range(1, 5) for d in range(-5, 6)])
    assert between.max() < 0.02  # a naive sawtooth folds its harmonics back at 0.1 and more


def test_a_filter_passes_and_stops_what_it_should():
    t = oscillators.seconds(0.5)
    low, high = np.sin(2 * np.pi * 100 * t), np.sin(2 * np.pi * 5000 * t)
    assert np.std(filters.equalise(low, filters.lowpass(1000))) == pytest.approx(np.std(low), rel=0.03)
    assert np.std(filters.equalise(high, filters.lowpass(1000))) < 0.03
    assert np.std(filters.equalise(low, filters.highpass(1000))) < 0.03
    both = np.stack([low + high, low + high], axis=1)
    opened = filters.sweep(both, np.full(len(t), 20_000.0))
    closed = filters.sweep(both, np.full(len(t), 500.0))
    assert np.std(opened) > 0.95
    assert np.std(closed) == pytest.approx(np.std(low), rel=0.05)


def test_the_limiter_stops_at_the_ceiling_and_leaves_the_quiet_alone():
    quiet = 0.1 * oscillators.noise("limit", 1.0)
    loud = np.stack([quiet, quiet], axis=1)
    loud[20_000:20_100] *= 40
    held = dynamics.limit(loud, CEILING)
    assert np.abs(held).max() <= CEILING * 1.000001
    assert np.array_equal(held[:10_000], loud[:10_000])


def test_the_meter_knows_the_reference_tone():
    tone = np.sin(2 * np.pi * 997 * oscillators.seconds(3.0))
    assert dynamics.loudness(np.stack([tone, 0 * tone], axis=1)) == pytest.approx(-3.01, abs=0.1)  # BS.1770
    assert dynamics.loudness(np.zeros((RATE, 2))) == -np.inf


def test_the_duck_dips_at_a_kick_and_comes_back():
    gain = dynamics.duck(RATE, [0.2], depth=0.8)[:, 0]
    assert gain[: RATE // 5].min() == 1.0
    assert gain[round(0.22 * RATE)] == pytest.approx(0.2, abs=0.01)
    assert gain[round(0.52 * RATE) :].min() == 1.0


def test_a_room_dies_away_and_an_echo_comes_in_time():
    hall = space.room("hall", 1.0, 0.4)
    assert np.std(hall[RATE : RATE + 4800]) < 0.01 * np.std(hall[1000:5800])
    echo = space.echoes(3, 0.5, 4000)
    first = int(np.argmax(np.abs(echo).sum(axis=1)))
    assert abs(first / RATE - 3 * grid.STEP) < 0.001


def test_an_automation_line_goes_through_its_points():
    curve = line(((0, 100), (1, 400)), round(grid.at(1) * RATE))
    assert curve[round(grid.at(0.5) * RATE)] == pytest.approx(200, rel=0.001)


# --- the click track


@pytest.fixture(scope="module")
def make_click():
    loader = SourceFileLoader("make_click", str(ROOT / "scripts" / "make_click"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("make_click", loader))
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # a script leaves nothing beside itself
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = bytecode
    return module


def test_clicks_start_at_their_sample_and_reach_the_low_band(make_click, tmp_path):
    path = tmp_path / "click.wav"
    times = make_click.write(path, 128, 5.0, 0.5)
    assert json.loads(path.with_suffix(".json").read_text())["clicks"] == times
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (44_100, 2, 5 * 44_100)
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    loud = np.flatnonzero(np.abs(pcm[:, 0]) > 20_000)
    starts = loud[np.diff(loud, prepend=-44_100) > 4410]
    assert np.array_equal(starts, np.round(np.array(times) * 44_100))
    assert np.abs(np.diff(times) - 60 / 128).max() < 1 / 44_100 + 1e-9
    one = make_click.click()
    power = np.abs(np.fft.rfft(one, 44_100)) ** 2
    assert power[:150].sum() > 0.5 * power.sum()


def test_a_click_that_does_not_fit_is_left_out(make_click):
    assert make_click.click_times(60, 3.0, 1.0) == [1.0, 2.0]
    assert make_click.click_times(60, 0.5, 1.0) == []
