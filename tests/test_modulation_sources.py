"""Every modulation source: in range, the same at 30 and 60 fps, and doing what its file promises."""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from vj import registry
from vj.modulation.sources._base import lot, wave
from vj.params.spec import checked
from vj.types import BANDS, Band, Beat, Features, ModSource, ParamSpec, Tick, Value

PACKAGE = "vj.modulation.sources"
BPM = 120.0
HITS = (0.1, 0.35, 0.6, 0.72, 1.15, 1.4, 1.72, 2.2, 2.6)


def kind(name: str) -> Callable[[], ModSource]:
    made: Callable[[], ModSource] = registry.load(PACKAGE, name, "Source")
    return made


def song(at: float, since: float) -> Features:
    """A made-up track as it is heard at ``at``, last asked at ``since``."""
    beats = at * BPM / 60
    hit = max((0.9 for t in HITS if since < t <= at), default=0.0)
    ring = max((math.exp(-(at - t) / 0.08) for t in HITS if t <= at), default=0.0)
    bands = {name: Band(0.5 + 0.4 * math.sin(at * (2 + i)), ring, 0.4 + 0.1 * math.sin(at), 0.5 * at)
             for i, (name, _, _) in enumerate(BANDS)}
    beat = Beat(BPM, int(beats), beats % 1.0, bar_phase=beats / 4 % 1.0, confidence=1.0, bars=int(beats / 4))
    return Features(at, rms=0.5 + 0.3 * math.sin(3 * at), bands=bands, onset=hit, kick=hit, chroma=(0.1,) * 12,
                    centroid=900.0, beat=beat)


def ticks(fps: float, seconds: float) -> Iterator[tuple[Tick, Features]]:
    """Ticks whose last one ends at ``seconds``."""
    for index in range(round(seconds * fps)):
        at = (index + 1) / fps
        yield Tick(index, at, 1 / fps), song(at, index / fps)


def run(name: str, fps: float = 60, seconds: float = 2.0, **params: Value) -> np.ndarray:
    source = kind(name)()
    return np.array([source.value(tick, features, params) for tick, features in ticks(fps, seconds)])


def settings(name: str) -> list[dict[str, Value]]:
    """The defaults, then each parameter at its ends and each of its choices."""
    return [{}, *({spec.name: value} for spec in kind(name).PARAMS for value in reach(spec))]  # type: ignore[attr-defined]


def reach(spec: ParamSpec) -> list[Value]:
    match spec.kind:
        case "choice":
            return list(spec.choices)
        case "switch":
            return [True, False]
        case _:
            return [checked(spec, value, spec.name) for value in (spec.lo, spec.hi)]


CASES = [(name, params) for name in registry.names(PACKAGE) for params in settings(name)]
IDS = [f"{name}-{'-'.join(f'{k}={v}' for k, v in params.items()) or 'defaults'}" for name, params in CASES]

# --------------------------------------------------------------------------------------- the contract


def test_the_sources_of_the_house() -> None:
    assert {"lfo", "audio_band", "envelope", "beat_wave", "noise"} <= set(registry.names(PACKAGE))


@pytest.mark.parametrize("name", registry.names(PACKAGE))
def test_it_says_what_it_is(name: str) -> None:
    made = kind(name)()
    assert name == made.NAME
    assert made.HELP.endswith(".")
    names = [spec.name for spec in made.PARAMS]
    assert len(set(names)) == len(names)
    for spec in made.PARAMS:
        assert spec.help, spec.name
        assert checked(spec, spec.default, spec.name) == spec.default


@pytest.mark.parametrize(("name", "params"), CASES, ids=IDS)
def test_it_stays_in_range_and_repeats(name: str, params: dict[str, Value]) -> None:
    values = run(name, 60, 8.0, **params)
    assert np.isfinite(values).all()
    assert values.min() >= -1.0
    assert values.max() <= 1.0
    assert np.array_equal(values, run(name, 60, 8.0, **params))


