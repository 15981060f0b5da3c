"""The ears on music with exactly known beats: vj's tracker, aubio's, and where they are installed two oracles.

    scripts/bench beats                                   the test split; writes docs/benchmarks/beats.md
    scripts/bench beats --split valid --limit 20 -o /tmp  a quick look at twenty pieces of each kind
    scripts/bench beats --oracles PYTHON                  and madmom's and BeatNet's, see scripts/ears/oracles.py
    scripts/bench beats --go-on                           after an interruption: only the pieces not heard yet
    scripts/bench beats --again --beside ORACLES.json     the page anew, with what oracles made of some pieces
    scripts/bench beats --compare BEFORE.json AFTER.json  what a change has brought, on the pieces that both hold

Every piece is decoded once and heard by all of them in stream order. The rows of each piece lie in build/beats.json,
a few pieces late while it runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
from ears import store
from ears.contenders import CONTENDERS, Hearing, listen
from ears.metrics import Heard, Truth, score
from ears.oracles import RATES, Oracle

from benches import beats_page, machine, table
from vj.app.lookfiles import written

ROWS = Path("build") / "beats.json"
OFTEN = 20
"""Pieces after which the rows are written: an interruption costs no more than these."""
BARLESS = ("aubio 1024", "aubio 2048", "madmom")
"""These don't say where a bar begins."""


def main(arguments: Sequence[str], root: Path) -> int:
    """Judge, write rows and page; 1 when a figure is not reached."""
    args = _parser(root).parse_args(arguments)
    if args.compare:
        print(beats_page.comparison(*(load(path) for path in args.compare)))
        return 0
    chosen = select(args.music, args.split, args.kinds, args.limit)
    if not chosen:
        print(f"no pieces of split {args.split!r} in {args.music}; scripts/make_beat_music makes them")
        return 1
    rows = load(args.rows) if args.again else hear(chosen, args)
    save(rows, args.rows)
    facts = [*machine.describe(), f"aubio-ledfx {version('aubio-ledfx')}, numpy {version('numpy')}",
             f"Other work on the machine before the measurement: {rows[0]['busy']:.0%}"]
    page = beats_page.page(rows, args.split, facts, load(args.beside) if args.beside else ())
    path = table.save(args.output, "beats", page)
    figures = beats_page.figures(rows)
    for row in figures:
        print(f"  {row.what}: {row.value}{' NOT REACHED, ' + row.goal if row.reached is False else ''}")
    print(f"  {path}, {args.rows}")
    return 1 if any(row.reached is False for row in figures) else 0


def _parser(root: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench beats", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--music", type=Path, default=store.home(), metavar="DIR", help="of scripts/make_beat_music")
    parser.add_argument("--split", choices=store.SPLITS, default="test")
    parser.add_argument("--kinds", type=lambda text: text.split(","), metavar="A,B", help="only these")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N pieces of each kind, evenly chosen")
    parser.add_argument("--trackers", type=_trackers, default=list(CONTENDERS), metavar="A,B",
                        help=f"only these of {', '.join(CONTENDERS)}")
    parser.add_argument("--oracles", type=Path, metavar="PYTHON", help="the interpreter that has them")
    parser.add_argument("--beside", type=Path, metavar="JSON",
                        help="rows of an earlier run with oracles on some of the pieces, to show them too")
    parser.add_argument("--again", action="store_true", help="hear nothing: make the page of --rows anew")
    parser.add_argument("--go-on", action="store_true", help="hear only the pieces that are not in --rows yet")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes side by side")
    parser.add_argument("--rows", type=Path, default=root / ROWS, metavar="FILE", help="where each piece's row goes")
    parser.add_argument("-o", "--output", type=Path, default=root / "docs" / "benchmarks", metavar="DIR")
    parser.add_argument("--compare", type=Path, nargs=2, metavar="JSON", help="two files of rows")
    return parser


