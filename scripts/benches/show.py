"""Running vj as a program runs it: the command, and the JSON lines it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

VJ = Path(sys.executable).with_name("vj")


@dataclass(slots=True)
class Run:
    """What a command said. ``lines`` with the seconds since its start; ``memory`` in MB of it and its children."""

    lines: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    wall: float = 0.0

    @property
    def result(self) -> Mapping[str, Any]:
        """The last word of the command."""
        return next(line["result"] for _, line in reversed(self.lines) if "result" in line)

    @property
    def loop_began(self) -> float:
        """Seconds from the command to the first tick: the least lag of a status line behind its own show time."""
        return min(at - line["status"]["t"] for at, line in self.lines if "status" in line)


def run(arguments: Sequence[str], home: Path | None = None) -> Run:
    """``vj`` with ``arguments`` and ``--json`` to its end; raises RuntimeError with what it said when it failed."""
    env = {**os.environ, **({"VJ_HOME": str(home)} if home else {})}
    began = time.perf_counter()
    done = Run()
    with subprocess.Popen([VJ, *arguments, "--json"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        watch = threading.Thread(target=_weigh, args=(process.pid, began, done), daemon=True)
        watch.start()
        assert process.stdout is not None
        assert process.stderr is not None
        done.lines = [(time.perf_counter() - began, json.loads(line)) for line in process.stdout]
        error = process.stderr.read()
    done.wall = time.perf_counter() - began
    if process.returncode:
        said = error.strip() or (done.lines[-1][1] if done.lines else "nothing")
        raise RuntimeError(f"vj {' '.join(map(str, arguments))} ended with {process.returncode}: {said}")
    return done


def _weigh(pid: int, began: float, done: Run) -> None:
    """Every second, the resident memory of the command and its children together."""
    while True:
        try:
            parent = psutil.Process(pid)
            members = [parent, *parent.children(recursive=True)]
            total = sum(member.memory_info().rss for member in members)
        except psutil.Error:
            if not psutil.pid_exists(pid):
                return
        else:
            done.memory.append((time.perf_counter() - began, total / 1e6))
        time.sleep(1.0)


def look(home: Path, name: str, text: str) -> str:
    """A look of the benchmark's own, in a home of its own."""
    (home / "looks").mkdir(parents=True, exist_ok=True)
    (home / "looks" / f"{name}.toml").write_text(text, encoding="utf-8")
    return name
