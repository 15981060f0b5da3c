"""The ears: what they hear, how fast, and that the frame rate changes nothing."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from sound import RATE, add, drum, house

from vj.audio.analyzer import AUDIO_PARAMS, Analyzer
from vj.audio.source import ArraySource, TrackSource
from vj.audio.tracker.tracker import Tracker
from vj.types import BANDS, Tick

TRACK = Path(__file__).parents[1] / "presets" / "tracks" / "first_light.ogg"


def listen(samples, fps=60.0, rate=RATE, analyzer=None, seconds=None):
    """One ``Features`` per tick."""
    source = ArraySource(samples, rate)
    analyzer = analyzer or Analyzer(rate)
    ticks = (Tick(n, n / fps, 1 / fps) for n in range(round((seconds or source.duration) * fps)))
    return [analyzer.process(tick, source.read(tick.time)) for tick in ticks]


def tone(frequency, seconds=2.0, amplitude=0.5, rate=RATE):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def pink(seconds, amplitude, seed=0):
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, count)
    return amplitude * noise / noise.std()


def beat_errors(heard, beats, after=6.0):
    """Seconds between the clock's whole beats and the true ones."""
    times = np.array([f.time for f in heard])
    counts = np.array([f.beat.count + f.beat.phase for f in heard])
    assert (np.diff(counts) >= 0).all()
    true = beats[(beats > after) & (beats < times[-1])]
    at = np.interp(true, times, counts)
    return (at - at.round()) * 60.0 / heard[-1].beat.bpm


@pytest.mark.parametrize(("fps", "other"), [(30, 60), (24, 144), (30, 50)])
def test_the_frame_rate_changes_nothing(fps, other):
    music, _ = house(124, 6.0)
    few, many = listen(music, fps), listen(music, other)
    common = {round(f.time, 9): f for f in many}
    pairs = [(f, common[round(f.time, 9)]) for f in few if round(f.time, 9) in common]
    assert len(pairs) >= 6
    for a, b in pairs:
        assert (a.bands, a.rms, a.chroma, a.centroid) == (b.bands, b.rms, b.chroma, b.centroid)
        assert a.beat.count + a.beat.phase == pytest.approx(b.beat.count + b.beat.phase, abs=1e-9)
        assert a.beat.bpm == b.beat.bpm


@pytest.mark.parametrize("fps", [30, 60, 144])
def test_no_hit_is_missed_or_repeated(fps):
    music, beats = house(124, 8.0, hats=False)
    heard = listen(music, fps)
    kicks = [f.time for f in heard if f.kick]
    assert len(kicks) == len(beats)
    delay = np.array(kicks) - beats
    assert delay.min() > 0
    assert delay.max() < 0.035 + 1 / fps


def test_hits_peak_within_20_ms_of_the_kick():
    music, beats = house(124, 8.0)
    analyzer = Analyzer(RATE)
    heard = listen(music, RATE / 256, analyzer=analyzer)
    times = np.array([f.time for f in heard])
    hits = np.array([f.bands["bass"].hits for f in heard])
    for beat in beats[4:-1]:
        after = (times >= beat) & (times < beat + 0.06)
        peak = times[after][hits[after] >= 0.75 * hits[after].max()][0] - beat
        assert hits[after].max() > 0.8
        assert peak < 0.02 + analyzer.hop / RATE
        assert hits[np.searchsorted(times, beat - 0.005)] < 0.3
    assert analyzer.latency < 0.02


@pytest.mark.parametrize("bpm", [90, 100, 110, 124, 128, 140, 150, 160, 174])
def test_locks_on_four_on_the_floor(bpm):
    music, beats = house(bpm, 16.0)
    analyzer = Analyzer(RATE)
    if not 95 < bpm < 155:  # where the octave is a matter of opinion it is the performer's
        analyzer.control(Tick(0, 0.0, 1 / 60), {}, {"slowest": 0.75 * bpm, "fastest": 1.25 * bpm})
    heard = listen(music, 60, analyzer=analyzer)
    errors = beat_errors(heard, beats)
    assert np.mean(np.abs(errors) < 0.04) >= 0.95
    assert heard[-1].beat.bpm == pytest.approx(bpm, rel=0.005)
    assert np.median(np.abs(errors)) < 0.012
    assert heard[-1].beat.confidence > 0.5


@pytest.mark.parametrize("bpm", [150, 160])
def test_a_plain_kick_is_not_halved_in_the_long_run(bpm):
    """Every beat sounds like the one before, and doubt about the octave could grow for ever."""
    tracker = Tracker(RATE)
    tracker.hear(house(bpm, 24.0)[0])
    assert tracker.bpm == pytest.approx(bpm, rel=0.01)


