"""Composed songs are where their truth says: whole bars, notes on their beats, the same song every time."""

import importlib.util
import subprocess
import sys
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from ears import store  # noqa: E402
from ears.composer import (  # noqa: E402  # noqa: E402
    bass,
    cast,
    chords,
    drumkit,
    fluid,
    melody,
    mixdown,
    patches,
    render,
    samples,
    timing,
    tone,
    voices,
)
from ears.composer.arrange import FORMS, Section, form  # noqa: E402
from ears.composer.compose import compose  # noqa: E402
from ears.composer.drummer import GROUP_OF, Drummer, roll  # noqa: E402
from ears.composer.genres import genres  # noqa: E402
from ears.composer.grooves import grooves  # noqa: E402
from ears.composer.harmony import PROGRESSIONS, SCALES, Key, changes, chord  # noqa: E402
from ears.composer.patterns import euclid, fitting, mutated, notes, rhythms  # noqa: E402
from ears.composer.score import Note, Score, TimeMap  # noqa: E402
from ears.composer.song import song  # noqa: E402

RATE = 44_100


def dice(seed=0):
    return np.random.default_rng(seed)


def onsets(sound, rate, silence=0.03):
    """Seconds at which sound sets in after ``silence`` seconds of nothing."""
    loud = np.flatnonzero(np.abs(sound) > 1e-3)
    first = np.r_[True, np.diff(loud) > silence * rate]
    return loud[first] / rate


# the tables


def test_every_word_of_a_genre_is_known() -> None:
    for genre in genres().values():
        assert set(genre.grooves.split()) <= set(grooves()), genre.name
        for player, more in (("bass", "walk"), ("comps", "pad")):
            known = {style for table in rhythms() if table.startswith(player) for style in rhythms()[table]}
            assert set(getattr(genre, player).split()) <= {*known, more}, genre.name
        assert set(genre.arps.split()) <= set(chords.PACES), genre.name
        assert set(genre.leads.split()) <= set(melody.CHANCES), genre.name
        assert set(genre.scale.split()) <= set(SCALES), genre.name
        assert set(genre.changes.split()) <= set(PROGRESSIONS), genre.name
        assert genre.form in FORMS
        assert 50 <= genre.bpm[0] <= genre.bpm[1] <= 190, genre.name


def test_rhythms_are_whole_bars_of_something() -> None:
    for table in rhythms():
        allowed = "Rr5834a-." if table.startswith("bass") else "Ccg-."
        for style, text in rhythms()[table].items():
            for rhythm in text.split():
                assert len(rhythm) in ((6, 12) if "_" in table else (16, 32)), (style, rhythm)
                assert set(rhythm) <= set(allowed), (style, rhythm)


def test_every_drum_of_a_groove_can_be_played_and_heard() -> None:
    for groove in grooves().values():
        for drum in groove.drums:
            assert drum in GROUP_OF
            assert drum in drumkit.HITS
            assert drum in cast.KEYS
            assert drum in cast.LEVELS


def test_players_choose_what_fits_the_bar() -> None:
    assert fitting("bass", "ballad waltz walk", grooves()["waltz"]) == ["waltz", "walk"]
    assert fitting("bass", "ballad waltz", grooves()["rock"]) == ["ballad"]
    assert fitting("comps", "eighths", grooves()["shuffle"]) == sorted(rhythms()["comps_triplets"])


# time


def test_a_time_map_goes_on_past_its_ends() -> None:
    times = TimeMap(np.array([0.0, 0.5, 1.5]))
    assert times.at([-1, 0, 0.5, 1.5, 2, 3]).tolist() == [-0.5, 0, 0.25, 1.0, 1.5, 2.5]


@pytest.mark.parametrize("make", [
    lambda d: timing.steady(120, 64), lambda d: timing.drifting(120, 64, 0.03, d), lambda d: timing.ramping(120, 64, d),
    lambda d: timing.cutting(120, 64, 4, d),
])
def test_tempo_maps_rise_and_stay_near_their_tempo(make) -> None:
    times = make(dice(3)).seconds
    assert len(times) == 65
    assert np.all(np.diff(times) > 60 / 120 / 1.35)
    assert np.all(np.diff(times) < 60 / 120 * 1.35)


def test_swing_moves_the_second_of_two_notes_only() -> None:
    feel = timing.Feel(swing=2 / 3, swung=0.25)
    assert timing.swung(3.0, feel) == 3.0
    assert timing.swung(3.5, feel) == pytest.approx(3.5)
    assert timing.swung(3.25, feel) == pytest.approx(3 + 1 / 3)
    assert timing.swung(3.75, feel) == pytest.approx(3.5 + 1 / 3)
    assert timing.swung(7.5, timing.Feel(swing=0.6, swung=0.5)) == pytest.approx(7.6)


