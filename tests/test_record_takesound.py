"""The sound of a live take: exact, and there after a kill."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import closing

import av
import numpy as np
import pytest

from vj.audio.source import TrackSource
from vj.record.takesound import TakeSound
from vj.types import VjError


def read(path):
    with av.open(str(path)) as container:
        pieces = []
        with contextlib.suppress(av.error.InvalidDataError):  # a torn last packet
            pieces.extend(frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0))
    return np.concatenate(pieces).astype(np.float64) / 2**31


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 22_254])
def test_what_a_sound_card_gives_comes_back_exactly(tmp_path, rate):
    samples = np.random.default_rng(0).integers(-2**15, 2**15, (rate, 2)).astype(np.float32) / 2**15
    sound = TakeSound.open(tmp_path, rate)
    for begin in range(0, rate, 735):
        sound.put(samples[begin:begin + 735])
    sound.close()
    sound.close()
    assert np.array_equal(read(sound.path), samples)
    assert (sound.lost, sound.error) == (0, "")
    with av.open(str(sound.path)) as container:
        assert container.streams.audio[0].rate == rate


def test_nonsense_becomes_silence_and_mono_both_sides(tmp_path):
    sound = TakeSound.open(tmp_path, 44_100)
    sound.put(np.array([[np.nan], [np.inf], [-np.inf], [0.5], [7.0]], np.float32))
    sound.close()
    assert read(sound.path) == pytest.approx(np.array([0, 1, -1, 0.5, 1])[:, None].repeat(2, 1), abs=1e-6)


def test_a_place_that_cannot_hold_it_is_told(tmp_path):
    with pytest.raises(VjError, match="its folder is not there"):
        TakeSound.open(tmp_path / "nowhere", 44_100)
    (tmp_path / "sound.flac").write_bytes(b"an older take")
    with pytest.raises(VjError, match=r"sound\.flac"):
        TakeSound.open(tmp_path, 44_100)
    assert (tmp_path / "sound.flac").read_bytes() == b"an older take"


CHILD = """
    import sys, time
    import numpy as np
    from vj.record.takesound import TakeSound
    sound = TakeSound.open(sys.argv[1], 44100)
    for n in range(120):
        sound.put(np.full((735, 2), n / 128, np.float32))
        time.sleep(1 / 60)
    print("written", flush=True)
    time.sleep(60)
"""


def test_it_is_there_after_a_kill(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"written\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    kept = read(tmp_path / "sound.flac")[:, 0]
    assert len(kept) > 120 * 735 - 44_100 // 2
    assert np.array_equal(kept, (np.arange(len(kept)) // 735) / 128)


LIMITED = """
    import resource, signal, sys, time
    import numpy as np
    from vj.record.takesound import TakeSound
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sound = TakeSound.open(sys.argv[1], 44100)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    rng = np.random.default_rng(0)
    for n in range(300):
        sound.put(rng.standard_normal((735, 2)).astype(np.float32) / 8)
    sound.close()
    print(sound.error)
"""


def test_a_full_disk_ends_the_sound_and_not_the_show(tmp_path):
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(LIMITED), str(tmp_path)], capture_output=True,
                            text=True, timeout=60, check=True)
    assert "as large as this system lets it; its sound ended at" in result.stdout
    assert len(read(tmp_path / "sound.flac")) > 10_000
    with closing(TrackSource.open(tmp_path / "sound.flac")) as source:
        assert len(source.read(100.0)) > 10_000
