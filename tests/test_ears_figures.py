"""From pieces to figures and from figures to the page: intervals over songs, goals, comparisons, the bench itself."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sound import RATE, add, house, noise_hit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from benches import beats as bench
from benches import beats_page, machine
from ears import contenders, store
from ears.figures import Figure, difference, estimate, gather, highest, mean, median, p95, quantile

from vj.audio.tracker.announce import Announced
from vj.audio.tracker.rehearsal import ToldNet
from vj.audio.tracker.tracker import Tracker


def row(tracker: str, kind: str, name: str, song: str = "", **figures: Any) -> dict[str, Any]:
    return {"tracker": tracker, "kind": kind, "name": name, "song": song or name, "seconds": 60.0, "cpu": 0.02,
            **figures}


def music(tracker: str, f: Sequence[float], kind: str = "midi", **more: Any) -> list[dict[str, Any]]:
    common = {"cmlt": 0.9, "amlt": 0.95, "tempo": 1.0, "tempo_free": 1.0, "tempo_time": 0.9, "tempo_time_free": 1.0,
              "locked": 1.0, "locked_free": 1.0, "lock_s": 1.5, "relock_s": [], "ramp_right": None, "downbeat_f": 0.5,
              "late_ms": [-20.0, -10.0], "phase_ms": [-1.0, 3.0]} | more
    return [row(tracker, kind, f"p{n}", **common, f=value) for n, value in enumerate(f)]


# ----------------------------------------------------------------------------------------- statistics


def test_statistics_by_hand() -> None:
    values, even = np.array([3.0, 1.0, 2.0, 10.0]), np.ones(4)
    assert mean(values, even) == 4.0
    assert median(values, even) == 2.0
    assert median(values, np.array([0.0, 0.0, 1.0, 3.0])) == 10.0
    assert p95(values, even) == 10.0
    assert quantile(0.25)(values, even) == 1.0
    assert highest(values, np.array([1.0, 1.0, 1.0, 0.0])) == 3.0


def test_rows_that_cannot_tell_are_left_out() -> None:
    rows = [row("vj", "a", "1", x=1.0), row("vj", "a", "2", x=None), row("vj", "a", "3"), row("vj", "a", "4", x=[]),
            row("vj", "a", "5", "s", x=[2.0, 3.0]), row("vj", "a", "6", "s", x=[4.0])]
    values, songs = gather(rows, Figure("x", "x"))
    assert values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert songs.tolist() == [0, 1, 1, 1]
    assert estimate(rows, Figure("y", "y")) is None


def test_the_interval_is_that_of_a_mean() -> None:
    """Forty songs: the interval must be near 1.96 standard errors either side."""
    values = np.random.default_rng(2).normal(0.5, 0.2, 40)
    found = estimate(music("vj", values.tolist()), Figure("f", "F"))
    assert found is not None
    assert found.value == pytest.approx(values.mean())
    error = values.std() / math.sqrt(40)
    assert (found.high - found.low) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.2)


def test_variants_of_a_song_are_no_more_music() -> None:
    values = np.random.default_rng(3).normal(0.5, 0.2, 10)
    alone = [row("vj", "a", str(n), f"s{n}", f=value) for n, value in enumerate(values)]
    often = [row("vj", "a", f"{n} {k}", f"s{n}", f=value) for n, value in enumerate(values) for k in range(8)]
    one, many = estimate(alone, Figure("f", "F")), estimate(often, Figure("f", "F"))
    assert one is not None
    assert many is not None
    assert (many.low, many.high) == (pytest.approx(one.low), pytest.approx(one.high))
    assert many.count == 80


def test_a_song_by_itself_has_no_interval() -> None:
    found = estimate([row("vj", "a", "1", "s", f=0.5), row("vj", "a", "2", "s", f=0.7)], Figure("f", "F"))
    assert found is not None
    assert found.low == found.high == found.value == pytest.approx(0.6)


def test_never_is_infinite_and_spoils_no_median() -> None:
    rows = [row("vj", "a", str(n), lock_s=value) for n, value in enumerate([1.0, 2.0, math.inf, 3.0, 2.0])]
    found = estimate(rows, Figure("lock_s", "lock", median))
    assert found is not None
    assert found.value == 2.0
    assert math.isinf(found.high)


def test_a_difference_is_paired() -> None:
    before = music("vj", [0.1, 0.9, 0.5])
    after = [{**old, "f": old["f"] + 0.05} for old in before[:2]]
    found = difference(before, after, "f")
    assert found is not None
    assert (found.value, found.low, found.high, found.count) == (*(pytest.approx(0.05),) * 3, 2)
    assert difference(before, [], "f") is None


# ------------------------------------------------------------------------------------------- the page


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    silence = {"felt_max": 0.1, "felt_mean": 0.05, "felt_over": 0.0, "phantoms": 0.0}
    return [*music("vj", [0.9, 0.95, 1.0], relock_s=[1.0, math.inf]), *music("vj", [0.88, 0.9], "club_room"),
            *music("aubio 1024", [0.7, 0.6, 0.5], downbeat_f=None),
            *music("aubio 1024", [0.4, 0.5], "club_room", downbeat_f=None),
            row("vj", "negative", "n", **silence), row("aubio 1024", "negative", "n", **silence | {"felt_max": 0.8})]


def cells(page: str, head: str, first: str) -> list[str]:
    """The line of the table under ``head`` that begins with ``first``, without intervals."""
    table = page.partition(f"## {head}\n")[2].partition("\n## ")[0]
    (line,) = re.findall(rf"^\| {re.escape(first)} \|.*$", table, re.MULTILINE)
    return [re.sub(r" \(.*\.\..*\)$", "", cell.strip()) for cell in line.strip("|").split("|")]


def test_the_page(rows: list[dict[str, Any]]) -> None:
    page = beats_page.page(rows, "test", ["a machine"])
    assert "Split `test`: 4 songs, 6 pieces, 0.1 hours." in page
    assert cells(page, "Our figures", "F, as it comes")[1:] == ["0.950", "at least 0.88", "yes"]
    assert cells(page, "Our figures", "F, degraded")[1:] == ["0.890", "at least 0.86", "yes"]
    assert cells(page, "Our figures", beats_page.SILENCE)[1:] == ["0.100", "at most 0.3", "yes"]
    assert cells(page, "Our figures", "median time to lock again after a cut, s")[3] == "yes"
    assert cells(page, "Our figures", "announced at or before the beat")[1:] == ["100.0%", "at least 95%", "yes"]
    assert cells(page, "F by kind", "midi")[1:] == ["0.950", "0.600"]
    assert cells(page, "Side by side, all music", "downbeat F")[1:] == ["0.500", ""]
    assert cells(page, "vj by kind", "club_room")[1:4] == ["2", "2", "0.890"]
    assert cells(page, "Where there is no beat", "negative | aubio 1024")[2] == "0.800"
    assert page.endswith("- a machine\n")
    assert "within the range" not in page


def test_music_that_cannot_be_counted_as_it_is_stands_aside(rows: list[dict[str, Any]]) -> None:
    """A ballad at 60 bpm, told to keep within 70..180: wrong among all, and the page says how it is without such."""
    told = [{**row, "bpm": 120.0} if "f" in row else row for row in rows]
    slow = [{**row, "name": "slow", "song": "slow", "bpm": 60.0, "f": 0.0} for row in told[:1]]
    page = beats_page.page([*slow, *told], "test", [])
    assert "1 of the 6 pieces with a beat" in page
    assert cells(page, "Our figures", "F, as it comes")[1:] == ["0.713", "at least 0.88", "**no**"]
    assert cells(page, "Our figures, within the range", "F, as it comes")[1:] == ["0.950", "at least 0.88", "yes"]
    assert cells(page, "Our figures, within the range", beats_page.SILENCE)[1:] == ["0.100", "at most 0.3", "yes"]


def test_oracles_stand_beside_us_on_what_they_heard(rows: list[dict[str, Any]]) -> None:
    heard = [one for one in rows if one["tracker"] == "vj" and "felt_max" not in one][:1]
    oracle = [{**one, "tracker": "madmom", "f": 0.25} for one in heard]
    table = beats_page.yardsticks(rows, oracle)
    assert "On 1 of the pieces" in table
    [head] = [line for line in table.splitlines() if line.startswith("|  |")]
    assert head.endswith("| madmom |")
    [line] = [line for line in table.splitlines() if line.startswith("| F |")]
    assert line.endswith("| 0.250 |")
    assert f"| {heard[0]['f']:.3f} |" in line
    assert table in beats_page.page(rows, "test", [], oracle)
    assert "madmom" not in beats_page.page(rows, "test", [])


def test_every_line_of_a_table_has_its_columns(rows: list[dict[str, Any]]) -> None:
    page = beats_page.page(rows, "test", [])
    for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


@pytest.mark.parametrize(("change", "what"), [
    ({"f": 0.3}, "F, as it comes"), ({"amlt": 0.5}, "AMLt"), ({"tempo_free": 0.0}, "tempo within 4 %, octave allowed"),
    ({"tempo": 0.0}, "tempo within 4 %, octave right"), ({"locked": 0.0}, "never locked"),
    ({"lock_s": 2.6}, "median time to lock, s"), ({"late_ms": [1.0]}, "announced at or before the beat"),
    ({"phase_ms": [-5.1]}, "size of the phase error, median, ms"), ({"cpu": 0.04}, "of one core"),
])
def test_a_goal_can_be_missed(rows: list[dict[str, Any]], change: dict[str, Any], what: str) -> None:
    good = {line.what: line.reached for line in beats_page.figures(rows)}
    worse = [{**old, **change} if old["tracker"] == "vj" and "felt_max" not in old else old for old in rows]
    bad = {line.what: line.reached for line in beats_page.figures(worse)}
    assert (good[what], bad[what]) == (True, False)


def test_the_gain_over_aubio(rows: list[dict[str, Any]]) -> None:
    (line,) = [line for line in beats_page.figures(rows) if "aubio" in line.what]
    assert line.value.startswith("+0.386 (")
    assert line.reached
    less = [{**old, "f": old["f"] - 0.3} if old["tracker"] == "vj" and "f" in old else old for old in rows]
    assert [line.reached for line in beats_page.figures(less) if "aubio" in line.what] == [False]


def test_a_page_without_our_own(rows: list[dict[str, Any]]) -> None:
    theirs = beats_page.of(rows, "aubio 1024")
    assert beats_page.figures(theirs) == []
    assert "Our figures" not in beats_page.page(theirs, "valid", [])


def test_the_comparison(rows: list[dict[str, Any]]) -> None:
    after = [{**old, "f": old["f"] + 0.02} if "f" in old else old for old in rows]
    lines = beats_page.comparison(rows, after).splitlines()
    assert lines[0].startswith("| tracker | kind | pieces | f |")
    (line,) = [line for line in lines if line.startswith("| vj | all |")]
    assert line.split(" | ")[2:4] == ["5", "+0.020 (+0.020..+0.020)"]


# ------------------------------------------------------------------------------------------ the bench


class Punctual:
    """Says a beat each half second, a twentieth before; ``lie`` seconds off about when it was said."""

    confidence = 0.9

    def __init__(self, rate: int, lie: float = 0.0) -> None:
        self._rate, self._heard, self._lie, self._next = rate, 0, lie, 0.55

    def hear(self, mono: np.ndarray) -> list[Announced]:
        self._heard += len(mono)
        now, said = self._heard / self._rate, []
        while self._next - 0.05 <= now:
            said.append(Announced(self._next, now + self._lie, 120.0, False, 0.9))
            self._next += 0.5
        return said


def test_listening() -> None:
    hearing = contenders.listen(Punctual(RATE), np.zeros(round(4.4 * RATE), np.float32), RATE)
    assert hearing.heard.times == pytest.approx(np.arange(0.55, 4.4, 0.5))
    assert (np.abs(hearing.heard.times - 0.05 - hearing.heard.emitted) <= 512 / RATE).all()
    assert hearing.heard.felt.tolist() == [0.9] * 44
    assert hearing.cpu > 0.0


@pytest.mark.parametrize("lie", [-0.1, 0.1])
def test_nobody_may_claim_another_moment(lie: float) -> None:
    with pytest.raises(ValueError, match="said at"):
        contenders.listen(Punctual(RATE, lie), np.zeros(RATE, np.float32), RATE)


@pytest.mark.parametrize("window", [1024, 2048])
def test_aubio_hears_clicks(window: int) -> None:
    samples, beats, rng = np.zeros(20 * RATE, np.float32), np.arange(0.3, 20.0, 0.5), np.random.default_rng(4)
    for beat in beats:
        add(samples, noise_hit(rng, RATE, 0.5, 0.01), beat)
    heard = contenders.listen(contenders.AubioTempo(RATE, window), samples, RATE).heard
    late = [float(np.abs(beats - time).min()) for time in heard.times[heard.times > 8]]
    assert len(late) > 10
    assert np.median(late) < 0.03
    assert np.median(heard.bpm[heard.times > 8]) == pytest.approx(120.0, rel=0.02)
    assert (heard.emitted >= heard.times - 512 / RATE).all()


@pytest.fixture
def pieces(tmp_path: Path) -> Path:
    """Two songs, one of them twice, and a piece without a beat, all of the split ``valid``."""
    folder = tmp_path / "music"
    samples, beats = house(120.0, 10.0, start=0.05)
    for kind, name, song in (("midi", "a", "a"), ("midi", "b", "b"), ("club", "b", "b")):
        store.save(folder, kind, name, 0.5 * samples, RATE, beats.tolist(), beats[::4].tolist(), song, "made up",
                   split="valid")
    store.save(folder, "negative", "n", np.zeros(3 * RATE, np.float32), RATE, [], [], "n", "silence", split="valid")
    return folder


def test_a_limit_takes_pieces_from_all_over(pieces: Path) -> None:
    assert [(p.kind, p.name) for p in bench.select(pieces, "valid", limit=1)] == [("club", "b"), ("midi", "a"),
                                                                                  ("negative", "n")]
    assert [p.name for p in bench.select(pieces, "valid", ["midi"])] == ["a", "b"]
    assert bench.select(pieces, "test") == []


def test_the_bench(pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                   capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(machine, "busy", lambda: 0.0)
    monkeypatch.setattr(machine, "describe", lambda: ["a machine"])
    monkeypatch.setitem(contenders.CONTENDERS, "vj", Punctual)
    command = ["--music", str(pieces), "--split", "valid", "-o", str(tmp_path), "--rows", str(tmp_path / "rows.json"),
               "--trackers", "vj,aubio 1024"]
    assert bench.main(command, tmp_path) == 1  # silence at full confidence must not pass
    told = bench.load(tmp_path / "rows.json")
    assert len(told) == 8
    (one,) = [row for row in told if (row["tracker"], row["kind"], row["name"]) == ("vj", "midi", "a")]
    assert (one["f"], one["cmlt"], one["tempo"], one["locked"], one["song"]) == (1.0, 1.0, 1.0, 1.0, "a")
    assert one["seconds"] == pytest.approx(10.0)
    page = (tmp_path / "beats.md").read_text("utf-8")
    assert cells(page, "Our figures", "F, as it comes")[3] == "yes"
    assert cells(page, "Our figures", beats_page.SILENCE)[3] == "**no**"
    assert "NOT REACHED" in capsys.readouterr().out
    assert bench.main(["--compare", str(tmp_path / "rows.json"), str(tmp_path / "rows.json")], tmp_path) == 0
    assert "+0.000 (+0.000..+0.000)" in capsys.readouterr().out


def test_what_was_heard_before_an_interruption_is_not_heard_again(pieces: Path, tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    failing = [True]

    def judge(_bench: bench.Bench, piece: store.Piece) -> list[dict[str, Any]]:
        if len(heard) == 3 and failing:
            failing.clear()
            raise KeyboardInterrupt
        heard.append(f"{piece.kind}/{piece.name}")
        return [{**music("vj", [0.9], piece.kind)[0], "name": piece.name}]

    monkeypatch.setattr(bench.Bench, "judge", judge)
    monkeypatch.setattr(bench, "OFTEN", 1)
    monkeypatch.setattr(machine, "busy", lambda: 0.0)
    command = ["--music", str(pieces), "--split", "valid", "-o", str(tmp_path), "--rows", str(tmp_path / "rows.json"),
               "--trackers", "vj"]
    with pytest.raises(KeyboardInterrupt):
        bench.main(command, tmp_path)
    kept = bench.load(tmp_path / "rows.json")
    assert len(kept) == 3
    bench.save([*kept, {**kept[0], "name": "of another split"}], tmp_path / "rows.json")
    bench.main([*command, "--go-on"], tmp_path)
    assert sorted(heard) == ["club/b", "midi/a", "midi/b", "negative/n"], "each once"
    assert sorted(row["name"] for row in bench.load(tmp_path / "rows.json")) == ["a", "b", "b", "n"]


def test_without_music_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--music", str(tmp_path)], tmp_path) == 1
    assert "make_beat_music" in capsys.readouterr().out


def test_rows_survive_the_file(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    bench.save(rows, tmp_path / "deep" / "rows.json")
    assert bench.load(tmp_path / "deep" / "rows.json") == rows
    json.loads((tmp_path / "deep" / "rows.json").read_text("utf-8"))


def test_ours_is_the_tracker_of_the_show() -> None:
    assert contenders.CONTENDERS["vj"] is Tracker
    deaf = Tracker(RATE, net=ToldNet(np.zeros((10, 2))))
    heard = contenders.listen(deaf, np.zeros(RATE, np.float32), RATE).heard
    assert not len(heard.times)
    assert heard.felt.max() < 0.3


def test_resampling_keeps_the_time() -> None:
    samples = np.zeros(48000, np.float32)
    samples[24000] = 1.0
    other = bench.resampled(samples, 48000, 22050)
    assert len(other) == pytest.approx(22050, abs=40)
    assert np.abs(other).argmax() == pytest.approx(11025, abs=2)
    assert bench.resampled(samples, 48000, 48000) is samples