def test_no_player_is_further_off_than_thirty_milliseconds() -> None:
    feel = timing.Feel(loose=0.02, snare_late=0.02)
    late = [n.late for n in timing.played([Note(i) for i in range(500)], "snare", feel, dice())]
    assert max(np.abs(late)) <= timing.LATEST
    assert np.mean(late) > 0.008


# rhythms and notes


def test_patterns_play_accents_always_and_digits_sometimes() -> None:
    played = [len(notes("X..5", 0.0, 0.25, dice(i))) for i in range(200)]
    assert min(played) == 1
    assert max(played) == 2
    assert 0.3 < np.mean(played) - 1 < 0.7
    assert mutated("X.x.", dice(1), 1.0)[::2] == "Xx"
    assert euclid(3, 8).count("x") == 3


def test_chords_are_voiced_in_one_octave_over_their_bass() -> None:
    key = Key(9, SCALES["minor"])
    a_minor = chord(key, 0, "triad")
    assert [pitch % 12 for pitch in a_minor.voicing(57)] == [9, 0, 4]
    assert a_minor.bass(2) % 12 == 9
    assert a_minor.fifth(2) - a_minor.bass(2) == 7
    assert all(57 <= pitch < 69 for pitch in chord(key, 3, "ninth").voicing(57))


def test_changes_go_round_from_where_they_start() -> None:
    harmony = changes(Key(0, SCALES["major"]), "doowop", "triad", 4.0, dice())
    assert [harmony.at(b).root for b in (0, 3.99, 4, 12, 16)] == [0, 0, 5, 4, 0]
    assert harmony.edge(5.0) == 8.0


@pytest.mark.parametrize("style", ["octaves", "walk", "offbeat", "shuffle"])
def test_a_bass_line_stays_in_its_section_and_register(style) -> None:
    harmony = changes(Key(4, SCALES["minor"]), "loop_minor", "triad", 4.0, dice())
    made = bass.line(style, harmony, 16.0, 16, 1 / 3 if style == "shuffle" else 0.25, dice=dice(2))
    assert len(made) >= 12
    assert all(16 <= n.beat < 32 and 20 <= n.pitch < 70 for n in made)
    if style == "offbeat":
        assert all(n.beat % 1 for n in made)
    if style == "walk":
        assert {n.beat for n in made} >= set(range(16, 32))


def test_dotted_arpeggios_run_against_the_bar() -> None:
    harmony = changes(Key(0, SCALES["minor"]), "one", "triad", 4.0, dice())
    made = chords.arpeggio("dotted", harmony, 0.0, 12, 60, dice=dice(4))
    assert {round(n.beat % 1, 2) for n in made} == {0.0, 0.25, 0.5, 0.75}


def test_a_tune_comes_back() -> None:
    harmony = changes(Key(0, SCALES["minor"]), "loop_minor", "triad", 4.0, dice())
    first, again = (melody.tune("syncopated", harmony, 0.0, 32, (4, 4), lowest=60, dice=dice(7)) for _ in range(2))
    assert first == again
    assert len(first) > 0
    assert all(0 <= n.beat < 32 for n in first)


def test_a_section_without_drummers_has_no_drums() -> None:
    drummer = Drummer.hired(grooves()["house"], False, 0.0, dice())
    silent = Section("break", 0, 32, frozenset(("pad",)), "A", 0.5)
    assert drummer.section(silent, dice()) == {}
    playing = Section("drop", 32, 32, frozenset(("kick",)), "B", 1.0)
    kicks = drummer.section(playing, dice())["kick"]
    assert {n.beat for n in kicks} >= set(range(32, 60))


def test_hats_stutter_and_stay_in_their_steps() -> None:
    drummer = replace(Drummer.hired(grooves()["trap"], False, 0.0, dice()), stutter=1.0)
    drummer.patterns["A"]["hat"] = "x.x.x.x.x.x.x.x."
    made = drummer.section(Section("verse", 0, 16, frozenset(("hats",)), "A", 1.0), dice())["hat"]
    assert len(made) > 1.9 * 32
    assert all(0 < n.velocity <= 1.1 for n in made)


def test_a_roll_gets_denser_and_louder() -> None:
    made = roll(Section("build", 8, 16, frozenset(("roll",)), "A", 0.7), dice())
    assert made[0].beat == 8
    assert made[-1].beat < 24
    assert made[-1].velocity > made[0].velocity
    assert made[-1].beat - made[-2].beat < made[1].beat - made[0].beat


