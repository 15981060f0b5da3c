"""The diffusion engine on full-size networks: pictures a second into the mailbox, stage by stage, and against others.

    scripts/bench gpu                           SD-Turbo, SDXL-Turbo, random weights; writes docs/benchmarks/gpu.md
    scripts/bench gpu --models sd-turbo --tune  the compiler's long search too, minutes more
    scripts/bench gpu --tiny                    the same at tiny size, in a minute on any machine: proves that it runs

Without a GPU it is tiny by itself and the page says that the figures are still owed. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from benches import gpu_models, machine, table
from benches.gpu_measure import Bench, Spans, ceilings, flops, into_mailbox, on_device, repeated
from benches.gpu_rivals import PROMPT, StreamBatch, conditions, stock
from benches.gpu_show import display
from benches.gpu_upload import uploads
from benches.table import Row, at_least, percentile, under
from vj.clock import now
from vj.models.diffusion import frame
from vj.models.diffusion.engine import WAYS, Engine
from vj.models.diffusion.launch import capture

AHEAD = (1, 2, 4, 8)
SIZES = {"sd-turbo": ((512, 512),), "sdxl-turbo": ((512, 512), (1024, 1024))}
GOALS = {("sd-turbo", 512): 200.0, ("sdxl-turbo", 512): 100.0, ("sdxl-turbo", 1024): 40.0}
"""Generated pictures a second on an H100, end to end."""
AHEAD_GOAL, STOCK_GOAL, STREAM_GOAL, TYPED_GOAL = 330.0, 3.0, 1.5, 60.0


# ------------------------------------------------------------------------------------------- one model


def stages(bench: Bench) -> Iterator[Spans]:
    """The parts of a picture, call by call, and captured where the device can."""
    parts, (width, height) = bench.parts, bench.size
    model = frame.Model(parts.unet, parts.vae, parts.dtype, parts.device)
    state = torch.randn(1, 4, height // 8, width // 8, device=parts.device)
    time, said = torch.tensor([999.0], device=parts.device), conditions(parts, bench.size, 1)
    calls = {"UNet": lambda: parts.unet(state.to(parts.dtype), time, return_dict=False, **said),
             "decoder": lambda: frame.decoded(model, state)}
    for what, call in calls.items():
        def quiet(call: Callable[[], object] = call) -> None:
            with torch.no_grad():
                call()

        yield Spans(f"{what}, call by call", on_device(quiet, bench))
        if parts.device.startswith("cuda"):
            quiet()
            graph = capture(quiet, torch.cuda.graph_pool_handle())
            yield Spans(f"{what}, captured", on_device(graph.replay, bench))
    texts = iter(range(1 << 30))
    yield Spans("a prompt read", repeated(lambda _: parts.encoder.encode(f"{PROMPT} {next(texts)}").tokens.cpu(), 0.5))


def measured_ways(bench: Bench) -> Iterator[tuple[Spans, Engine]]:
    """End to end by each way of launching, the engine for the rest last."""
    for count in range(len(bench.ways) + 1):
        engine = Engine.open(bench.parts, ways=bench.ways[:count], tell=lambda text: print(f"    {text}"))
        engine.prepare([bench.shot(0)])
        spans = into_mailbox(engine, bench)
        yield Spans(f"into the mailbox, {engine.way(bench.shot(0))}", spans, floor=bench.floor()), engine


def looking_ahead(bench: Bench, engine: Engine) -> Iterator[Spans]:
    for rows in AHEAD[1:]:
        engine.prepare([bench.shot(0)], rows)
        yield Spans(f"into the mailbox, looking ahead {rows}", into_mailbox(engine, bench, rows), rows,
                    bench.floor(rows))


def rivals(bench: Bench) -> Iterator[Spans]:
    """The others, one picture after the other to the host."""
    graphs = (False, True) if bench.parts.device.startswith("cuda") else (False,)
    runs: dict[str, Callable[[], object]] = {
        "diffusers, stock": stock(bench.parts, bench.size, bench.tiny),
        "diffusers, TAESD": stock(bench.parts, bench.size, bench.tiny, taesd=True)}
    runs |= {f"stream batch, TAESD, {'captured' if g else 'call by call'}":
             StreamBatch(bench.parts, bench.size, 1, graphs=g) for g in graphs}
    for what, run in runs.items():
        for _ in range(3):
            run()
        yield Spans(what, repeated(lambda _, run=run: run(), bench.seconds / 2))


def prompts(bench: Bench, engine: Engine) -> tuple[int, Spans]:
    """Pictures until a prompt that is encoded shows, and the seconds for one that is typed now."""
    home = engine.draw(bench.shot(0, calm=0.0))
    engine.parts.encoder.encode("encoded ahead")
    late = 1
    while late < 4 and (engine.draw(bench.shot(0, calm=0.0, prompt=(("encoded ahead", 1.0),))) == home).all():
        late += 1
    spans = repeated(lambda n: engine.draw(bench.shot(0, prompt=((f"typed {n} {now()}", 1.0),))), bench.seconds / 4)
    return late, Spans("a typed prompt to its picture", spans)


def judge(bench: Bench, real: bool) -> tuple[list[Row], list[Spans]]:
    """One model's rows and its table; goals count on an H100 only."""
    spans = list(stages(bench))
    ways = list(measured_ways(bench))
    spans += [found for found, _ in ways]
    engine = ways[-1][1]
    best = max((found for found, _ in ways), key=lambda found: found.rate)
    ahead, others = list(looking_ahead(bench, engine)), list(rivals(bench))
    late, typed = prompts(bench, engine)
    ways_up = list(uploads(bench))
    for _, opened in ways:
        opened.close()
    goal = GOALS.get((bench.parts.name, bench.size[0])) if real else None
    rows = [_goal(f"{bench.name}: end to end, {best.what.split(', ', 1)[1]}", best.rate, goal, "pictures/s")]
    wide = next(found for found in ahead if found.rows == 4)
    first = bench.parts.name == "sd-turbo"
    rows.append(_goal(f"{bench.name}: looking ahead 4", wide.rate, AHEAD_GOAL if real and first else None,
                      "pictures/s"))
    stream = max(others[2:], key=lambda found: found.rate)
    rows.append(_goal(f"{bench.name}: over diffusers' stock pipeline", best.rate / others[0].rate,
                      STOCK_GOAL if real else None, "times"))
    rows.append(_goal(f"{bench.name}: over a stream batch with TAESD ({stream.what.rsplit(', ', 1)[1]})",
                      best.rate / stream.rate, STREAM_GOAL if real else None, "times"))
    rows.append(Row(f"{bench.name}: an encoded prompt shows in", f"picture {late}", "under 2", late < 2))
    p95 = 1e3 * percentile(typed.seconds, 0.95)
    rows.append(under(f"{bench.name}: typed prompt to its picture, p95", p95, TYPED_GOAL, "ms") if real
                else Row(f"{bench.name}: typed prompt to its picture, p95", f"{p95:.3g} ms"))
    return rows, [*spans, *ahead, *others, typed, *ways_up]


