"""What was measured on: without it a number says nothing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

from vj.probe import ask


def describe() -> list[str]:
    """One line each: processor, memory, system, OpenGL, packages."""
    gl = ask("vj.render.survey:headless").value or {"renderer": "no OpenGL", "version": ""}
    gpus = (ask("vj.runner.gpus:gpus").value or {}).get("gpus", [])
    return [
        f"Processor: {_processor()}, {len(os.sched_getaffinity(0))} cores",
        f"GPU: {', '.join(gpu['name'] for gpu in gpus) or 'none'}",
        f"Memory: {psutil.virtual_memory().total / 2**30:.0f} GiB",
        f"System: {platform.platform()}, Python {platform.python_version()}",
        f"OpenGL: {gl['renderer']}",
        f"vj {version('vj')}, torch {version('torch')}, av {version('av')}, moderngl {version('moderngl')}",
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def busy() -> float:
    """Share of the machine that others use, 0..1, over two seconds: a measurement beside them is pessimistic."""
    return psutil.cpu_percent(2.0) / 100