@pytest.mark.parametrize("kind", FORMS)
def test_forms_follow_one_another_without_gaps(kind) -> None:
    have = frozenset(("kick", "back", "hats", "perc", "bass", "chords"))
    starts = set()
    for seed in range(40):
        sections = form(kind, have, 4, 128, dice(seed))
        assert [s.start for s in sections] == [0, *(s.end for s in sections[:-1])]
        assert sections[-1].end >= 128
        assert all(s.on for s in sections)
        starts.add(sections[0].kind)
    assert len(starts) >= 5


# sound


@pytest.mark.parametrize("drum", drumkit.HITS)
def test_a_drum_starts_at_its_first_sample(drum) -> None:
    for seed in range(5):
        hit = drumkit.kit_hits(drum, dice(seed), RATE, 1)[0]
        assert np.isfinite(hit).all()
        assert np.abs(hit).max() == pytest.approx(1, abs=1e-3)
        assert np.argmax(np.abs(hit) > 0.02) < 0.002 * RATE


@pytest.mark.parametrize("shape", voices.SHAPES)
def test_an_instrument_plays_its_pitch(shape) -> None:
    patch = voices.Patch(shape=shape, cutoff=1500, attack=0.002, sustain=1, ratio=1.0, depth=0.5)
    sound = voices.note(patch, 57, 0.5, RATE)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    peaks = np.fft.rfftfreq(len(sound), 1 / RATE)[spectrum > 0.3 * spectrum.max()] / 220
    assert np.abs(peaks - np.round(peaks)).max() < 0.03
    assert 0.1 < np.abs(sound).max() < 2
    assert abs(sound[-1]) < 0.01


@pytest.mark.parametrize("seed", range(12))
def test_random_instruments_are_sane(seed) -> None:
    for role in patches.SHAPES:
        patch = patches.patch(role, "wobble" if role == "bass" else "", dice(seed))
        sound = voices.note(patch, 40 + seed * 3, 0.3, RATE, 4.0 if patch.wobble else 0.0)
        assert np.isfinite(sound).all()
        assert 0.02 < np.abs(sound).max() < 4


def test_a_pad_is_its_chord() -> None:
    sound = voices.pad((45.0, 52.0), voices.Patch(cutoff=300, cents=8, sustain=1), 2.0, RATE, dice())
    spectrum = np.abs(np.fft.rfft(sound[:RATE] * np.hanning(RATE)))
    assert spectrum[105:115].max() > 20 * spectrum[118:135].max()


def test_long_sounds_are_filtered_as_short_ones_are() -> None:
    sound = dice().standard_normal(40_000).astype(np.float32)
    long = np.concatenate((sound, np.zeros(tone.LONG, np.float32)))
    bands = (("low", 900.0, 0.7), ("bell", 200.0, 4.0))
    assert np.allclose(tone.filtered(sound, RATE, *bands), tone.filtered(long, RATE, *bands)[:40_000], atol=2e-4)