def _goal(what: str, value: float, goal: float | None, unit: str) -> Row:
    return Row(what, f"{value:.3g} {unit}") if goal is None else at_least(what, value, goal, unit)


# --------------------------------------------------------------------------------------------- the page

HOW = ("Networks of full size with random weights, half precision; a picture is a step of a walk with calm, drawn "
       "into the shared memory that the show reads, the next one begun before it is taken. *Floor*: the larger of the "
       "picture's arithmetic at the rate of a large matrix product on this device and of its weights read once at the "
       "rate of a large copy, both measured first; the share says how near p50 comes. Milliseconds; with looking ahead "
       "of the whole batch. *To a texture*: from the device until OpenGL has it. A whole show, without a window, tells "
       "how late its frames are while the model draws, and while there is only a test pattern.")
OWED = ("**No GPU was at hand: networks of tiny size on a CPU. This page proves that the benchmark runs; every figure "
        "of a GPU is still owed.**")


def device_facts(device: str) -> list[str]:
    """What was measured on: device, driver, clocks as found."""
    if not device.startswith("cuda"):
        return ["Device: CPU, one thread"]
    properties = torch.cuda.get_device_properties(0)
    asked = "driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.limit,temperature.gpu"
    try:
        told = subprocess.run(["nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader"], capture_output=True,
                              text=True, timeout=20, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        told = "nvidia-smi does not answer"
    return [f"Device: {properties.name}, {properties.total_memory / 2**30:.0f} GiB, clocks not locked",
            f"{asked}: {told}", f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"]


def page(rows: Sequence[Row], tables: dict[str, list[Spans]], facts: Sequence[str], busy: float, tiny: bool) -> str:
    """The page: figures, then a table for each model."""
    text = table.page("The diffusion engine", f"{OWED}\n\n{HOW}" if tiny else HOW, rows, facts, busy)
    for name, spans in tables.items():
        text += f"\n## {name}\n\n| | p50 | p95 | p99 | pictures/s | floor, reached |\n|---|---|---|---|---|---|\n"
        text += "".join(f"| {' | '.join(found.cells())} |\n" for found in spans)
    return text


def main(arguments: Sequence[str], root: Path) -> int:
    """Measure, write page and rows; 1 when a goal is missed."""
    args = _parser(root).parse_args(arguments)
    cuda = torch.cuda.is_available()
    device, tiny = "cuda" if cuda else "cpu", args.tiny or not cuda
    if not cuda:
        torch.set_num_threads(1)
    real = cuda and not tiny and "H100" in torch.cuda.get_device_name(0)
    busy, top = machine.busy(), ceilings(device, tiny)
    rows: list[Row] = []
    tables: dict[str, list[Spans]] = {}
    for name in args.models:
        parts = gpu_models.parts_of(name, device, tiny)
        for size in ((64, 64),) if tiny else SIZES[name]:
            bench = Bench(parts, size, tiny, 0.2 if tiny else args.seconds, (*WAYS, "tune")[:3 if args.tune else 2]
                          if cuda else (), top, flops(parts, size))
            print(f"{bench.name} ...", flush=True)
            found, tables[bench.name] = judge(bench, real)
            rows += found
            report(found)
        if args.show:
            rows.append(display(name, tiny, 45.0 if tiny else 60.0))
            report(rows[-1:])
    facts = [*machine.describe(), *device_facts(device),
             f"Measured ceilings: {top[0] / 1e12:.3g} TFLOP/s, {top[1] / 1e9:.3g} GB/s"]
    print(f"  {table.save(args.output, 'gpu', page(rows, tables, facts, busy, tiny))}")
    args.rows.parent.mkdir(parents=True, exist_ok=True)
    args.rows.write_text(json.dumps({name: [vars(found) for found in spans] for name, spans in tables.items()}))
    return 1 if any(row.reached is False for row in rows) else 0


def report(rows: Sequence[Row]) -> None:
    """Say figures as they come."""
    for row in rows:
        print(f"  {row.what}: {row.value}{' NOT REACHED' if row.reached is False else ''}", flush=True)


def _parser(root: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench gpu", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=lambda text: text.split(","), default=list(SIZES), metavar="A,B")
    parser.add_argument("--tiny", action="store_true", help="tiny networks, wherever it runs")
    parser.add_argument("--tune", action="store_true", help="let the compiler search for minutes too")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--no-show", dest="show", action="store_false", help="leave out the whole show beside a model")
    parser.add_argument("--rows", type=Path, default=root / "build" / "gpu.json", metavar="FILE")
    parser.add_argument("-o", "--output", type=Path, default=root / "docs" / "benchmarks", metavar="DIR")
    return parser
