"""The plan of the house, held: who may import whom, who owns which package, who may ask what time it is.

Everything is read from the source; nothing here runs a show.
"""

from __future__ import annotations

import ast
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

BASIC = {"types", "mailbox", "registry", "clock", "camera", "config", "clockface"}
"""What everybody may import."""
DECLARE = {"params.spec"}
"""A parameter is declared beside its reader, so every room may declare."""
FRAME = {"params", "modulation.matrix", "modulation.routes", "walk.sphere", "walk.prompts", "walk.queue",
         "timeline.timeline", "engine", "deck", "stage", "hands", "status", "latency"}
"""What the engine and the loops around it know: kinds, never a leaf."""

ROOMS: dict[str, set[str]] = {
    "types": set(),
    "mailbox": {"types"},
    "registry": {"types"},
    "clock": {"types"},
    "camera": {"types"},
    "config": {"types"},
    "clockface": {"types"},
    "params": BASIC,
    "audio": BASIC | DECLARE,
    "timeline": BASIC | DECLARE,
    "control": BASIC | DECLARE | {"params.pushes"},
    "record": BASIC | DECLARE,
    "modulation": BASIC | {"params"},
    "walk": BASIC | {"params"},
    "render": BASIC | {"params"},
    "models": BASIC | DECLARE,
    "generators": BASIC | {"params", "models"},
    "runner": BASIC | DECLARE | {"params.props"},
    "latency": BASIC | DECLARE,
    "room": BASIC | {"latency"},
    "calibration": BASIC,
    "status": BASIC | DECLARE | {"latency"},
    "options": BASIC | {"status"},
    "console": BASIC | {"status"},
    "probe": BASIC,
    "findings": BASIC | {"probe"},
    "engine": BASIC | FRAME,
    "deck": BASIC | FRAME,
    "stage": BASIC | FRAME,
    "hands": BASIC | FRAME,
    "offline": BASIC | FRAME,
    "performance": BASIC | FRAME,
}
"""Room -> the rooms (or single modules) it may import; its own is understood."""
EVERYBODY = {"app", "cli", "report", "doctor"}
"""The files that know all: they build, wire and tell."""

OWNERS = {
    "torch": {"generators", "models", "runner"},
    "safetensors": {"models", "audio"},
    "diffusers": {"models"},
    "transformers": {"models"},
    "huggingface_hub": {"models"},
    "moderngl": {"render"},
    "glfw": {"render"},
    "pyaudio": {"audio"},
    "aubio": {"audio"},
    "av": {"audio", "record", "generators"},
    "mido": {"control"},
    "rtmidi": {"control"},
    "aalink": {"control"},
    "pythonosc": {"control"},
    "starlette": {"control"},
    "uvicorn": {"control"},
    "zeroconf": {"control"},
    "click": {"cli"},
    "rich": {"app", "console", "report", "cli"},
}
"""Package -> the only rooms that may import it; those who wire may name its types."""
HEAVY = ("torch", "diffusers", "transformers", "huggingface_hub", "moderngl", "glfw", "av", "pyaudio", "aubio", "mido",
         "rtmidi", "aalink")
MAY_LOAD_TORCH = ("vj.models.", "vj.generators._")
"""Tensor code: modules that nothing but a generator at work imports."""

CLOCKS = {"time", "perf_counter", "monotonic", "process_time", "thread_time", "time_ns", "perf_counter_ns",
          "monotonic_ns", "localtime", "gmtime", "strftime", "ctime", "asctime"}
"""Functions of ``time`` that say what time it is. Sleeping is no asking."""
RUNNERS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load", "pickle.Unpickler",
           "torch.load", "marshal.load", "marshal.loads", "shelve.open", "yaml.load"}
"""Calls that may run what a file or a packet says."""


# -------------------------------------------------------------------------------------- reading


@cache
def sources() -> dict[str, ast.Module]:
    """Module name without ``vj.`` -> its tree."""
    found = {}
    for path in sorted((ROOT / "vj").rglob("*.py")):
        parts = list(path.relative_to(ROOT / "vj").with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text("utf-8"), str(path))
    return found


