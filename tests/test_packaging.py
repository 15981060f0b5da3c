"""What travels: the wheel is built from this checkout and used from a folder far away."""

from __future__ import annotations

import ast
import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DATA = ("shaders", "presets")


def tracked(folder: str) -> set[str]:
    """The files under ``folder`` that are meant to travel, by path from the root."""
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a freshly built sdist and wheel, made in a process of its own from a copy of the checkout."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("dist")
    for name in ("vj", "LICENSES", *DATA):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "NOTICE", "constraints.txt"):
        shutil.copy(ROOT / name, copy)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(out)],
                   cwd=copy, check=True, capture_output=True, timeout=120)
    return out


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Iterator[zipfile.ZipFile]:
    (path,) = dist.glob("*.whl")
    with zipfile.ZipFile(path) as file:
        yield file


def test_the_wheel_carries_the_code_and_all_that_belongs_to_it(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    code = tracked("vj")
    data = {f"vj/_data/{name}" for folder in DATA for name in tracked(folder)}
    assert code | data == {name for name in names if ".dist-info/" not in name}
    assert any(name.endswith(".fs") for name in data)
    assert any(name.startswith("vj/_data/presets/looks/") and name.endswith(".toml") for name in data)
    assert {"vj/py.typed", "vj/_data/presets/tracks/first_light.ogg"} <= names
    assert any(re.fullmatch(r"vj/models/weights/\w+\.safetensors", name) for name in names)


def test_the_wheel_is_light(dist: Path) -> None:
    (path,) = dist.glob("*.whl")
    assert path.stat().st_size < 10e6


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    about = email.message_from_bytes(wheel.read(name))
    assert (about["Name"], about["Requires-Python"]) == ("vj", ">=3.11")
    assert about["License-Expression"] == "MIT AND Apache-2.0", "our files; the painting network's weights"
    assert set(about.get_all("License-File")) == {"LICENSE", "NOTICE", "LICENSES/Apache-2.0.txt",
                                                 "LICENSES/CLIP-MIT.txt"}
    assert "GPL" in about.get_payload(), "the README, aubio's licence named, is the description"
    (points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "vj = vj.cli:main" in wheel.read(points).decode()


def test_the_source_distribution_can_be_built_from(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert tracked("vj") | tracked("shaders") | tracked("presets") <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "NOTICE", "LICENSES/Apache-2.0.txt"} <= names


def test_vj_works_from_any_folder(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Unpacked elsewhere and run elsewhere, it finds its own looks, shaders and track."""
    wheel.extractall(tmp_path / "site")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "VJ_HOME": str(tmp_path / "home")}

    def run(*arguments: str) -> str:
        done = subprocess.run([sys.executable, "-P", *arguments], cwd=elsewhere, env=env, capture_output=True,
                              text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    told = run("-c", "import vj.config as c; print(c.__file__); print(c.bundled_track())")
    module, track = map(Path, told.splitlines())
    assert module.is_relative_to(tmp_path / "site")
    assert track.is_relative_to(tmp_path / "site")
    assert track.is_file()
    looks = {path.stem for path in (ROOT / "presets" / "looks").glob("*.toml")}
    listed = run("-m", "vj.cli", "list", "looks", "--json")
    assert looks
    assert all(f'"{name}"' in listed for name in looks)


# ---------------------------------------------------------------------------------- the constraints


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name).group()).lower()  # type: ignore[union-attr]


def test_the_constraints_pin_every_dependency_and_hold_no_addresses() -> None:
    pinned = {plain(name) for name in pins()}
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    assert {plain(name) for name in wanted} <= pinned
    assert not re.search(r"://|@|--|\+", (ROOT / "constraints.txt").read_text("utf-8"))
    assert all(re.fullmatch(r"[\d.]+(post\d+)?", version) for version in pins().values())


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="only a made environment follows the constraints")
def test_this_environment_follows_the_constraints() -> None:
    from importlib.metadata import PackageNotFoundError, version

    other = {}
    for name, pin in pins().items():
        try:
            found = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue  # another system's or another Python's package
        if found != pin:
            other[name] = f"{found} in place of {pin}"
    assert not other


def test_every_package_that_is_imported_is_declared() -> None:
    declared = {plain(name) for name in PROJECT["dependencies"]}
    called = {"aubio": "aubio-ledfx", "rtmidi": "python-rtmidi", "pythonosc": "python-osc"}
    used = set()
    for path in (ROOT / "vj").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            used |= {name.partition(".")[0] for name in names}
    outside = used - set(sys.stdlib_module_names) - {"vj"}
    assert {plain(called.get(name, name)) for name in outside} <= declared
