"""What the tracker's front end hears."""

import sys
from pathlib import Path

import numpy as np
import pytest

from vj.audio.tracker.front import FRAMES, SIZE, FrontEnd

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))


def frames(samples, rate):
    ears = FrontEnd(rate)
    hops = samples[:len(samples) // ears.hop * ears.hop].reshape(-1, ears.hop)
    return np.array([ears.hear(np.ascontiguousarray(hop)) for hop in hops])


def noise(seconds, rate, seed=0):
    return (np.random.default_rng(seed).standard_normal(int(seconds * rate)) * 0.1).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
def test_a_frame_each_hundredth_of_a_second_at_any_rate(rate):
    heard = frames(noise(1.0, rate), rate)
    assert heard.shape[1] == SIZE
    assert len(heard) == pytest.approx(FRAMES, abs=1)
    assert np.isfinite(heard).all()


def test_the_same_music_sounds_the_same_at_44_and_48_khz():
    def tones(rate):
        time = np.arange(2 * rate) / rate
        return sum(0.1 * np.sin(2 * np.pi * f * time) for f in (60, 220, 880, 3000)).astype(np.float32)

    one, other = frames(tones(44100), 44100)[50:].mean(0), frames(tones(48000), 48000)[50:].mean(0)
    assert np.abs(one - other).max() < 0.5
    assert np.corrcoef(one, other)[0, 1] > 0.97


def test_thirty_decibels_less_sound_the_same():
    loud = noise(4.0, 44100)
    assert np.allclose(frames(loud, 44100), frames(loud * np.float32(0.03), 44100), atol=0.02)


def test_silence_stays_silent():
    assert frames(np.zeros(44100, np.float32), 44100).max() == 0.0
    assert frames(noise(1.0, 44100) * np.float32(1e-5), 44100).max() < 0.1


def test_a_whole_piece_at_once_is_heard_as_hop_by_hop():
    from ears.features import listen

    piece = noise(3.0, 44100) * np.linspace(0.0, 1.0, 3 * 44100, dtype=np.float32)
    assert np.allclose(listen(piece, 44100).astype(np.float32), frames(piece, 44100), atol=4e-3)
