"""The page of the ears: our figures against their goals, all trackers side by side, every kind of music by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from ears.figures import Estimate, Figure, Row, difference, estimate, highest, median, p95

from benches.table import Row as Line
from vj.audio.tracker.tracker import FASTEST, SLOWEST

OURS, THEIRS = "vj", "aubio 1024"
DEGRADED = ("club", "degraded")
"""Kinds whose name begins so are music as a bad room gives it."""
PERCENT = "{:.1%}"
SILENCE = "highest confidence where there is no beat"

F = Figure("f", "F")
CMLT, AMLT = Figure("cmlt", "CMLt"), Figure("amlt", "AMLt")
TEMPO_FREE, TEMPO = Figure("tempo_free", "tempo, octave free"), Figure("tempo", "tempo, octave right")
IN_TIME = Figure("tempo_time", "time at the right tempo")
NEVER = Figure("locked", "never locked", form=PERCENT, change=lambda v: 1.0 - v, more=False)
NEVER_FREE = Figure("locked_free", "never locked on any level", form=PERCENT, change=lambda v: 1.0 - v, more=False)
LOCK = Figure("lock_s", "first lock, s", median, "{:.1f}", more=False)
RELOCK = Figure("relock_s", "relock after a cut, s", median, "{:.1f}", more=False)
RAMP = Figure("ramp_right", "right within ramps")
DOWNBEAT = Figure("downbeat_f", "downbeat F")
LATE, LATE95 = (Figure("late_ms", f"said after the beat, {name}, ms", how, "{:+.0f}", more=False)
                for name, how in (("median", median), ("95 %", p95)))
AHEAD = Figure("late_ms", "said at or before the beat", form=PERCENT, change=lambda v: v <= 0.0)
PHASE = Figure("phase_ms", "phase error, median, ms", median, "{:+.1f}", more=False)
PHASE_SIZE, PHASE95 = (Figure("phase_ms", f"size of the phase error, {name}, ms", how, "{:.1f}", np.abs, more=False)
                       for name, how in (("median", median), ("95 %", p95)))
CPU = Figure("cpu", "of one core", form="{:.2%}", more=False)
SURE = Figure("felt_max", "highest confidence", highest, more=False)
FELT = Figure("felt_mean", "mean confidence", more=False)
OVER = Figure("felt_over", "time at 0.3 or more", form=PERCENT, more=False)
PHANTOMS = Figure("phantoms", "phantom beats a minute", form="{:.1f}", more=False)

SIDE_BY_SIDE = (F, CMLT, AMLT, TEMPO_FREE, TEMPO, IN_TIME, NEVER, NEVER_FREE, LOCK, RELOCK, RAMP, DOWNBEAT, LATE,
                LATE95, AHEAD, PHASE, PHASE_SIZE, PHASE95, CPU)
BY_KIND = (F, CMLT, AMLT, TEMPO_FREE, TEMPO, NEVER, LOCK, DOWNBEAT, LATE95, PHASE)
SILENT = (SURE, FELT, OVER, PHANTOMS)

HOW = """\
Music whose beats are known exactly, made by `scripts/make_beat_music`; split by song, so that nothing here was ever
trained or tuned on. Every tracker hears the same samples in the order of the stream, 512 at a time, and counts by what
it announces while it hears: nothing is looked up afterwards.

