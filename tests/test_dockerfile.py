"""The image, without an engine to build it: its steps are read from the Dockerfile, and done.

The install step is given to pip, which only checks it; the start step runs in a folder that holds
just the files that the image would, as a user who owns nothing but the data folder.
"""

import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.ports import free_port

ROOT = Path(__file__).parent.parent
# Generous, as the machine may be busy.
START_SECONDS = 180
STOP_SECONDS = 60
NOBODY = 65534


def _instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order: a keyword and what follows it."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line.strip() for line in text.splitlines())
    split = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(keyword.upper(), rest.strip()) for keyword, _, rest in split]


def _all(keyword: str) -> list[str]:
    return [rest for name, rest in _instructions() if name == keyword]


def _the(keyword: str) -> str:
    found = _all(keyword)
    assert len(found) == 1, f"{keyword}: {found}"
    return found[0]


def _environment() -> dict[str, str]:
    pairs = (pair.partition("=") for rest in _all("ENV") for pair in shlex.split(rest))
    return {name: value for name, _, value in pairs}


def _copied() -> list[Path]:
    """What the image holds of this folder, at the same places."""
    sources = []
    for rest in _all("COPY"):
        *names, target = rest.split()
        if not names[0].startswith("--from") and names != ["requirements.txt"]:
            assert len(names) == 1
            assert target in {"./", f"./{names[0]}"}
            sources.append(ROOT / names[0])
    return sources


def _pip_options(command: str) -> set[str]:
    """What a pip install command insists on, without how it reports and where it caches."""
    words = shlex.split(command)
    after = words[words.index("install") + 1 :]
    reports = {"--no-color", "--progress-bar", "--disable-pip-version-check", "--no-cache-dir"}
    return {word for word in after if word.startswith("-")} - reports


def _install_step() -> str:
    steps = [step for step in _all("RUN") if " pip install " in f" {step} "]
    assert len(steps) == 1
    return steps[0]


def _unprivileged() -> list[str]:
    """A prefix that runs a command as nobody, if we are root.

    The one privilege left is to read everything: the interpreter may lie in a folder of root's.
    """
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return []
    only = "-all,+dac_read_search"
    return [
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *(f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}"),
    ]


def test_image_installs_the_way_setup_does() -> None:
    script = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    # The command goes on over a line's end, up to what is done when it has ended.
    command = re.search(r"-m pip install (?:\\\n|[^&\n])*", script)
    assert command is not None
    assert _pip_options(_install_step()) == _pip_options(command[0].replace("\\\n", " "))
    assert _pip_options(_install_step()) >= {"--require-hashes", "--no-deps"}


def test_install_step_is_satisfied_by_what_was_tested() -> None:
    words = shlex.split(_install_step())
    pip = words.index("pip")
    done = subprocess.run(
        [sys.executable, "-m", *words[pip:], "--dry-run", "--no-index"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout


def test_start_step_is_what_make_run_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    run = re.search(r"^run:.*\n\t@\$\(PY\) (.*)$", makefile, re.MULTILINE)
    assert run is not None
    assert json.loads(_the("CMD")) == ["python", *run[1].split()]


def test_image_runs_as_a_numbered_user_who_is_not_root() -> None:
    names = [name for name, _ in _instructions()]
    assert int(_the("USER").partition(":")[0]) > 0
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")


def test_data_is_kept_in_the_volume() -> None:
    assert _the("VOLUME") == _environment()["ROLLCALL_DATA_DIR"] == "/data"


def test_build_context_holds_all_that_is_copied() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = [line[1:] for line in ignored if line.startswith("!")]
    for name in ("requirements.txt", *(path.name for path in _copied())):
        assert any(fnmatch(name, pattern) for pattern in allowed), name


@pytest.fixture
def image() -> Iterator[Path]:
    """A folder with `app`, the files that the image holds, and `data`, the volume."""
    # Not tmp_path: pytest makes that for its own user alone.
    with tempfile.TemporaryDirectory(prefix="rollcall-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        app, data = folder / "app", folder / "data"
        app.mkdir()
        data.mkdir(mode=0o700)
        for source in _copied():
            if source.is_dir():
                skip = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, app / source.name, ignore=skip)
            else:
                shutil.copy(source, app)
        app.chmod(0o755)
        for path in app.rglob("*"):  # as in a checkout with a umask of 077
            path.chmod(0o700 if path.is_dir() else 0o600)
        for step in _all("RUN"):
            if step.startswith("chmod "):
                subprocess.run(shlex.split(step), cwd=app, check=True)
        if _unprivileged():
            os.chown(data, NOBODY, NOBODY)
        yield folder


def test_its_user_may_read_all_of_it_whoever_may_read_the_checkout(image: Path) -> None:
    closed = [path for path in (image / "app").rglob("*") if not path.stat().st_mode & stat.S_IROTH]
    assert closed == []


@pytest.mark.slow
def test_start_step_serves_until_it_is_told_to_stop(image: Path) -> None:
    port = free_port()
    environment = _environment() | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ROLLCALL_DATA_DIR": str(image / "data"),
        "ROLLCALL_HOST": "127.0.0.1",
        "ROLLCALL_PORT": str(port),
    }
    log = image / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*_unprivileged(), *json.loads(_the("CMD"))],
            cwd=image / "app",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(server, port, log)
        _wait_until_healthy(environment)
        server.send_signal(getattr(signal, _the("STOPSIGNAL")))
        assert server.wait(STOP_SECONDS) == 0, log.read_text(encoding="utf-8")
    finally:
        server.kill()
        server.wait()
    with pytest.raises(subprocess.CalledProcessError):
        _check_health(environment)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready in {START_SECONDS} s:\n{log.read_text(encoding='utf-8')}")


def _wait_until_healthy(environment: dict[str, str]) -> None:
    """An engine asks again, too: on a busy machine an answer may take longer than a check waits."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _check_health(environment)
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
        else:
            return


def _check_health(environment: dict[str, str]) -> None:
    """Run the image's own health check; raises where it fails."""
    _, _, command = _the("HEALTHCHECK").partition("CMD ")
    subprocess.run(json.loads(command), env=environment, capture_output=True, check=True)
