"""Known vulnerabilities of what a lock file lists: `scripts/audit.py requirements-dev.txt`.

Asked of the package index by pip-audit, for a lock file at most once a day (the stamp is in
.venv), and for at most `PATIENCE` seconds. Where the index doesn't answer, that is said and nothing
fails: a build mustn't depend on somebody else's server. A vulnerability fails, unless
pyproject.toml accepts it, under `[tool.audit.accepted]`, with a reason.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BIN = ROOT / ".venv" / "bin"
PATIENCE = 30
ASK_AGAIN = 24 * 3600


def accepted() -> dict[str, str]:
    """The vulnerabilities that were looked into: each one's id, and why it does no harm here."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["tool"].get("audit", {}).get("accepted", {}))


def ask(lock: Path) -> list[dict[str, Any]]:
    """What pip-audit says of each package; nothing where it can't say."""
    command = [os.environ.get("PIP_AUDIT", BIN / "pip-audit"), "--requirement", lock]
    command += ["--require-hashes", "--disable-pip", "--format", "json", "--desc", "off"]
    command += ["--progress-spinner", "off", "--timeout", "5"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)
        return list(json.loads(done.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return []


def judge(packages: list[dict[str, Any]], waived: dict[str, str]) -> tuple[bool, str]:
    """Whether the packages may be used, and what to tell."""
    known = [package for package in packages if "vulns" in package]
    found = [
        f"{package['name']} {package['version']}: {flaw['id']} ({', '.join(flaw['aliases'])}), "
        f"mended in {', '.join(flaw['fix_versions']) or 'no version'}"
        for package in known
        for flaw in package["vulns"]
        if waived.keys().isdisjoint({flaw["id"], *flaw["aliases"]})
    ]
    if found:
        return False, "\n".join(["Known vulnerabilities:", *found])
    if not known:
        return True, "Not checked for known vulnerabilities: the package index doesn't tell."
    told = f"No known vulnerabilities in {len(known)} packages"
    untold = len(packages) - len(known)
    return True, f"{told}; of {untold} the index doesn't tell." if untold else f"{told}."


def main(lock: Path) -> int:
    """Ask, unless it was asked lately; returns the exit status."""
    waived = accepted()
    key = hashlib.sha256(lock.read_bytes() + json.dumps(waived).encode()).hexdigest()
    stamp = ROOT / ".venv" / f"audited-{lock.stem}-{key[:16]}"
    if stamp.exists() and time.time() - stamp.stat().st_mtime < ASK_AGAIN:
        sys.stdout.write(f"{stamp.read_text(encoding='utf-8')} (asked within a day)\n")
        return 0
    is_fit, told = judge(ask(lock), waived)
    sys.stdout.write(f"{told}\n")
    if is_fit:
        stamp.write_text(told, encoding="utf-8")
    return 0 if is_fit else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
