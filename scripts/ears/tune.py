"""Try figures of the tracker's back end on the pieces kept for that (split ``valid``), from activations heard once.

    PYTHONPATH=scripts python -m ears.tune MUSIC WEIGHTS [--kinds midi,module] [--each] [missed=0.1 trust.REST=3 ...]

A figure is a field of ``Odds`` or MODULE.NAME, a constant of a module in ``vj/audio/tracker``.
"""

from __future__ import annotations

import argparse
import importlib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ears.features import frames_of
from ears.metrics import Heard, Truth, score
from ears.store import Piece, pieces
from vj.audio.tracker.conductor import Conductor
from vj.audio.tracker.front import FRAMES
from vj.audio.tracker.net import TEMPI, BeatNet
from vj.audio.tracker.states import Odds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

LONGEST = 90
"""Seconds of each piece that are judged."""


def heard_in(folder: Path, weights: Path, chosen: Iterable[Piece]) -> dict[str, NDArray[np.float16]]:
    """Piece's name -> (frames, 3 + TEMPI) beat, downbeat, 1 where cut, the opinion of tempi; kept in ``.heard``."""
    kept = folder / ".heard" / f"{zlib.crc32(weights.read_bytes()):08x}"
    told = {}
    for piece in chosen:
        path = kept / piece.kind / f"{piece.name}.npy"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, _listen(BeatNet.open(weights), frames_of(folder, piece)[:LONGEST * FRAMES]))
        told[f"{piece.kind}/{piece.name}"] = np.load(path)
    return told


def _listen(net: BeatNet, frames: NDArray[np.float16]) -> NDArray[np.float16]:
    told = np.zeros((len(frames), 3 + len(TEMPI)), np.float16)
    for row, levels in zip(told, frames.astype(np.float32), strict=True):
        row[:2] = net.step(levels)
        row[2] = net.cut
        row[3:] = 0.0 if net.tempi is None else net.tempi
    return told


def conduct(heard: NDArray[np.float16], delay: float, odds: Odds) -> Heard:
    """What the back end announces of these activations."""
    conductor, said, felt = Conductor(1.0 / FRAMES, delay, 70.0, 180.0, odds), [], []
    opinions = heard[:, 3:].astype(np.float32)
    for n, (beat, downbeat, cut) in enumerate(heard[:, :3].astype(float).tolist()):
        beat_said = conductor.step(beat, downbeat, opinions[n], cut > 0.0)
        if beat_said is not None:
            said.append(beat_said)
        if n % 25 == 0:
            felt.append(conductor.confidence)
    return Heard.of(said, felt)


def judge(piece: Piece, heard: NDArray[np.float16], delay: float, odds: Odds) -> dict[str, Any]:
    """The figures of one piece."""
    seconds = len(heard) / FRAMES - 0.2
    beats, downs = np.array(piece.beats, float), np.array(piece.downbeats, float)
    truth = Truth(beats[beats < seconds], downs[downs < seconds], seconds)
    said = conduct(heard, delay, odds)
    return {**score(truth, said), "felt": float(np.median(said.felt))}


def settle(words: Sequence[str]) -> Odds:
    """Take ``name=value`` words: constants are set in their modules, the rest makes Odds."""
    own: dict[str, float] = {}
    for word in words:
        name, _, value = word.partition("=")
        module, _, constant = name.rpartition(".")
        if not module:
            own[name] = float(value)
            continue
        room = importlib.import_module(f"vj.audio.tracker.{module}")
        if not hasattr(room, constant):
            raise SystemExit(f"{module} has no {constant}")
        setattr(room, constant, float(value))
    return Odds(**own)


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Means by kind (medians of what is in seconds or milliseconds), then all."""
    kinds = sorted({name.split("/")[0] for name in rows})
    return "\n".join(_line(kind, [row for name, row in rows.items() if kind in (name.split("/")[0], "all")])
                     for kind in [*kinds, "all"])


def _line(kind: str, rows: list[dict[str, Any]]) -> str:
    parts = [f"{kind:10s} {len(rows):4d}"]
    for name in sorted({name for row in rows for name in row}):
        values = [value for row in rows if (value := row.get(name)) is not None]
        flat = np.concatenate([np.atleast_1d(np.asarray(value, float)) for value in values]) if values else np.zeros(0)
        middle = np.median if name.endswith(("_s", "_ms", "lock")) else np.mean
        parts.append(f"{name} {middle(flat):.3f}" if len(flat) else f"{name} -")
    return "  ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("music", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--kinds", default="")
    parser.add_argument("--split", default="valid", choices=("train", "valid"))
    parser.add_argument("--each", action="store_true", help="a line for each piece too")
    parser.add_argument("--most", type=int, default=1000, help="pieces of each kind at most")
    parser.add_argument("figures", nargs="*")
    args = parser.parse_intermixed_args()

    odds, delay = settle(args.figures), BeatNet.open(args.weights).delay
    wanted = set(filter(None, args.kinds.split(",")))
    chosen, count = [], dict.fromkeys(wanted, 0)
    for piece in pieces(args.music, args.split):
        count[piece.kind] = count.get(piece.kind, 0) + 1
        if (not wanted or piece.kind in wanted) and count[piece.kind] <= args.most:
            chosen.append(piece)
    heard = heard_in(args.music, args.weights, chosen)
    rows = {name: judge(piece, heard[name], delay, odds) for piece in chosen
            for name in [f"{piece.kind}/{piece.name}"]}
    if args.each:
        print("\n".join(_line(name, [row]) for name, row in rows.items()))
    print(table(rows))


if __name__ == "__main__":
    main()
