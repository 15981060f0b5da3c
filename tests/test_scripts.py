"""The two commands of a fresh machine, rehearsed on a machine of doubles: no network, no apt, no real Python."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHELL_SCRIPTS = ("scripts/setup", "scripts/demo", "scripts/test", ".ci/run")
TOOLS = ("bash", "env", "cat", "readlink", "sha256sum", "flock", "grep", "tail", "tee", "mkdir", "find", "rm",
         "dirname", "basename", "timeout", "sleep", "cp", "date")

PYTHON = r"""#!/usr/bin/env bash
echo "python $*" >>"$CALLS"
case "$*" in
    -V) echo "Python 3.11.9" ;;
    "-c import sys; sys.exit(sys.version_info"*) exit "${FAKE_OLD:-0}" ;;
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; echo made >"$3/pyvenv.cfg" ;;
    "-m pip --version") [[ $0 == */.venv/* ]] ;;
    "-m pip index versions torch") printf 'torch (2.14.0)\nAvailable versions: %s\n' "${FAKE_OFFER:-2.14.0, 2.13.0}" ;;
    "-m pip install"*) exit "${FAKE_PIP:-0}" ;;
    "-c import importlib.metadata"*) exit "${FAKE_TORCH:-1}" ;;
    -) cat >/dev/null ;;
esac
"""
UV = r"""#!/usr/bin/env bash
echo "uv $*" >>"$CALLS"
case "$*" in
    *--dry-run*--torch-backend*) exit "${FAKE_INDEX:-1}" ;;
    *--dry-run*) printf 'Would install\n + torch==2.13.0\n%s\n' "${FAKE_PLAN- + nvidia-cublas==13.1.1.3}" ;;
    *" -e "*) sleep "${FAKE_SLOW:-0}"; exit "${FAKE_UV:-0}" ;;
esac
"""
LOGGED = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >>"$CALLS"
"""


class Machine:
    """A checkout of ``setup`` and a PATH that holds doubles only."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self.calls_file = folder / "my checkout", folder / "bin", folder / "calls"
        (self.root / "scripts").mkdir(parents=True)
        self.bin.mkdir()
        self.env = {"PATH": str(self.bin), "CALLS": str(self.calls_file), "HOME": str(folder)}
        for name in ("pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.root)
        shutil.copy(ROOT / "scripts" / "setup", self.root / "scripts")
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or f"/no/{tool}")
        self.give("python3", PYTHON)
        self.give("uv", UV)

    def give(self, name: str, text: str = LOGGED) -> None:
        """Put a program on the PATH."""
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def setup(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        self.calls_file.write_text("")
        return subprocess.run([self.root / "scripts" / "setup", *arguments], env=self.env | env, capture_output=True,
                              text=True, timeout=60, check=False)

    def calls(self, word: str) -> list[str]:
        return [line for line in self.calls_file.read_text().splitlines() if word in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


CPU_BY_UV = {"FAKE_INDEX": "0"}


@pytest.mark.parametrize("script", SHELL_SCRIPTS)
def test_scripts_can_be_started_and_parsed(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)
    assert "set -euo pipefail" in (ROOT / script).read_text()
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", ROOT / script], check=True)


# ------------------------------------------------------------------------------- setup: what it does


def test_setup_makes_an_environment(machine: Machine) -> None:
    done = machine.setup(**CPU_BY_UV)
    assert done.returncode == 0, done.stderr
    assert (machine.root / ".venv" / "bin" / "python").is_file()
    (vj,) = machine.calls(" -e ")
    assert f"-c {machine.root}/constraints.txt -e {machine.root}" in vj
    assert not vj.endswith("[test]")
    assert done.stderr.splitlines()[-1].endswith(".venv/bin/vj")


def test_torch_comes_before_what_asks_for_torch(machine: Machine) -> None:
    machine.setup(**CPU_BY_UV)
    order = machine.calls("uv pip install")
    assert "torch==2.13.0" in order[-2]
    assert " -e " in order[-1]


def test_the_second_start_is_immediate_and_asks_nobody(machine: Machine) -> None:
    machine.setup(**CPU_BY_UV)
    began = time.monotonic()
    done = machine.setup()
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 1.0
    assert machine.calls("") == []


def test_the_tests_packages_come_with_their_own_level(machine: Machine) -> None:
    machine.setup(**CPU_BY_UV)
    done = machine.setup("--test", FAKE_TORCH="0")
    assert done.returncode == 0
    assert machine.calls(" -e ")[0].endswith("[test]")
    assert machine.setup().stderr == "", "the test environment serves the demo too"


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "scripts/setup"])
def test_a_changed_recipe_is_cooked_again(machine: Machine, name: str) -> None:
    machine.setup(**CPU_BY_UV)
    with (machine.root / name).open("a") as file:
        file.write("# changed\n")
    machine.setup(FAKE_TORCH="0")
    assert len(machine.calls(" -e ")) == 1


def test_a_moved_checkout_gets_a_new_environment(machine: Machine) -> None:
    machine.setup(**CPU_BY_UV)
    machine.root = machine.root.rename(machine.root.with_name("moved"))
    done = machine.setup(**CPU_BY_UV)
    assert done.returncode == 0
    assert "making it anew" in done.stderr
    assert len(machine.calls("-m venv")) == 1


def test_an_interrupted_setup_goes_on(machine: Machine) -> None:
    assert machine.setup(**CPU_BY_UV, FAKE_UV="1").returncode == 1
    done = machine.setup(FAKE_TORCH="0")
    assert done.returncode == 0
    assert machine.calls("-m venv") == []
    assert machine.calls("torch==") == []


def test_killed_in_the_middle_it_is_not_ready(machine: Machine) -> None:
    env = machine.env | CPU_BY_UV | {"FAKE_SLOW": "60"}
    with subprocess.Popen([machine.root / "scripts" / "setup"], stderr=subprocess.PIPE, start_new_session=True,
                          text=True, env=env) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "installing vj" in line:
                break
        os.killpg(running.pid, signal.SIGKILL)
    done = machine.setup(FAKE_TORCH="0")
    assert done.returncode == 0
    assert len(machine.calls(" -e ")) == 1


def test_two_at_once_install_once(machine: Machine) -> None:
    env = machine.env | CPU_BY_UV | {"FAKE_SLOW": "0.5"}
    script = machine.root / "scripts" / "setup"
    running = [subprocess.Popen([script], env=env, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(30) for one in running] == [0, 0]
    assert len(machine.calls(" -e ")) == 1


def test_a_failure_names_the_log_and_shows_its_end(machine: Machine) -> None:
    done = machine.setup(**CPU_BY_UV, FAKE_UV="1")
    assert done.returncode == 1
    log = machine.root / ".venv" / "setup.log"
    assert done.stderr.splitlines()[-1].endswith(str(log))
    assert "installing vj and its packages" in log.read_text()


def test_an_old_python_is_one_sentence(machine: Machine) -> None:
    shutil.copy(machine.bin / "python3", machine.bin / "python3.13")
    script = machine.root / "scripts" / "setup"
    script.write_text(script.read_text().replace(" /usr/bin/python3;", ";"))
    done = machine.setup(FAKE_OLD="1")
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_without_uv_pip_does_it(machine: Machine) -> None:
    (machine.bin / "uv").unlink()
    script = machine.bin / "python3"
    refusal = '"-m pip install -q uv=="*) exit 1 ;;'
    script.write_text(script.read_text().replace("case \"$*\" in", f"case \"$*\" in\n    {refusal}"))
    done = machine.setup(FAKE_OFFER="2.13.0+cpu, 2.13.0")
    assert done.returncode == 0, done.stderr
    assert "uv cannot be had" in done.stderr
    assert machine.calls("-m pip install -c")[-1].endswith(f"-e {machine.root}")


# ------------------------------------------------------------------------------- setup: which torch


def gpu(machine: Machine) -> None:
    machine.give("nvidia-smi", "#!/usr/bin/env bash\necho 'GPU 0: NVIDIA RTX 5090'\n")


def installs(machine: Machine) -> list[str]:
    return [line for line in machine.calls("torch==2.13.0") if "--dry-run" not in line]


def test_a_gpu_gets_the_build_that_fits_it(machine: Machine) -> None:
    gpu(machine)
    assert machine.setup(**CPU_BY_UV).returncode == 0
    assert ["--torch-backend auto" in line for line in installs(machine)] == [True]


def test_a_gpu_without_uvs_index_takes_what_pip_offers(machine: Machine) -> None:
    gpu(machine)
    assert machine.setup().returncode == 0
    assert [line.endswith("constraints.txt torch==2.13.0") for line in installs(machine)] == [True]


def test_a_driver_without_a_gpu_is_no_gpu(machine: Machine) -> None:
    machine.give("nvidia-smi", "#!/usr/bin/env bash\necho 'No devices were found'\nexit 6\n")
    machine.setup(**CPU_BY_UV)
    assert ["--torch-backend cpu" in line for line in installs(machine)] == [True]


def test_without_uvs_index_a_cpu_build_that_pip_knows_is_asked_for_by_name(machine: Machine) -> None:
    assert machine.setup(FAKE_OFFER="2.14.0, 2.13.0+cpu, 2.13.0").returncode == 0
    assert [line.endswith("torch==2.13.0+cpu") for line in installs(machine)] == [True]


@pytest.mark.parametrize("offer", ["2.14.0+cpu, 2.13.0", "2.13.0+cu130", "12.13.0+cpu", ""])
def test_several_gigabytes_of_cuda_never_come_to_a_machine_without_a_gpu(machine: Machine, offer: str) -> None:
    done = machine.setup(FAKE_OFFER=offer or " ")
    assert done.returncode == 1
    assert installs(machine) == []
    assert "VJ_TORCH=any" in done.stderr.splitlines()[-1]


def test_a_plain_build_without_cuda_is_welcome(machine: Machine) -> None:
    assert machine.setup(FAKE_PLAN=" + sympy==1.14.0").returncode == 0
    assert [line.endswith("constraints.txt torch==2.13.0") for line in installs(machine)] == [True]


def test_any_takes_what_is_offered(machine: Machine) -> None:
    assert machine.setup(VJ_TORCH="any").returncode == 0
    assert [line.endswith("torch==2.13.0") for line in installs(machine)] == [True]


def test_a_wish_that_cannot_be_had_is_one_sentence(machine: Machine) -> None:
    done = machine.setup(VJ_TORCH="cu130")
    assert done.returncode == 1
    assert "VJ_TORCH=cu130" in done.stderr.splitlines()[-1]


# --------------------------------------------------------------------------- setup: system packages


def debian(machine: Machine, *there: str, root: bool = True) -> None:
    known = "|".join(there) or "none"
    machine.give("dpkg-query", f'#!/usr/bin/env bash\n[[ ${{!#}} =~ ^({known})$ ]] && echo "install ok installed"\n')
    machine.give("apt-get")
    machine.give("id", f"#!/usr/bin/env bash\necho {0 if root else 1000}\n")


def test_only_what_is_missing_is_installed(machine: Machine) -> None:
    debian(machine, "lib.*", "gcc")
    assert machine.setup(**CPU_BY_UV).returncode == 0
    update, install = machine.calls("apt-get")
    assert update == "apt-get update -q"
    assert install.endswith("--no-install-recommends portaudio19-dev")


def test_a_complete_system_is_left_alone(machine: Machine) -> None:
    debian(machine, ".*")
    assert machine.setup(**CPU_BY_UV).returncode == 0
    assert machine.calls("apt-get") == []


def test_the_tests_need_more_of_the_system(machine: Machine) -> None:
    debian(machine, "lib.*", "gcc", "portaudio19-dev")
    machine.setup("--test", **CPU_BY_UV)
    assert {"xvfb", "pulseaudio"} <= set(machine.calls("apt-get")[-1].split())


def test_sudo_is_used_where_it_is_needed(machine: Machine) -> None:
    debian(machine, root=False)
    machine.give("sudo", '#!/usr/bin/env bash\necho "sudo $*" >>"$CALLS"\n[[ $1 == -v ]] || "$@"\n')
    assert machine.setup(**CPU_BY_UV).returncode == 0
    started = [line.partition(" ")[0] for line in machine.calls("")]
    assert started.count("sudo") == 3
    assert started.count("apt-get") == 2


def test_no_root_and_no_sudo_is_one_sentence_with_the_command(machine: Machine) -> None:
    debian(machine, "lib.*", "gcc", root=False)
    done = machine.setup(**CPU_BY_UV)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "setup: these system packages are missing and there is no sudo: as root, run: apt-get install portaudio19-dev"]
    assert machine.setup(**CPU_BY_UV, VJ_SKIP_APT="1").returncode == 0


# ------------------------------------------------------------------------------------ demo and test


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A checkout whose environment is ready, and tells how it was called."""
    for name in ("scripts", ".venv/bin", "presets/tracks", "tests"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("demo", "test"):
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")
    programs = [".venv/bin/vj", ".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/python", "scripts/setup"]
    for program in programs:
        name = program.rpartition("/")[2]
        (tmp_path / program).write_text(f'{LOGGED}[[ " ${{FAIL:-}} " != *" {name} "* ]]\n')
        (tmp_path / program).chmod(0o755)
    return tmp_path


def start(stage: Path, script: str, *arguments: str, **env: str) -> tuple[int, list[str]]:
    calls = stage / "calls"
    plain = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run([stage / "scripts" / script, *arguments], env=plain | env | {"CALLS": str(calls)}, cwd="/",
                          capture_output=True, timeout=20, check=False)
    return done.returncode, calls.read_text().splitlines()


@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_the_demo_performs_the_bundled_track(stage: Path, display: dict[str, str]) -> None:
    code, (setup, vj) = start(stage, "demo", "--duration", "20", **display)
    assert (code, setup) == (0, "setup ")
    words = vj.split()
    assert words[:2] == ["vj", "play"]
    assert ("--headless" in words) == (not display)
    video, take = words[words.index("--record") + 1], words[words.index("--take") + 1]
    assert video.startswith("performances/")
    assert video.removesuffix(".mkv") == take.removesuffix(".take")
    assert words[-3:] == ["--duration", "20", "presets/tracks/first_light.ogg"]
    assert (stage / "performances").is_dir()


def test_the_demo_does_not_start_without_an_environment(stage: Path) -> None:
    code, calls = start(stage, "demo", FAIL="setup")
    assert code == 1
    assert calls == ["setup "]


def test_the_demo_ends_as_vj_ends(stage: Path) -> None:
    assert start(stage, "demo", FAIL="vj")[0] == 1


def test_test_runs_everything_and_hands_arguments_to_pytest(stage: Path) -> None:
    code, calls = start(stage, "test", "-k", "walk")
    assert code == 0
    assert calls == ["setup --test", "ruff check", "mypy ",
                     "python -m pytest -m not alone -n 2 --dist loadfile -k walk", "python -m pytest -m alone -k walk"]


@pytest.mark.parametrize("failing", ["ruff", "mypy", "python", "ruff python"])
def test_any_failure_fails_and_the_rest_still_runs(stage: Path, failing: str) -> None:
    code, calls = start(stage, "test", FAIL=failing)
    assert code == 1
    assert len(calls) == 5


@pytest.mark.parametrize(("each", "code"), [("5 5", 1), ("0 5", 0), ("5 0", 0), ("1 5", 1), ("0 1", 1)])
def test_to_choose_no_test_at_all_is_a_failure(stage: Path, each: str, code: int) -> None:
    """Pytest ends with 5 where none is chosen: of either half that may be so, of both it is a slip of the pen."""
    few, alone = each.split()
    python = stage / ".venv" / "bin" / "python"
    python.write_text(f'{LOGGED}[[ "$*" == *"-m alone"* ]] && exit {alone}\nexit {few}\n')
    assert start(stage, "test", "-k", "walk")[0] == code


def test_the_bundled_track_is_where_the_demo_looks() -> None:
    assert (ROOT / "presets" / "tracks" / "first_light.ogg").is_file()


def test_every_python_script_is_checked_too() -> None:
    """Without an ending, ruff must be told."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]
    scripts = {path.relative_to(ROOT).as_posix() for path in (ROOT / "scripts").iterdir()
               if path.is_file() and path.read_text("utf-8").startswith("#!/usr/bin/env python3")}
    assert set(config["extend-include"]) == scripts
