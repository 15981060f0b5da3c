"""Tracks, arrays and silence as sources; every bad file gets one sentence."""

import os
import wave

import numpy as np
import pytest
from sound import RATE, write_wav

from vj.audio.decode import clean, mix_matrix, to_stereo
from vj.audio.source import ArraySource, SilentSource, TrackSource
from vj.types import VjError


def tone(seconds=1.0, rate=RATE, frequency=440.0):
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def encode(path, samples, rate, codec, layout="stereo", format="fltp"):
    """(N, C) through PyAV's encoder into ``path``."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate,
                                      frame_size=stream.codec_context.frame_size or None)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def picture_only(path):
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        container.mux(stream.encode(None))
    return path


def whole(path):
    source = TrackSource.open(path)
    samples = source.read(1e4)
    assert source.ended
    duration = source.duration
    source.close()
    return samples, source.rate, duration


@pytest.mark.parametrize(("suffix", "codec", "rate"), [
    ("wav", "pcm_s24le", 44100), ("flac", "flac", 48000), ("ogg", "libopus", 48000), ("mp3", "libmp3lame", 44100),
    ("m4a", "aac", 44100)])
def test_plays_every_format_on_both_sides(tmp_path, suffix, codec, rate):
    stereo = np.stack([tone(rate=rate), tone(rate=rate, frequency=660.0)], 1)
    samples, found, duration = whole(encode(tmp_path / f"a.{suffix}", stereo, rate, codec))
    assert found == rate
    assert duration == pytest.approx(1.0, abs=0.06)
    assert samples.dtype == np.float32
    spectra = np.abs(np.fft.rfft(samples[rate // 5:rate // 5 + rate // 2], axis=0))
    assert spectra[:, 0].argmax() * 2 == pytest.approx(440, abs=2)
    assert spectra[:, 1].argmax() * 2 == pytest.approx(660, abs=2)


def test_other_rates_become_48000(tmp_path):
    samples, rate, duration = whole(write_wav(tmp_path / "a.wav", tone(1.0, 96000), 96000))
    assert (rate, duration) == (48000, 1.0)
    assert len(samples) == 48000
    assert np.corrcoef(samples[1000:-1000, 0], tone(1.0, 48000)[1000:-1000])[0, 1] > 0.9999


@pytest.mark.parametrize("channel", range(8))
def test_each_of_eight_channels_is_heard(tmp_path, channel):
    loud = np.zeros((4410, 8), np.float32)
    loud[:, channel] = tone(0.1)
    samples, _, _ = whole(write_wav(tmp_path / "a.wav", loud))
    assert np.abs(samples).max() > 0.05
    assert np.abs(samples).max() <= 1.0


def test_mono_is_on_both_sides_and_named_channels_keep_theirs():
    assert mix_matrix(("M",)).tolist() == [[1.0, 1.0]]
    surround = mix_matrix(("FL", "FR", "FC", "LFE", "BL", "BR"))
    assert (surround[0, 1], surround[1, 0], surround[4, 1]) == (0, 0, 0)
    assert (surround[2:4] > 0).all()
    assert surround.sum(axis=0) == pytest.approx([1.0, 1.0])


def test_one_sample(tmp_path):
    samples, rate, duration = whole(write_wav(tmp_path / "one.wav", np.array([0.5])))
    assert samples.shape == (1, 2)
    assert duration == pytest.approx(1 / rate)


def test_reads_in_order_and_to_the_sample(tmp_path):
    path = write_wav(tmp_path / "a.wav", tone())
    expected, _, _ = whole(path)
    source = TrackSource.open(path)
    parts = [source.read(n / 60) for n in range(63)]
    assert [len(part) for part in parts[:4]] == [0, 735, 735, 735]
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    assert source.ended
    again = source.reopen()
    np.testing.assert_array_equal(again.read(0.5), expected[:22050])
    source.close()
    again.close()
    assert len(again.read(1.0)) == 0


def test_memory_stays_bounded(tmp_path):
    source = TrackSource.open(write_wav(tmp_path / "a.wav", tone(30.0)))
    most = 0
    for n in range(1, 1700):
        source.read(n / 60)
        most = max(most, source._buffered)
    assert most < RATE
    source.close()


def test_nan_and_infinity_never_get_in(tmp_path):
    bad = np.stack([tone(), tone()], 1)
    bad[100] = np.nan
    bad[200] = np.inf
    bad[300] = -np.inf
    bad[400] = 1e30
    samples, _, _ = whole(encode(tmp_path / "a.wav", bad, RATE, "pcm_f32le"))
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 8.0
    np.testing.assert_array_equal(samples[100], 0)
    np.testing.assert_allclose(samples[500:], bad[500:], atol=1e-6)


def test_resampling_does_not_spread_nan(tmp_path):
    bad = np.stack([tone(1.0, 96000)] * 2, 1)
    bad[48000] = np.nan
    samples, _, _ = whole(encode(tmp_path / "a.wav", bad, 96000, "pcm_f32le"))
    assert np.isfinite(samples).all()
    assert len(samples) == 48000


@pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("mp3", "libmp3lame")])
def test_truncated_plays_what_is_there(tmp_path, suffix, codec):
    path = encode(tmp_path / f"a.{suffix}", np.stack([tone(4.0)] * 2, 1), RATE, codec)
    data = path.read_bytes()
    path.write_bytes(data[:len(data) // 2])
    source = TrackSource.open(path)
    assert 1.0 < source.duration < 3.0
    samples = source.read(100)
    assert 1.0 < len(samples) / RATE < 3.0
    assert source.duration == pytest.approx(len(samples) / RATE)
    source.close()


def test_silence_is_a_track(tmp_path):
    samples, _, _ = whole(write_wav(tmp_path / "a.wav", np.zeros(RATE)))
    assert samples.shape == (RATE, 2)
    assert not samples.any()


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.txt").write_text("hello\n" * 100)
    (tmp_path / "noise.mp3").write_bytes(np.random.default_rng(0).bytes(20000))
    with wave.open(str(tmp_path / "header.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
    picture_only(tmp_path / "v.mp4")
    expected = {"missing.wav": "no such file", ".": "is a folder", "empty.wav": "the file is empty",
                "text.txt": "not a sound file", "noise.mp3": "not a sound file", "header.wav": "sound",
                "v.mp4": "there is no sound in this file"}
    for name, words in expected.items():
        with pytest.raises(VjError, match=words) as caught:
            TrackSource.open(tmp_path / name)
        assert "\n" not in str(caught.value)
        assert name.strip(".") in str(caught.value)


def test_a_device_or_pipe_is_not_a_track(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(VjError, match="not a plain file"):
        TrackSource.open(tmp_path / "pipe.wav")


def test_a_playlist_reaches_no_network(tmp_path):
    (tmp_path / "p.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nhttp://127.0.0.1:9/a.ts\n")
    with pytest.raises(VjError, match="not a sound file"):
        TrackSource.open(tmp_path / "p.m3u8")


def test_sound_inside_a_video(tmp_path):
    import av

    with av.open(str(tmp_path / "av.mkv"), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width = picture.height = 32
        picture.pix_fmt = "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for _ in range(5):
            container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        container.mux(picture.encode(None))
        samples = (tone() * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    samples, rate, _ = whole(tmp_path / "av.mkv")
    assert rate == RATE
    assert len(samples) == RATE
    np.testing.assert_allclose(samples[:, 1], tone(), atol=1e-3)


def test_array_source_is_a_track_in_memory():
    source = ArraySource(tone(0.1), RATE)
    assert source.read(0.05).shape == (2205, 2)
    assert not source.ended
    assert len(source.read(9)) == 2205
    assert source.ended
    assert source.duration == pytest.approx(0.1)
    assert len(source.reopen().read(1)) == 4410


def test_silence_without_end():
    source = SilentSource(48000)
    assert source.read(0.5).shape == (24000, 2)
    assert len(source.read(0.4)) == 0
    assert len(source.read(1.0)) == 24000
    assert not source.ended


def test_clean_leaves_good_samples_alone_and_stereo_mixes_three():
    good = tone(0.01)
    assert clean(good) is good
    assert clean(np.array([np.nan, 1.0, np.inf, -9.0])).tolist() == [0, 1, 0, -8]
    assert to_stereo(np.eye(3, dtype=np.float32)).tolist() == [[0.5, 0], [0, 1], [0.5, 0]]