- F, CMLt, AMLt: a beat within 70 ms (CMLt, AMLt: mir_eval's continuity), the first five seconds left out.
- Tempo: the piece's median interval within 4 %; *octave free* also twice and half. *Time at the right tempo*: the share
  of time in which the tempo last said is within 4 % of the true one there.
- A true beat is *right* when exactly one announced beat lies nearer to it than to its neighbours, and within 70 ms.
  *Never locked*: never eight right in a row (*on any level*: nor in double or half time or off the beat). *First lock*:
  from the first true beat to the first of four right ones in a row. *Relock*: the same from where tempo or phase are
  cut. *Right within ramps*: the share of right beats where the tempo glides.
- Said after the beat: when it was announced minus when it truly is; negative is before. Phase error: where it was
  announced to be minus where it is.
- In brackets the interval in which 95 of 100 other choices of as many songs would lie (whole songs drawn anew)."""


def of(rows: Iterable[Row], tracker: str, kinds: Sequence[str] | None = None) -> list[Row]:
    """A tracker's rows, all or those of some kinds."""
    return [row for row in rows if row["tracker"] == tracker and (kinds is None or row["kind"] in kinds)]


def page(rows: Sequence[Row], split: str, machine: Sequence[str], beside: Sequence[Row] = ()) -> str:
    """The whole page as Markdown. ``beside``: rows of trackers that have heard a part of the pieces only."""
    songs, hours = len({row["song"] for row in rows}), sum(row["seconds"] for row in _once(rows)) / 3600
    parts = [f"# Beats\n\n{HOW}", f"Split `{split}`: {songs} songs, {len(_once(rows))} pieces, {hours:.1f} hours."]
    lines = figures(rows)
    if lines:
        parts.append(f"## Our figures\n\n{_figures(lines)}")
    if lines and len(inside(rows)) < len(rows):
        parts.append(f"## Our figures, within the range\n\n{within(rows)}")
    parts.append(f"## Side by side, all music\n\n{side_by_side(rows)}")
    if beside:
        parts.append(f"## Beside other people's trackers\n\n{yardsticks(rows, beside)}")
    parts.append(f"## F by kind\n\n{by_tracker(rows, F)}")
    parts += [f"## {tracker} by kind\n\n{by_kind(of(rows, tracker), BY_KIND)}" for tracker in trackers(rows)]
    if any("felt_max" in row for row in rows):
        parts.append(f"## Where there is no beat\n\n{silent(rows)}")
    parts.append("\n".join(f"- {fact}" for fact in machine))
    return "\n\n".join(parts) + "\n"


def _once(rows: Sequence[Row]) -> list[Row]:
    """One row a piece, whoever heard it."""
    return list({(row["kind"], row["name"]): row for row in rows}.values())


def trackers(rows: Iterable[Row]) -> list[str]:
    """Who was judged, in order."""
    return list(dict.fromkeys(row["tracker"] for row in rows))


def kinds(rows: Iterable[Row], *, silent: bool = False) -> list[str]:
    """Kinds of music, or of what has no beat."""
    return sorted({row["kind"] for row in rows if ("felt_max" in row) is silent})


# --------------------------------------------------------------------------------------------- figures


def figures(rows: Sequence[Row]) -> list[Line]:
    """What our own tracker is to reach, as it is."""
    ours, theirs = of(rows, OURS), of(rows, THEIRS)
    if not ours:
        return []
    clean = [row for row in ours if not row["kind"].startswith(DEGRADED)]
    rough = [row for row in ours if row["kind"].startswith(DEGRADED)]
    goals = [("F, as it comes", clean, F, 0.88), ("F, degraded", rough, F, 0.86), ("AMLt", ours, AMLT, 0.90),
             ("tempo within 4 %, octave allowed", ours, TEMPO_FREE, 0.96),
             ("tempo within 4 %, octave right", ours, TEMPO, 0.90), ("never locked", ours, NEVER, 0.06),
             ("median time to lock, s", ours, LOCK, 2.5),
             ("median time to lock again after a cut, s", ours, RELOCK, 3.0),
             ("announced at or before the beat", ours, AHEAD, 0.95),
             ("size of the phase error, median, ms", ours, PHASE_SIZE, 5.0), ("of one core", ours, CPU, 0.03),
             (SILENCE, ours, SURE, 0.3)]
    lines = [line for told in goals if (line := _goal(*told)) is not None]
    gain = difference(theirs, ours, F.key)
    if gain is not None:
        lines.insert(1, Line("F above aubio's default", gain.text("{:+.3f}"), "at least 0.15", gain.value >= 0.15))
    return lines


def _goal(what: str, rows: Sequence[Row], figure: Figure, goal: float) -> Line | None:
    found = estimate(rows, figure)
    if found is None:
        return None
    form = figure.form.replace("+", "")
    word, reached = ("at least", found.value >= goal) if figure.more else ("at most", found.value <= goal)
    return Line(what, found.text(form), f"{word} {goal:.0%}" if form.endswith("%}") else f"{word} {goal:g}", reached)


def inside(rows: Sequence[Row]) -> list[Row]:
    """Without the music whose own tempo lies outside the range that the tracker keeps to."""
    return [row for row in rows if SLOWEST <= (row.get("bpm") or SLOWEST) <= FASTEST]


def within(rows: Sequence[Row]) -> str:
    """The same figures where the tracker may say the right tempo at all."""
    kept = inside(rows)
    count, music = len(_once(rows)) - len(_once(kept)), len([row for row in _once(rows) if "felt_max" not in row])
    told = (f"{count} of the {music} pieces with a beat are slower than {SLOWEST:g} bpm or faster than {FASTEST:g}. "
            "The tracker keeps to that range unless a performer sets another: it counts them twice or half as fast, "
            "which is wrong above. Without them:")
    return f"{told}\n\n{_figures(figures(kept))}"


def _figures(lines: Sequence[Line]) -> str:
    mark = {True: "yes", False: "**no**", None: ""}
    return grid(["figure", "measured", "goal", "reached"],
                [[line.what, line.value, line.goal, mark[line.reached]] for line in lines])


# ---------------------------------------------------------------------------------------------- tables


def grid(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *body])


