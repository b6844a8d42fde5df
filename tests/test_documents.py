"""What README and docs tell people to type exists: commands, targets, scripts, services."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import main

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    *(ROOT / name for name in ("README.md", "SECURITY.md", "Dockerfile", "compose.yaml")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs").glob("rollcall*")),
)
# What ends a command within a line: a comment, another command, or where its output goes.
END = re.compile(r"\s#\s|[|&;<>)]|\s\d?>")
# What stands for something that the reader knows.
STANDS_FOR = "…"


def _lines(path: Path) -> Iterator[str]:
    """Each line that somebody may type: of code blocks, and between backticks. A file that isn't
    Markdown has them in comments."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".md":
        yield from re.sub(r"\\\n#?", " ", text).splitlines()
        return
    blocks = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    for block in blocks.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", blocks.sub("", text)):
        yield " ".join(span.split())


def _typed(pattern: str) -> list[tuple[str, list[str]]]:
    """What follows this in each command, as words, with the document that has it."""
    found = []
    for path in DOCUMENTS:
        for line in _lines(path):
            filled = re.sub(r"\$\([^)]*\)|(?<=\s)'[^']*'", "SOMETHING", line)
            for match in re.finditer(pattern, filled):
                words = shlex.split(END.split(filled[match.end() :] + " ")[0])
                found.append((f"{path.name}: {line.strip()}", words))
    assert found
    return found


def test_every_command_line_of_rollcall_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = []
    for where, words in _typed(r"python\S* (?:/\S+/)?main\.py(?=\s)"):
        if STANDS_FOR in words:
            continue
        try:
            main._parser().parse_args(words)
        except SystemExit as ended:
            if ended.code != 0:  # --help and --version end so
                wrong.append(f"{where}: {capsys.readouterr().err}")
    assert wrong == []


def test_every_target_of_make_exists() -> None:
    targets = re.findall(
        r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    named = {words[0]: where for where, words in _typed(r"^\s*make(?=\s)") if words}
    assert {name: where for name, where in named.items() if name not in targets} == {}


def test_every_script_exists_and_can_be_run() -> None:
    wrong = [
        f"{where}: {words[0]}"
        for where, words in _typed(r"(?<![\w/])(?=scripts/\w)")
        if not os.access(ROOT / words[0], os.X_OK) and not words[0].endswith(".py")
    ]
    assert wrong == []


def test_every_service_that_compose_is_asked_for_exists() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    services = re.findall(r"^  ([a-z-]+):$", compose.partition("\nservices:")[2], re.MULTILINE)
    takes_one = {"exec", "run", "cp", "logs", "stop", "start", "restart", "up"}
    wrong = []
    for where, words in _typed(r"\bdocker compose(?=\s)"):
        plain = [word for word in words if not word.startswith("-")]
        plain = plain[1:] if "--profile" in words else plain
        assert plain[0] in {*takes_one, "build", "ps"}, where
        if len(plain) > 1 and not any(word.partition(":")[0] in services for word in plain[1:]):
            wrong.append(where)
    assert wrong == []