@pytest.mark.parametrize(("name", "params"), CASES, ids=IDS)
def test_it_is_the_same_at_30_and_60_fps(name: str, params: dict[str, Value]) -> None:
    """Where both have a tick. A hit is known to a tick, so up to 1/30 s of its fall may differ."""
    period = 1 / 30
    for seconds in (1.1, 2.1, 3.1):
        slow, fast = (run(name, fps, seconds, **params)[-1] for fps in (30, 60))
        near = [run(name, 60, seconds + shift, **params)[-1] for shift in (-period, period)]
        room = 0.03 + max(abs(fast - value) for value in near) * 0.6
        assert slow == pytest.approx(fast, abs=room)


@pytest.mark.parametrize("name", registry.names(PACKAGE))
def test_it_moves(name: str) -> None:
    assert np.ptp(run(name, 60, 4.0)) > 0.2


@pytest.mark.parametrize("name", registry.names(PACKAGE))
def test_two_uses_don_t_share_anything(name: str) -> None:
    alone = run(name)
    one, two = kind(name)(), kind(name)()
    for (tick, features), value in zip(ticks(60, 2.0), alone, strict=True):
        two.value(tick, song(tick.time * 3, tick.time), {})
        assert one.value(tick, features, {}) == value


# -------------------------------------------------------------------------------------------- lfo


@pytest.mark.parametrize(("shape", "quarters"), [
    ("sine", (0.0, 1.0, 0.0, -1.0)), ("triangle", (0.0, 1.0, 0.0, -1.0)), ("saw", (-1.0, -0.5, 0.0, 0.5)),
    ("square", (1.0, 1.0, -1.0, -1.0))])
def test_waves(shape: str, quarters: tuple[float, ...]) -> None:
    assert [wave(shape, q / 4) for q in range(4)] == pytest.approx(quarters)


def test_lfo_runs_at_its_rate_and_a_turn_of_it_never_jumps() -> None:
    values = run("lfo", 240, 4.0, rate=2.0)
    assert np.count_nonzero(np.diff(np.signbit(values))) == pytest.approx(16, abs=1)
    source, last = kind("lfo")(), 0.0
    for tick, features in ticks(60, 20.0):
        rate = 0.05 if tick.index % 200 < 100 else 0.5
        value = source.value(tick, features, {"rate": rate})
        assert abs(value - last) <= 2 * math.pi * 0.5 / 60 + 1e-9
        last = value


def test_lfo_in_sync_keeps_to_the_beats_whatever_the_clock() -> None:
    source = kind("lfo")()
    for index in range(400):
        beats = 0.5 * index / 60 + 0.3 * math.sin(index / 60)  # a tempo that sways
        beats = max(beats, 0.0)
        features = Features(beat=Beat(count=int(beats), phase=beats % 1.0))
        value = source.value(Tick(index, 0.0, 1 / 60), features, {"sync": True, "beats": 2.0})
        assert value == pytest.approx(math.sin(math.pi * beats), abs=1e-6)


def test_lfo_random_holds_and_glides() -> None:
    stepped = run("lfo", 100, 5.0, shape="random", rate=2.0, glide=0.0)
    assert len(set(stepped)) in (10, 11)
    smooth = run("lfo", 100, 5.0, shape="random", rate=2.0, glide=1.0)
    assert np.abs(np.diff(smooth)).max() < 0.12
    assert not np.array_equal(stepped, run("lfo", 100, 5.0, shape="random", rate=2.0, glide=0.0, seed=1))


def test_lots_are_even() -> None:
    drawn = np.array([lot(3, index) for index in range(-2000, 2000)])
    assert abs(drawn.mean()) < 0.05
    assert drawn.std() == pytest.approx(1 / math.sqrt(3), abs=0.03)
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.06


# ------------------------------------------------------------------------------------- audio_band


def hear(source: ModSource, values: list[float], fps: float = 60, **params: Value) -> np.ndarray:
    return np.array([source.value(Tick(i, i / fps, 1 / fps), Features(rms=v, kick=v, bands={
        name: Band(level=v) for name, _, _ in BANDS}), params) for i, v in enumerate(values)])


def test_audio_band_rises_and_falls_in_its_times() -> None:
    out = hear(kind("audio_band")(), [1.0] * 60 + [0.0] * 60, band="rms", attack=0.25, release=0.5)
    assert out[14] == pytest.approx(1 - math.exp(-1), abs=0.02)
    assert out[60 + 29] / out[59] == pytest.approx(math.exp(-1), abs=0.02)


