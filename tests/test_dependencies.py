"""What Rollcall is built from: pinned, whole, in step with what it asks for, and audited."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
PINNED = re.compile(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[0-9][\w.!+]*( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def _lines(lock: str) -> list[str]:
    return (ROOT / lock).read_text(encoding="utf-8").splitlines()


def _locked(lock: str) -> dict[str, str]:
    """The versions that a lock file pins for this interpreter and system, by name."""
    pins = [Requirement(line.rstrip(" \\")) for line in _lines(lock) if not line.startswith(" ")]
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate()
    }


def _asked_for(lock: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    if lock == "requirements-dev.txt":
        wanted += project["optional-dependencies"]["dev"]
    return [Requirement(text) for text in wanted]


def _needs(requirement: Requirement) -> Iterator[Requirement]:
    """What an installed package asks for in its turn, with the extras that are wanted of it."""
    try:
        texts = distribution(requirement.name).requires or []
    except PackageNotFoundError:
        return
    for text in texts:
        need = Requirement(text)
        extras = requirement.extras or {""}
        if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in {"", *extras}):
            yield need


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_a_pin_or_its_hash(lock: str) -> None:
    lines = _lines(lock)
    assert [line for line in lines if not (PINNED.fullmatch(line) or HASH.fullmatch(line))] == []
    # No pin without a hash: the line after a pin is one.
    pins = [number for number, line in enumerate(lines) if PINNED.fullmatch(line)]
    assert all(HASH.fullmatch(lines[number + 1]) for number in pins)


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_are_in_step_with_what_is_asked_for(lock: str) -> None:
    """Everything that is asked for, directly or by what was, is pinned to a version that fits; and
    nothing else is pinned."""
    locked = _locked(lock)
    reached: set[str] = set()
    todo, seen, wrong = _asked_for(lock), set(), []
    while todo:
        requirement = todo.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        name = canonicalize_name(requirement.name)
        version = locked.get(name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement} is pinned to {version}")
        reached.add(name)
        todo += _needs(requirement)
    assert wrong == []
    assert locked.keys() - reached == set()


def test_what_is_installed_is_what_is_locked() -> None:
    differing = {
        name: (version, distribution(name).version)
        for name, version in _locked("requirements-dev.txt").items()
        if distribution(name).version != version
    }
    assert differing == {}


def test_the_security_rules_of_the_linter_are_on() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"][
        "lint"
    ]
    assert "S" in lint["select"]
    ignored = [rule for rule in lint["ignore"] if re.match(r"S\d", rule)]
    assert ignored == ["S101"]  # an assert isn't a check of what comes from outside
    ours = [
        rule
        for pattern, rules in lint["per-file-ignores"].items()
        if not pattern.startswith(("tests/", "benchmarks/", "scripts/"))
        for rule in rules
        if re.match(r"S(\d|$)", rule)
    ]
    assert ours == []


def _audited(tmp_path: Path, *, says: str, status: int = 0, lock: str = "x==1\n") -> str:
    """What `scripts/audit.py` tells where pip-audit says this, and its exit status."""
    (tmp_path / "says").write_text(says)
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat {tmp_path}/says\nexit {status}\n")
    tool.chmod(0o755)
    (tmp_path / "lock.txt").write_text(lock)
    script = tmp_path / "scripts" / "audit.py"
    script.parent.mkdir(exist_ok=True)
    script.write_bytes((ROOT / "scripts" / "audit.py").read_bytes())
    (tmp_path / "pyproject.toml").write_text('[tool.audit.accepted]\n"CVE-1" = "not used here"\n')
    (tmp_path / ".venv").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, script, tmp_path / "lock.txt"],
        env=os.environ | {"PIP_AUDIT": str(tool)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return f"{done.returncode}: {done.stdout.strip()}"


def _package(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "version": "1.0", **more}


def _flaw(flaw_id: str, *aliases: str) -> dict[str, object]:
    return {"id": flaw_id, "aliases": list(aliases), "fix_versions": ["1.1"]}


def test_a_known_vulnerability_fails(tmp_path: Path) -> None:
    found = _package("bad", vulns=[_flaw("PYSEC-9", "CVE-9")])
    says = json.dumps({"dependencies": [_package("good", vulns=[]), found]})
    told = _audited(tmp_path, says=says, status=1)
    assert told == "1: Known vulnerabilities:\nbad 1.0: PYSEC-9 (CVE-9), mended in 1.1"
    assert _audited(tmp_path, says=says, status=1) == told  # and goes on failing


def test_an_accepted_vulnerability_passes(tmp_path: Path) -> None:
    found = _package("bad", vulns=[_flaw("PYSEC-1", "CVE-1")])
    told = _audited(tmp_path, says=json.dumps({"dependencies": [found]}), status=1)
    assert told == "0: No known vulnerabilities in 1 packages."


@pytest.mark.parametrize(
    "says",
    ["", "no network", json.dumps({"dependencies": [_package("good", skip_reason="not found")]})],
)
def test_an_index_that_does_not_tell_is_told_and_fails_nothing(tmp_path: Path, says: str) -> None:
    told = _audited(tmp_path, says=says, status=1)
    assert told.startswith("0: Not checked for known vulnerabilities")


def test_the_index_is_asked_once_a_day_for_each_lock(tmp_path: Path) -> None:
    good = json.dumps({"dependencies": [_package("good", vulns=[])]})
    bad = json.dumps({"dependencies": [_package("good", vulns=[_flaw("CVE-9")])]})
    assert _audited(tmp_path, says=good).startswith("0: ")
    assert _audited(tmp_path, says=bad, status=1).startswith("0: ")
    assert _audited(tmp_path, says=bad, status=1, lock="x==2\n").startswith("1: ")