def test_runs_free_when_the_kick_is_gone():
    music, beats = house(124, 24.0)
    gone = (np.arange(len(music)) > 12.0 * RATE)
    pad = 0.1 * (tone(440, 24.0, 1.0) + tone(554, 24.0, 1.0))
    heard = listen(np.where(gone, 0.0, music)[:len(pad)] + pad[:len(music)], 60)
    assert np.abs(beat_errors(heard, beats)).max() < 0.04
    assert heard[-1].beat.confidence < 0.3
    assert not any(f.kick for f in heard if f.time > 12.2)


@pytest.mark.slow
@pytest.mark.skipif(not TRACK.exists(), reason="the bundled track is not there")
def test_the_bundled_track_is_heard_as_it_was_written():
    grid = json.loads(TRACK.with_suffix(".json").read_text())
    source = TrackSource.open(TRACK)
    analyzer = Analyzer(source.rate)
    ticks = [Tick(n, n / 60, 1 / 60) for n in range(int(source.duration * 60))]
    heard = [analyzer.process(tick, source.read(tick.time)) for tick in ticks]
    source.close()
    beats = np.array(grid["beats"])
    assert np.mean(np.abs(beat_errors(heard, beats[beats < source.duration - 1])) < 0.04) >= 0.95
    kicks = np.array([f.time for f in heard if f.kick])
    found = [np.any((kicks > kick) & (kicks < kick + 0.055)) for kick in grid["kicks"]]
    assert np.mean(found) > 0.9
    strong = np.array([f.time for f in heard if f.kick > 0.6])
    false = [kick for kick in strong if np.abs(kick - 0.03 - np.array(grid["kicks"])).min() > 0.05]
    assert len(false) < 0.03 * len(strong)


def test_silence_stays_silence():
    rng = np.random.default_rng(0)
    for noise in (np.zeros(RATE * 3), 10 ** (-75 / 20) * rng.standard_normal(RATE * 3)):
        last = listen(noise)[-1]
        assert (last.rms, last.onset, last.kick, last.beat.confidence) == (0, 0, 0, 0)
        assert all(band.level == 0 == band.hits for band in last.bands.values())
        assert not any(last.chroma)


def test_a_quiet_feed_fills_the_range_in_seconds():
    music, _ = house(124, 12.0)
    quiet = music * 10 ** (-40 / 20) / np.sqrt(np.mean(music**2))
    loud, soft = listen(music), listen(quiet)
    for name in ("sub", "bass", "high"):
        levels = [np.array([f.bands[name].level for f in heard if 4 < f.time < 12]) for heard in (loud, soft)]
        assert levels[1].max() > 0.85
        assert levels[1].max() - levels[1].min() > 0.5
        assert np.abs(levels[0] - levels[1]).mean() < 0.05
    assert max(f.rms for f in soft if f.time > 4) == pytest.approx(max(f.rms for f in loud if f.time > 4), abs=0.05)
    assert max(f.kick for f in soft if f.time > 4) > 0.8


def test_from_loud_to_quiet_recovers():
    music, _ = house(124, 30.0)
    music[10 * RATE:] *= 10 ** (-25 / 20)
    heard = listen(music, 30)
    early = max(f.bands["bass"].level for f in heard if 5 < f.time < 10)
    late = max(f.bands["bass"].level for f in heard if 27 < f.time < 30)
    assert late > 0.8 * early


def test_silence_freezes_the_gain():
    music, _ = house(124, 6.0)
    analyzer = Analyzer(RATE)
    gap = np.concatenate([music, np.zeros(40 * RATE), music])
    heard = listen(gap, 30, analyzer=analyzer)
    before = np.mean([f.bands["bass"].level for f in heard if 4 < f.time < 6])
    after = np.mean([f.bands["bass"].level for f in heard if 46.5 < f.time < 48.5])
    assert after == pytest.approx(before, rel=0.15)


def test_a_loud_band_does_not_silence_the_others():
    music, _ = house(124, 8.0)
    loud_bass = 0.05 * music + 0.6 * tone(90, 8.0, 1.0)
    highs = [f.bands["high"].level for f in listen(loud_bass) if f.time > 4]
    assert max(highs) > 0.8
    assert min(highs) < 0.3


@pytest.mark.parametrize(("name", "lo", "hi"), BANDS)
def test_a_tone_is_in_its_band(name, lo, hi):
    heard = listen(tone((lo * hi) ** 0.5))[-1]
    assert heard.bands[name].level > 0.9
    beside = {n for n, a, b in BANDS if n != name and a != hi and b != lo}
    assert all(heard.bands[n].level < 0.1 for n in beside)
    assert heard.bands[name].presence > 0.3
    assert heard.bands[name].hits < 0.05
    assert 1.5 < heard.bands[name].time < 2.0