@pytest.mark.parametrize("fps", [24, 30, 60, 144])
def test_audio_band_never_misses_a_kick_of_one_tick(fps: int) -> None:
    out = hear(kind("audio_band")(), [0.0] * 3 + [1.0] + [0.0] * fps, fps, band="kick", attack=0.005, release=0.3)
    assert out.max() > 0.7
    assert out[3 + round(0.3 * fps)] == pytest.approx(math.exp(-1), abs=0.08)


def test_audio_band_floor_and_gain() -> None:
    out = hear(kind("audio_band")(), [0.4] * 60, band="mid", floor=0.5)
    assert out.max() == 0.0
    out = hear(kind("audio_band")(), [0.6] * 60, band="mid", floor=0.2, gain=1.0)
    assert out[-1] == pytest.approx(0.5, abs=1e-3)
    out = hear(kind("audio_band")(), [0.6] * 60, band="full", gain=4.0)
    assert out[-1] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("signal", ["level", "hits", "presence"])
def test_audio_band_hears_the_band_and_signal_it_was_told(signal: str) -> None:
    for (name, _, _), (other, _, _) in itertools.permutations(BANDS, 2):
        features = Features(bands={n: Band(**{signal: 0.8}) if n == name else Band() for n, _, _ in BANDS})
        tick = Tick(0, 0.0, 0.1)
        assert kind("audio_band")().value(tick, features, {"band": name, "signal": signal}) > 0.7
        assert kind("audio_band")().value(tick, features, {"band": other, "signal": signal}) == 0.0


# --------------------------------------------------------------------------------------- envelope


def strike(kicks: dict[int, float], length: int = 120, **params: Value) -> np.ndarray:
    source = kind("envelope")()
    return np.array([source.value(Tick(i, i / 60, 1 / 60), Features(kick=kicks.get(i, 0.0)), params)
                     for i in range(length)])


def test_envelope_goes_up_holds_and_falls() -> None:
    out = strike({0: 0.8}, attack=0.5, hold=0.25, decay=0.5)
    assert out[15] == pytest.approx(0.5)
    assert out[30:45] == pytest.approx(np.ones(15))
    assert out[45 + 30] == pytest.approx(math.exp(-1))


def test_envelope_wants_a_strong_hit_and_counts_them() -> None:
    assert strike({5: 0.29}).max() == 0.0
    assert strike({5: 0.31})[5] == 1.0
    tops = np.flatnonzero(strike(dict.fromkeys(range(0, 120, 10), 1.0), every=4) == 1.0)
    assert list(tops) == [0, 40, 80]
    assert strike({5: 0.5}, velocity=True).max() == 0.5


def test_envelope_does_not_start_twice_on_one_hit_and_takes_over_without_a_jump() -> None:
    trembling = strike({10: 0.9, 11: 0.85, 12: 0.95, 13: 0.5}, decay=0.2)
    assert list(np.flatnonzero(trembling == 1.0)) == [10]
    again = strike({0: 1.0, 30: 1.0}, attack=0.2, decay=1.0)
    assert np.abs(np.diff(again)[12:]).max() < 0.1
    assert again[42] == pytest.approx(1.0)


@pytest.mark.parametrize(("trigger", "count"), [("beat", 7), ("bar", 1)])
def test_envelope_on_the_grid(trigger: str, count: int) -> None:
    values = run("envelope", 60, 3.9, trigger=trigger, decay=0.1)
    assert np.count_nonzero(values == 1.0) == count


# -------------------------------------------------------------------------------------- beat_wave


def at_beat(position: float, **params: Value) -> float:
    features = Features(beat=Beat(count=7, phase=position % 1.0, bars=math.floor(position / 4),
                                  bar_phase=position / 4 % 1.0))
    return kind("beat_wave")().value(Tick(0, 0.0, 0.0), features, params)


@pytest.mark.parametrize("beats", [0.25, 0.5, 1.0, 2.0, 8.0, 32.0])
@pytest.mark.parametrize("shape", ["sine", "triangle", "square", "decay"])
def test_beat_wave_has_its_top_on_each_cycle_s_beat(shape: str, beats: float) -> None:
    for cycle in range(5):
        assert at_beat(cycle * beats, shape=shape, beats=beats) == pytest.approx(1.0)
        assert at_beat((cycle + 0.6) * beats, shape=shape, beats=beats) < 0.4