def test_ducking_falls_at_the_kick_and_comes_back() -> None:
    gain = mixdown.ducking(RATE, np.array([0.5]), 0.8, 0.2, RATE)
    assert gain[: RATE // 2].min() == 1
    assert gain.min() == pytest.approx(0.2, abs=0.01)
    assert gain[round(0.71 * RATE) :].min() == 1


def test_the_compressor_holds_loud_parts_down() -> None:
    sound = np.concatenate((np.full(RATE, 0.05), np.full(RATE, 0.9))).astype(np.float32)
    held = mixdown.compressed(sound, RATE, -20, 4, (0.005, 0.1))
    assert held[RATE // 2] == pytest.approx(0.05, rel=0.01)
    assert held[-1000] < 0.4


# truth


def clicks(part, beats, times):
    score = Score("house", 120.0, 4, times)
    score.add(part, [Note(b) for b in beats])
    return score


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("start", [0.0, 3.21, -0.7])
def test_an_onset_is_heard_within_a_millisecond_of_its_beat(rate, start) -> None:
    times = timing.drifting(118, 64, 0.03, dice(5))
    beats = np.arange(2, 30, 0.75)
    score = clicks("rim", beats, times)
    click = np.zeros(200, np.float32)
    click[:100] = 1
    plan = cast.Cast({"rim": cast.Voice(0.5, [click])}, {}, 0, None)
    stems = render.render(score, plan, start, 20.0, rate=rate, dice=dice())
    wanted = times.at(beats) - start
    wanted = wanted[(wanted >= 0) & (wanted < 20)]
    assert np.abs(onsets(stems["drums"], rate) - wanted).max() < 0.001
    truth, bars = score.grid(max(0, start), start + 20)
    inside = (times.seconds >= start) & (times.seconds < start + 20)
    assert np.allclose(np.array(truth) + max(0, start), times.seconds[inside])
    assert set(bars) <= set(truth)


@pytest.mark.skipif(not fluid.library() or not fluid.fonts(), reason="needs FluidSynth and a sound font")
def test_a_sound_font_plays_within_a_millisecond_of_its_own_delay() -> None:
    """A font's samples may have their own few milliseconds of attack: those are always the same ones."""
    font = next(path for path in fluid.fonts() if "Tim" in path.name or "GM" in path.name)
    times = np.arange(1, 40) * 0.4173
    player = fluid.Player(font, RATE)
    sound = player.play([(float(t), 9, 37, 110, 0.05) for t in times], {9: 0}, {}, 18.0)
    late = onsets(np.where(np.abs(sound) > 0.1 * np.abs(sound).max(), sound, 0), RATE, 0.1) - times
    assert len(late) == 39
    assert np.abs(late - np.median(late)).max() < 0.001
    assert -0.001 < np.median(late) < 0.006


@pytest.mark.skipif(not samples.there(), reason="needs sonic-pi's samples")
def test_recorded_drums_set_in_at_once_and_loops_last_their_bars() -> None:
    for name in " ".join(samples.HITS.values()).split():
        assert np.argmax(np.abs(samples.load(name, RATE)) > 0.1) < 0.03 * RATE, name
    for piece in samples.bars(150.0, dice(3), RATE):
        assert len(piece) == pytest.approx(4 * 60 / 150 * RATE, abs=2)


# whole songs


def test_a_song_is_the_same_every_time_and_its_truth_is_sound() -> None:
    first, again = song("garage", 11, 12.0), song("garage", 11, 12.0)
    assert np.array_equal(first.samples, again.samples)
    assert first.beats == again.beats
    assert len(first.samples) == round(12.0 * first.rate)
    assert 0.02 < np.abs(first.samples).max() <= 1
    assert set(first.downbeats) <= set(first.beats)
    assert np.all(np.diff(first.beats) > 0)
    assert first.beats[-1] < 12


def test_most_club_songs_have_their_low_end_on_the_beat() -> None:
    """Folded over the beat, energy under 110 Hz rises at the beats of most songs with a kick on every beat."""
    phases = [_kick_phase(song(genre, seed, 20.0, 44_100)) for genre in ("psytrance", "hardstyle") for seed in range(3)]
    assert np.median(phases) < 0.08, phases


def _kick_phase(made) -> float:
    """Distance in beats between the truth and where low energy rises."""
    low = tone.filtered(made.samples, made.rate, ("low", 110.0, 0.7), ("low", 110.0, 0.7))
    hop = made.rate // 200
    power = (low[: len(low) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1)
    rise = np.maximum(0, np.diff(np.sqrt(np.convolve(power, np.ones(7) / 7, "same"))))
    at = np.interp(np.arange(1, len(power)) * hop / made.rate, made.beats, np.arange(len(made.beats)))
    phase = np.angle(np.sum(rise * np.exp(2j * np.pi * at))) / 2 / np.pi
    return abs(float(phase))


@pytest.mark.parametrize("genre", genres())
def test_every_genre_composes(genre) -> None:
    kind = genres()[genre]
    score = compose(genre, 5, 40.0)
    assert kind.bpm[0] <= score.bpm <= kind.bpm[1]
    assert score.times.seconds[-1] > 40
    assert sum(len(part) for part in score.parts.values()) > 60
    assert all(0 < n.velocity <= 1.1 and n.length > 0 for part in score.parts.values() for n in part)


def test_the_command_writes_pieces_and_skips_those_that_are_there(tmp_path) -> None:
    command = [sys.executable, ROOT / "scripts" / "compose_beat_music", "-o", tmp_path, "--songs", "2",
               "--seconds", "6", "7", "--only", "techno", "--only", "electro"]
    told = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert len(told[0].splitlines()) == 2
    assert told[1] == ""
    made = list(store.pieces(tmp_path, kind="composed"))
    assert len(made) == 2
    assert all(piece.split == store.split_of(piece.name) and piece.beats for piece in made)


def test_a_number_decides_a_song() -> None:
    loader = SourceFileLoader("compose_beat_music", str(ROOT / "scripts" / "compose_beat_music"))
    spec = importlib.util.spec_from_loader("compose_beat_music", loader)
    command = importlib.util.module_from_spec(spec)
    loader.exec_module(command)
    assert command.chosen(3, None, 50, 80) == command.chosen(3, None, 50, 80)
    assert len({command.chosen(n, None, 50, 80)[0] for n in range(200)}) > 30