def side_by_side(rows: Sequence[Row]) -> str:
    """A line a figure, a column a tracker, with intervals."""
    names = trackers(rows)
    return grid(["", *names], [[figure.name, *(cell(of(rows, name), figure, wide=True) for name in names)]
                               for figure in SIDE_BY_SIDE])


def yardsticks(rows: Sequence[Row], beside: Sequence[Row]) -> str:
    """Everyone side by side on the pieces that ``beside`` holds."""
    heard = {(row["kind"], row["name"]) for row in beside}
    known = trackers(rows)
    ours = [row for row in rows if (row["kind"], row["name"]) in heard]
    told = f"On {len(heard)} of the pieces, evenly chosen from every kind; they were given the same samples.\n\n"
    return told + side_by_side([*ours, *(row for row in beside if row["tracker"] not in known)])


def by_tracker(rows: Sequence[Row], figure: Figure) -> str:
    """A line a kind, a column a tracker."""
    names = trackers(rows)
    lines = [[kind, *(cell(of(rows, name, [kind]), figure, wide=True) for name in names)] for kind in kinds(rows)]
    total = ["all", *(cell(of(rows, name), figure, wide=True) for name in names)]
    return grid(["kind", *names], [*lines, total])


def by_kind(rows: Sequence[Row], shown: Sequence[Figure]) -> str:
    """A line a kind of one tracker's rows, a column a figure."""
    lines = [(kind, [row for row in rows if row["kind"] == kind]) for kind in kinds(rows)]
    lines.append(("all", [row for row in rows if "felt_max" not in row]))
    return grid(["kind", "songs", "pieces", *(figure.name for figure in shown)],
                [[kind, str(len({row["song"] for row in own})), str(len(own)), *(cell(own, figure) for figure in shown)]
                 for kind, own in lines])


def silent(rows: Sequence[Row]) -> str:
    """What was heard where no beat is, by kind and tracker."""
    body = [[kind, tracker, *(cell(of(rows, tracker, [kind]), figure) for figure in SILENT)]
            for kind in kinds(rows, silent=True) for tracker in trackers(rows)]
    return grid(["kind", "tracker", *(figure.name for figure in SILENT)], body)


def cell(rows: Sequence[Row], figure: Figure, *, wide: bool = False) -> str:
    """One figure as text, with its interval when there is room; empty when no row can tell."""
    found = estimate(rows, figure, draws=400 if wide else 0)
    if found is None:
        return ""
    return _wide(found, figure.form) if wide else figure.form.format(found.value)


def _wide(found: Estimate, form: str) -> str:
    return found.text(form) if found.high > found.low else form.format(found.value)


def comparison(before: Sequence[Row], after: Sequence[Row]) -> str:
    """What has changed from one run to another, tracker by tracker, kind by kind; paired by piece."""
    keys = ("f", "cmlt", "amlt", "tempo_free", "tempo", "locked", "downbeat_f", "felt_max")
    body = []
    for tracker in [name for name in trackers(after) if name in trackers(before)]:
        for kind in [*sorted({row["kind"] for row in after}), None]:
            chosen = None if kind is None else [kind]
            found = [difference(of(before, tracker, chosen), of(after, tracker, chosen), key) for key in keys]
            if any(found):
                body.append([tracker, kind or "all", str(max(one.count for one in found if one)),
                             *("" if one is None else one.text("{:+.3f}") for one in found)])
    return grid(["tracker", "kind", "pieces", *keys], body)