def test_beat_wave_saw_rises_to_the_beat() -> None:
    values = [at_beat(q / 8, shape="saw") for q in range(8)]
    assert values == pytest.approx([q / 8 for q in range(8)])


def test_beat_wave_offset_and_width() -> None:
    assert at_beat(4.5, shape="sine", offset=0.5) == 1.0
    lit = np.mean([at_beat(i / 1000, shape="square", width=0.2) for i in range(1000)])
    assert lit == pytest.approx(0.2, abs=0.01)
    assert at_beat(0.2, shape="sine", width=0.2) == pytest.approx(0.0)
    assert at_beat(0.5, width=0.1) < at_beat(0.5, width=0.9)
    assert at_beat(0.5, shape="sine", bipolar=True) == -1.0


@pytest.mark.parametrize("shape", ["sine", "triangle"])
def test_beat_wave_is_continuous_over_beats_and_bars(shape: str) -> None:
    values = [at_beat(i / 200, shape=shape, beats=3.0) for i in range(4000)]
    assert np.abs(np.diff(values)).max() < 0.01


# ------------------------------------------------------------------------------------------ noise


def test_noise_is_smooth_wide_and_even() -> None:
    values = run("noise", 60, 200.0, rate=0.5)
    assert np.abs(np.diff(values)).max() < 0.12
    assert abs(values.mean()) < 0.1
    assert values.max() > 0.7
    assert values.min() < -0.7


def test_noise_hurries_with_the_music() -> None:
    def travelled(loud: float) -> float:
        return float(np.abs(np.diff(hear(kind("noise")(), [loud] * 1200, hurry=3.0))).sum())

    assert travelled(1.0) > 2.5 * travelled(0.0)


# ------------------------------------------------------------------------------------- every_beat


def gates(beats: float, seconds: float = 16.0, fps: float = 60, **params: Value) -> list[float]:
    """The beats on which a pulse begins."""
    values = run("every_beat", fps, seconds, beats=beats, **params)
    rises = np.flatnonzero(np.diff(values, prepend=0.0) > 0.5)
    return [round((index + 1) / fps * BPM / 60 * 4) / 4 for index in rises]


@pytest.mark.parametrize("beats", [1.0, 3.0, 4.0, 8.0])
def test_every_beat_comes_on_every_n_th(beats: float) -> None:
    assert gates(beats) == list(np.arange(0.0, 32.1, beats)) or gates(beats)[1:] == list(np.arange(beats, 32.1, beats))


def test_every_beat_has_a_place_in_the_bar() -> None:
    assert gates(4.0, place=2) == list(np.arange(2.0, 32.1, 4.0))


def test_every_beat_leaves_out_by_the_same_lot() -> None:
    some = gates(1.0, chance=0.5)
    assert 8 < len(some) < 25
    assert some == gates(1.0, chance=0.5, fps=144)
    assert some != gates(1.0, chance=0.5, seed=1)
    assert gates(1.0, chance=0.0) == []


# ------------------------------------------------------------------------------------ sample_hold


def test_sample_hold_steps_on_the_beat_and_holds_between() -> None:
    values = run("sample_hold", 60, 8.0)
    steps = np.flatnonzero(np.diff(values))
    assert len(set(values)) >= 15
    assert {round((index + 2) / 60 * BPM / 60 * 100) % 100 for index in steps} == {0}
    assert len(set(run("sample_hold", 60, 8.0, every=4))) <= 5


def test_sample_hold_takes_what_is_routed_to_its_input() -> None:
    source, values = kind("sample_hold")(), []
    for tick, features in ticks(60, 4.0):
        moving = 0.5 + 0.5 * math.sin(tick.time)
        values.append(source.value(tick, features, {"take": "input", "when": "bar", "input": moving}))
    assert len(set(values)) == 3
    assert values[125] == pytest.approx(math.sin(2.0), abs=0.02)  # 120 bpm: the second bar begins at 2 s


def test_sample_hold_on_hits_takes_each_once() -> None:
    values = run("sample_hold", 60, 3.0, when="kick")
    assert len(set(values)) == len(HITS) + 1


def test_sample_hold_glides_when_asked() -> None:
    smooth = run("sample_hold", 100, 8.0, glide=0.3)
    assert np.abs(np.diff(smooth)).max() < 0.15