def test_steady_noise_is_not_a_string_of_hits():
    heard = [f for f in listen(pink(8.0, 0.1)) if f.time > 2]
    for name, _, _ in BANDS:
        assert np.mean([f.bands[name].hits for f in heard]) < (0.5 if name == "sub" else 0.3)
        assert np.mean([f.bands[name].level for f in heard]) > 0.4


def test_chroma_and_centroid():
    chord = tone(261.63) + tone(329.63) + tone(392.0)
    heard = listen(0.3 * chord)[-1]
    assert {int(n) for n in np.argsort(heard.chroma)[-3:]} == {0, 4, 7}
    assert sorted(heard.chroma)[-4] < 0.3
    assert listen(tone(3000))[-1].centroid == pytest.approx(3000, rel=0.02)


@pytest.mark.parametrize("both", [np.array([1, 0]), np.array([0, 1]), np.array([1, -1])])
def test_one_side_alone_and_a_miswired_cable_are_heard(both):
    music, beats = house(124, 8.0)
    heard = listen(music[:, None] * both)
    assert max(f.bands["bass"].level for f in heard) > 0.9
    assert len([f for f in heard if f.kick > 0.5]) >= len(beats) - 1


def test_nan_and_infinity_never_get_in():
    music, beats = house(124, 10.0)
    music = np.stack([music, music], 1)
    music[RATE:RATE + 500] = np.nan
    music[2 * RATE] = np.inf
    music[3 * RATE] = -np.inf
    heard = listen(music)
    for f in heard:
        numbers = [f.rms, f.onset, f.kick, f.centroid, *f.chroma, f.beat.phase, f.beat.bpm, f.beat.confidence]
        numbers += [v for b in f.bands.values() for v in (b.level, b.hits, b.presence, b.time)]
        assert np.isfinite(numbers).all()
        assert all(0 <= v <= 1 for b in f.bands.values() for v in (b.level, b.hits, b.presence))
    assert np.mean(np.abs(beat_errors(heard, beats)) < 0.04) >= 0.95


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
def test_any_rate(rate):
    music, beats = house(124, 8.0, rate=rate)
    heard = listen(music, rate=rate)
    assert heard[-1].beat.bpm == pytest.approx(124, rel=0.01)
    assert abs(len([f for f in heard if f.kick > 0.3]) - len(beats)) <= 1


def test_after_the_last_sample_everything_comes_to_rest():
    music, _ = house(124, 4.0)
    heard = listen(music, seconds=8.0)
    assert heard[-1].rms < 1e-3
    assert heard[-1].bands["bass"].level < 1e-3
    assert heard[-1].time == pytest.approx(8.0, abs=0.02)


def test_one_sample_and_no_sample():
    assert listen(np.array([0.5]), seconds=1.0)[-1].rms < 0.01
    analyzer = Analyzer(RATE)
    assert analyzer.process(Tick(0, 0.0, 0.1), np.zeros((0, 2), np.float32)).rms == 0


def test_parameters_are_declared_and_used():
    names = {spec.name for spec in AUDIO_PARAMS}
    assert names == {"gain", "gate", "release", "hold"}
    music, _ = house(124, 4.0)

    def last_levels(**audio):
        analyzer = Analyzer(RATE)
        source = ArraySource(music, RATE)
        levels = []
        for n in range(240):
            tick = Tick(n, n / 60, 1 / 60)
            analyzer.control(tick, audio, {})
            levels.append(analyzer.process(tick, source.read(tick.time)).bands["bass"].level)
        return np.mean(levels[120:])

    usual = last_levels()
    assert last_levels(gain=12.0) > usual + 0.05
    assert last_levels(gain=-12.0) < usual - 0.05
    assert last_levels(gate=-3.0) == 0
    assert last_levels(release=1.5) > usual + 0.05


def test_a_single_kick_in_silence_is_heard_once():
    track = np.zeros(3 * RATE)
    add(track, 0.5 * drum(), 1.0)
    heard = listen(track)
    assert len([f for f in heard if f.kick]) == 1
    assert len([f for f in heard if f.onset]) == 1
    assert heard[-1].bands["bass"].level < 0.01


def test_cost_is_reported(record_property):
    music, _ = house(124, 10.0)
    listen(music[:RATE])
    start = time.process_time()
    listen(music)
    share = (time.process_time() - start) / 10.0
    record_property("percent_of_one_core", round(100 * share, 2))
    assert share < 0.15  # far above the figure (docs/benchmarks): a machine under load must not fail here
