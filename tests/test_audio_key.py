"""The key: found in scales and chords, held, kept apart from noise."""

import numpy as np
import pytest
from sound import RATE

from vj.audio.analyzer import Analyzer
from vj.audio.key import MAJOR, MINOR, Key
from vj.types import Tick

SECONDS = 0.19


def hear(key, chroma, seconds, playing=True):
    for _ in range(round(seconds / SECONDS)):
        key.hear(np.asarray(chroma, np.float32), playing)
    return key


def triad(root, third):
    chroma = np.zeros(12)
    chroma[[root % 12, (root + third) % 12, (root + 7) % 12]] = 1.0, 0.7, 0.8
    return chroma


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("profile", [MAJOR, MINOR])
def test_every_key_has_its_place_on_the_circle_of_fifths(tonic, profile):
    key = hear(Key(SECONDS), np.roll(profile, tonic), 6.0)
    assert key.hue == pytest.approx(tonic * 7 % 12 / 12)
    assert key.strength > 0.9


def test_a_short_chord_does_not_move_it_and_a_long_one_does():
    key = hear(Key(SECONDS), triad(0, 4), 15.0)
    hear(key, triad(6, 4), 1.5)
    assert key.hue == 0.0
    hear(key, triad(6, 4), 40.0)
    assert key.hue == pytest.approx(0.5, abs=0.01)


def test_it_glides_the_short_way_round():
    key = hear(Key(SECONDS), triad(0, 4), 15.0)  # C: 0
    hues = [hear(key, triad(5, 4), SECONDS).hue for _ in range(300)]  # F: 11/12
    assert hues[-1] == pytest.approx(11 / 12, abs=0.01)
    assert not any(0.02 < hue < 0.9 for hue in hues)


def test_noise_has_no_key_and_silence_forgets():
    rng = np.random.default_rng(0)
    key = Key(SECONDS)
    for _ in range(200):
        hear(key, rng.random(12), SECONDS)
    assert key.strength < 0.35
    hear(key, triad(2, 3), 40.0)
    assert key.strength > 0.8
    hear(key, np.zeros(12), 15.0, playing=False)
    assert key.strength < 0.01


@pytest.mark.parametrize(("root", "third", "hue"), [(57, 3, 3 / 12), (60, 4, 0.0), (63, 4, 9 / 12)])
def test_chords_that_sound_are_heard_in_their_key(root, third, hue):
    """Tonic, subdominant, dominant and tonic again, of the minor or the major."""
    t = np.arange(round(2.0 * RATE)) / RATE
    chords = [sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * octave * t) / octave
                  for note in (base, base + third, base + 7) for octave in (1, 2, 3))
              for base in (root, root + 5, root + 7, root, root)]
    music = 0.1 * np.concatenate(chords)
    ears, step = Analyzer(RATE), 1470
    for index in range(len(music) // step):
        heard = ears.process(Tick(index, (index + 1) / 30, 1 / 30), music[index * step:(index + 1) * step])
    assert heard.key == pytest.approx(hue, abs=0.01)
    assert heard.key_strength > 0.5