def _trackers(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(CONTENDERS):
        raise argparse.ArgumentTypeError(f"no tracker {', '.join(sorted(unknown))}; there are {', '.join(CONTENDERS)}")
    return names


def select(folder: Path, split: str, kinds: Sequence[str] | None = None, limit: int | None = None) -> list[store.Piece]:
    """The pieces to hear; a limit takes every n-th of a kind, so that all its songs have a chance."""
    chosen: list[store.Piece] = []
    for kind, group in groupby(store.pieces(folder, split), key=lambda piece: piece.kind):
        pieces = list(group)
        if kinds is None or kind in kinds:
            places = np.linspace(0, len(pieces) - 1, min(limit or len(pieces), len(pieces)))
            chosen += [pieces[round(place)] for place in places]
    return chosen


# --------------------------------------------------------------------------------------------- judging


def hear(pieces: Sequence[store.Piece], args: argparse.Namespace) -> list[dict[str, Any]]:
    """All rows; each tells how busy the machine was with other work before."""
    left = {(piece.kind, piece.name): piece for piece in pieces}
    before = load(args.rows) if args.go_on and args.rows.is_file() else []
    rows = [row for row in before if (row["kind"], row["name"]) in left]  # another split's are not for this page
    for row in rows:
        left.pop((row["kind"], row["name"]), None)
    busy = machine.busy()
    for number, made in enumerate(judged(list(left.values()), args), 1):
        rows += [{**row, "busy": busy} for row in made]
        if number % OFTEN == 0:
            save(rows, args.rows)
    return rows


def judged(pieces: Sequence[store.Piece], args: argparse.Namespace) -> Iterator[list[dict[str, Any]]]:
    """The rows of each piece, as they are done."""
    bench = Bench(tuple(args.trackers), args.oracles)
    with ExitStack() as stack:
        if args.jobs > 1:
            pool = stack.enter_context(ProcessPoolExecutor(args.jobs))
            done = pool.map(partial(_in_a_process, bench), pieces)
        else:
            stack.enter_context(closing(bench))
            done = map(bench.judge, pieces)
        for number, (piece, rows) in enumerate(zip(pieces, done, strict=True), 1):
            told = ", ".join(f"{row['tracker']} {row.get('f', row.get('felt_max', 0.0)):.2f}" for row in rows)
            print(f"  {number}/{len(pieces)} {piece.kind}/{piece.name}: {told}", flush=True)
            yield rows


_benches: dict[Bench, Bench] = {}
"""The one of this worker process, whose oracles stay open from piece to piece."""


def _in_a_process(bench: Bench, piece: store.Piece) -> list[dict[str, Any]]:
    return _benches.setdefault(bench, bench).judge(piece)


@dataclass(frozen=True)
class Bench:
    """Everyone who is judged: ``trackers`` in this process, and the oracles of the interpreter ``python``."""

    trackers: tuple[str, ...]
    python: Path | None = None
    _open: dict[str, Oracle] = field(default_factory=dict, compare=False, repr=False)

    def judge(self, piece: store.Piece) -> list[dict[str, Any]]:
        """One row a tracker."""
        samples, rate = piece.sound()
        truth = Truth(np.array(piece.beats), np.array(piece.downbeats), len(samples) / rate)
        rows = [self._row(name, piece, truth, listen(CONTENDERS[name](rate), samples, rate)) for name in self.trackers]
        for name in RATES if self.python else ():
            oracle = self._open.get(name) or self._open.setdefault(name, Oracle(self.python, name))
            said, cpu = oracle.hear(resampled(samples, rate, oracle.rate))
            rows.append(self._row(name, piece, truth, Hearing(Heard.of(said), cpu)))
        return rows

    def _row(self, name: str, piece: store.Piece, truth: Truth, hearing: Hearing) -> dict[str, Any]:
        told = score(truth, hearing.heard)
        if name in BARLESS and "downbeat_f" in told:
            told["downbeat_f"] = None
        return {"tracker": name, "kind": piece.kind, "name": piece.name, "song": piece.song,
                "seconds": round(truth.seconds, 3), "cpu": hearing.cpu / truth.seconds,
                **told}

    def close(self) -> None:
        """End the oracles."""
        for oracle in self._open.values():
            oracle.close()


def resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """(N,) float32 at another rate."""
    if rate == wanted:
        return samples
    resampler = av.AudioResampler(format="flt", layout="mono", rate=wanted)
    frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    frame.sample_rate = rate
    return np.concatenate([out.to_ndarray()[0] for asked in (frame, None) for out in resampler.resample(asked)])


# ------------------------------------------------------------------------------------------------ rows


def save(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the rows as JSON, one a line; until all are written, the file is what it was."""
    written(path, "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def load(path: Path) -> list[dict[str, Any]]:
    """The rows that ``save`` wrote."""
    return list(json.loads(path.read_text("utf-8")))