@cache
def imports(tree: ast.Module) -> tuple[tuple[str, int], ...]:
    """Every module a file imports anywhere, with its line; ``from a import b`` counts as both a and a.b."""
    return tuple(_imports(tree))


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            yield str(node.module), node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


@cache
def at_runtime(tree: ast.Module) -> ast.Module:
    """The file without what only the type checker reads."""
    return ast.Module([node for node in tree.body
                       if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")], [])


def room(module: str) -> str:
    return module.partition(".")[0]


def test_there_is_a_house() -> None:
    assert len(sources()) > 40


# --------------------------------------------------------------------------------- who imports whom


def allowed(module: str, target: str) -> bool:
    """May ``module`` import ``target`` (both without ``vj.``)?"""
    home = room(module)
    if home in EVERYBODY or room(target) == home:
        return True
    return any(target == name or target.startswith(f"{name}.") for name in ROOMS[home])


def test_every_module_has_a_room() -> None:
    homeless = {room(module) for module in sources() if module} - set(ROOMS) - EVERYBODY
    assert not homeless, "give them a line in ROOMS, or they know everybody and belong in EVERYBODY"


def test_the_import_table() -> None:
    modules = {name for name in sources() if not (ROOT / "vj" / name.replace(".", "/")).is_dir()}
    wrong = {f"vj/{module.replace('.', '/')}.py:{line} imports {name}" for module, tree in sources().items()
             for name, line in imports(tree)
             if module and name.removeprefix("vj.") in modules and name.startswith("vj.")
             and not allowed(module, name.removeprefix("vj."))}
    assert not wrong, "\n".join(sorted(wrong))


def test_nobody_imports_those_who_know_all() -> None:
    outer = {f"vj.{name}" for name in EVERYBODY}
    wrong = [f"{module} imports {name}" for module, tree in sources().items() if room(module) not in EVERYBODY
             for name, _ in imports(tree) if name in outer]
    assert not wrong


def test_the_plugins_are_known_to_nobody() -> None:
    """A plugin is found by its name: nothing imports one by hand, not even its neighbours."""
    kinds = ("generators.", "modulation.sources.", "walk.drives.", "timeline.formats.")
    plugins = {f"vj.{m}" for m in sources() if m.startswith(kinds) and not m.rpartition(".")[2].startswith("_")}
    wrong = [f"{module} imports {name}" for module, tree in sources().items() for name, _ in imports(tree)
             if name in plugins and f"vj.{module}" != name]
    assert not wrong


@pytest.mark.parametrize("package", sorted(OWNERS))
def test_who_owns_a_package(package: str) -> None:
    wrong = [f"vj/{module.replace('.', '/')}.py:{line}" for module, tree in sources().items()
             for name, line in imports(at_runtime(tree) if room(module) in EVERYBODY else tree)
             if room(name) == package and room(module) not in OWNERS[package]]
    assert not wrong, f"{package} belongs to {OWNERS[package]}"


# ------------------------------------------------------------------------------ what importing costs


def loaded(code: str) -> set[str]:
    """The top packages in memory after ``code`` ran in a fresh interpreter."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy() -> None:
    """``vj --help``, and the help of every command."""
    code = ("from click.testing import CliRunner\nfrom vj.cli import cli\n"
            "for name in ('', *cli.commands):\n"
            "    result = CliRunner().invoke(cli, [*filter(None, [name]), '--help'])\n"
            "    assert result.exit_code == 0, result.output\n")
    assert not loaded(code) & {*HEAVY, "numpy", "rich", "safetensors"}


def test_importing_any_module_is_cheap() -> None:
    """All of them together, but for the tensor code, load no heavy package."""
    light = [f"vj.{m}" for m in sources() if m and not f"vj.{m}".startswith(MAY_LOAD_TORCH)]
    assert not loaded(f"import importlib\nfor name in {light!r}: importlib.import_module(name)") & set(HEAVY)


def test_the_engine_of_a_live_show_never_sees_torch() -> None:
    rooms = {"engine", "stage", "app", "audio", "render", "record", "runner"}
    modules = [f"vj.{module}" for module in sources() if room(module) in rooms]
    assert "torch" not in loaded(f"import importlib\nfor name in {modules!r}: importlib.import_module(name)")


# ------------------------------------------------------------------------------------- time and trust


def places(wanted: Callable[[ast.AST], bool], but: str = "") -> list[str]:
    """File, line and text of every node that is ``wanted``, outside the module ``but``."""
    return [f"vj/{module.replace('.', '/')}.py:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}"
            for module, tree in sources().items() if module != but for node in ast.walk(tree) if wanted(node)]


def asks_the_time(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="time"), attr=name):
            return name in CLOCKS - {"time"}
        case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr="time")):
            return True
        case ast.ImportFrom(module="time", names=names):
            return bool({alias.name for alias in names} & CLOCKS)
        case ast.ImportFrom(module="datetime"):
            return True
        case ast.Import(names=names):
            return any(alias.name == "datetime" or (alias.name == "time" and alias.asname) for alias in names)
    return False


def runs_what_it_reads(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    switched_on = {keyword.arg for keyword in node.keywords
                   if not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)}
    return ast.unparse(node.func) in RUNNERS or bool(switched_on & {"shell", "allow_pickle"})


@pytest.mark.parametrize("text", ["time.perf_counter()", "time.time()", "x = time.monotonic", "import time as t",
                                  "from time import time_ns", "import datetime", "from datetime import datetime"])
def test_asking_the_time_is_noticed(text: str) -> None:
    assert any(asks_the_time(node) for node in ast.walk(ast.parse(text)))


@pytest.mark.parametrize("text", ["time.sleep(1)", "tick.time", "self.time", "from time import sleep", "import time"])
def test_being_told_the_time_is_fine(text: str) -> None:
    assert not any(asks_the_time(node) for node in ast.walk(ast.parse(text)))


def test_only_the_clock_asks_what_time_it_is() -> None:
    assert places(asks_the_time, but="clock") == []


def test_nothing_from_outside_is_run() -> None:
    """No eval, no exec, no pickled files, no shell."""
    assert places(runs_what_it_reads) == []
    assert any(runs_what_it_reads(node) for node in ast.walk(ast.parse("np.load(f, allow_pickle=True)")))


def test_nothing_happens_at_import() -> None:
    """The top level of a module declares; a bare call there would do something."""
    wrong = [f"vj/{module.replace('.', '/')}.py:{node.lineno}" for module, tree in sources().items()
             for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    assert not wrong


# ------------------------------------------------------------------------------------- how it reads


def lengths() -> list[tuple[int, str]]:
    """Lines of every function, its docstring not counted, the longest first."""
    functions = ((module, node) for module, tree in sources().items() for node in ast.walk(tree)
                 if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return sorted(((_length(node), f"vj.{module}.{node.name}") for module, node in functions), reverse=True)


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    told = (first.end_lineno or 0) - first.lineno + 1 if doc else 0
    return (node.end_lineno or 0) - node.lineno + 1 - told


def test_functions_are_short() -> None:
    counted = lengths()
    sizes = [size for size, _ in counted]
    assert statistics.median(sizes) <= 10
    assert statistics.quantiles(sizes, n=10)[-1] <= 35
    assert sizes[0] <= 80, counted[:3]


def test_modules_hold_one_idea() -> None:
    sizes = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "vj").rglob("*.py")
             if path.name != "__init__.py"}
    assert statistics.median(sizes.values()) <= 200
    assert max(sizes.values()) <= 420, max(sizes, key=lambda path: sizes[path])


def test_every_module_says_what_it_is() -> None:
    silent = [module for module, tree in sources().items() if not ast.get_docstring(tree)]
    assert not silent
