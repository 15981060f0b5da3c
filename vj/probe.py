"""Asking a part of the machine in a process of its own: a driver that crashes or hangs costs only the answer.

``python -m vj.probe MODULE:FUNCTION`` calls the function and writes what it returns as one marked JSON line, because
drivers print to standard output too.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

MARK = "vj-answer: "
"""Begins the one line of output that is the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe brought back: ``value`` as JSON knows it, or one sentence of ``error``."""

    value: Any = None
    error: str = ""


def ask(target: str, timeout: float = 40.0) -> Answer:
    """Call ``module:function`` without arguments in a new process and wait ``timeout`` seconds at most."""
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter, our own module
            [sys.executable, "-m", "vj.probe", target], capture_output=True, timeout=timeout, check=False,
            stdin=subprocess.DEVNULL, env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"})
    except subprocess.TimeoutExpired:
        return Answer(error=f"no answer within {timeout:g} s")
    except OSError as error:
        return Answer(error=str(error))
    return _parse(done.stdout.decode("utf-8", "replace"), done.returncode)


def _parse(output: str, code: int) -> Answer:
    for line in reversed(output.split("\n")):
        if line.startswith(MARK):
            return Answer(**json.loads(line.removeprefix(MARK)))
    return Answer(error=_death(code))


def _death(code: int) -> str:
    """How a process ended that gave no answer."""
    if code >= 0:
        return f"the probe ended with exit code {code} and no answer"
    try:
        return f"the driver crashed ({signal.Signals(-code).name})"
    except ValueError:
        return f"the driver crashed (signal {-code})"


def main(target: str) -> None:
    """Call ``module:function`` and write its answer; whatever it raises becomes the error."""
    module, _, function = target.partition(":")
    try:
        value, error = getattr(importlib.import_module(module), function)(), ""
    except Exception as problem:  # the whole point: any driver's exception is an answer
        value, error = None, str(problem) or type(problem).__name__
    # A line of its own, whatever a driver has left on the present one.
    sys.stdout.write(f"\n{MARK}{json.dumps({'value': value, 'error': error}, default=_plain)}\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


if __name__ == "__main__":
    main(sys.argv[1])
