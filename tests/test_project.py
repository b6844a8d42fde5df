"""What holds for the project as a whole: its settings table, its dependencies, its files."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from services.core.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
OUR_PACKAGES = {"main", "models", "services", "ui"}
LONGEST_FILE = 400

# Written in two parts, so that this file doesn't mention them itself.
INDEX_HOSTS = tuple("".join(parts) for parts in (("py", "pi.org"), ("python", "hosted.org")))
INDEX_OPTIONS = re.compile(r"--(?:extra-)?index-url|PIP_(?:EXTRA_)?INDEX_URL|UV_(?:DEFAULT_)?INDEX")
DEVELOPERS_PATH = re.compile(r"(?<![\w.}/-])/(?:work|root|home/\w+|Users/\w+)/")
TEMPORARY_PATH = re.compile(r"""(?<=["'`( =])/tmp/""")
ISSUE_NUMBER = re.compile(
    r"\bissues?[ -]#?\d|\b(?:PR|GH|bug)[ -]?#?\d|(?<![\w&(\"'/:])#\d{1,2}\b", re.IGNORECASE
)

# A `noqa` or a `type: ignore` that ends its line, without a word after it.
SWITCHED_OFF = re.compile(r"# (?:noqa(?:: [A-Z0-9, ]+)?|type: ignore(?:\[[a-z, -]+\])?)\s*$")


@cache
def _files() -> tuple[Path, ...]:
    """Every text file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if path.is_file() and b"\0" not in path.read_bytes())


def _lines() -> Iterator[tuple[str, str]]:
    """Every line of every file that a person wrote, with its place."""
    for path in _files():
        if path.name not in LOCKS:
            name = path.relative_to(ROOT)
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield f"{name}:{number}", line


def _locked(lock: str) -> dict[str, str]:
    """The lock file's packages, each with its version and hashes."""
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())
    # An extra is asked for by the tests alone, and is a package of its own in the lock.
    return {re.split(r"[=\[]", block)[0]: block.partition("==")[2] for block in blocks}


def _settings_table() -> dict[str, str]:
    """The settings of docs/settings.md, each with the cells beside it."""
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return dict(re.findall(rf"^\| *`({PREFIX}\w+)` *\|(.*)\|$", table, re.MULTILINE))


def test_the_manual_lists_every_setting_and_no_other() -> None:
    declared = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(_settings_table()) == declared


def test_the_manual_explains_each_setting_in_its_own_words() -> None:
    table = _settings_table()
    differing = [
        name
        for name, field in Settings.model_fields.items()
        if (field.description or "?").rstrip(".") not in table.get(PREFIX + name.upper(), "")
    ]
    assert differing == []


def test_every_dependency_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    explained = re.findall(r'^ *"([^"]+)", *# \S.*$', text, re.MULTILINE)
    assert [name for name in wanted if name not in explained] == []


def test_what_is_tested_is_what_runs() -> None:
    runtime, development = (_locked(lock) for lock in LOCKS)
    assert {name: development.get(name) for name in runtime} == runtime


def test_code_imports_only_what_the_project_declares() -> None:
    distributions = packages_distributions()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[<>=]", wanted)[0] for wanted in project["dependencies"]}
    missing = []
    for path in _files():
        top = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if path.suffix != ".py" or top not in OUR_PACKAGES:
            continue
        for name in _imported(path) - OUR_PACKAGES - set(sys.stdlib_module_names):
            owners = {re.sub(r"[-_.]+", "-", owner).lower() for owner in distributions[name]}
            if not owners & declared:
                missing.append(f"{path.relative_to(ROOT)}: {name}")
    assert missing == []


def _imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_nothing_names_a_package_index() -> None:
    named = [
        str(path.relative_to(ROOT))
        for path in _files()
        if any(host in path.read_text(encoding="utf-8") for host in INDEX_HOSTS)
    ]
    assert named == []
    optioned = [place for place, line in _lines() if INDEX_OPTIONS.search(line)]
    assert [place for place in optioned if not place.startswith("tests/test_project.py")] == []


def test_nothing_depends_on_one_machine() -> None:
    found = [
        place
        for place, line in _lines()
        if DEVELOPERS_PATH.search(line)
        or (TEMPORARY_PATH.search(line) and not place.startswith(("tests/", "benchmarks/")))
    ]
    assert found == []


def test_text_explains_itself_without_an_issue_tracker() -> None:
    found = [place for place, line in _lines() if ISSUE_NUMBER.search(line)]
    assert [place for place in found if not place.startswith("tests/test_project.py")] == []


def test_files_stay_short_enough_to_read() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in _files()
        if path.suffix in {".py", ".js", ".css", ".html", ".md"} and path.name != "CHANGELOG.md"
    }
    assert {name: count for name, count in lengths.items() if count > LONGEST_FILE} == {}


def test_what_switches_a_check_off_says_why() -> None:
    assert [
        f"{place} {line.strip()}" for place, line in _lines() if SWITCHED_OFF.search(line)
    ] == []


def test_links_between_documents_lead_somewhere() -> None:
    links = (
        (path, target)
        for path in _files()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    )
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path, target in links
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert broken == []


def test_decision_records_are_numbered_without_gaps() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    headings = [record.read_text(encoding="utf-8").splitlines()[0] for record in records]
    assert [heading[:7] for heading in headings] == [f"# {r.name[:4]} " for r in records]


def test_what_has_a_full_size_is_run_by_make_soak() -> None:
    left_out = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if not re.search(r"\b(?:sizes?|enough_roles|two_roles|rounds)\b", text):
            continue
        tree = ast.parse(text)
        marks = [ast.unparse(node) for node in tree.body if _named(node, {"pytestmark"})]
        sized = _sized(tree)
        for test in tree.body:
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name in sized:
                marked = [*marks, *map(ast.unparse, test.decorator_list)]
                if test.name.startswith("test_") and "mark.stress" not in " ".join(marked):
                    left_out.append(f"{path.relative_to(ROOT)}: {test.name}")
    assert left_out == []


def _sized(tree: ast.Module) -> set[str]:
    """What a module's functions and constants are called that are larger in full."""
    asks = {"enough_roles", "two_roles"}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in {"tests", "tests.sizes"}:
            asks |= {alias.name for alias in node.names} & {"size", "sizes"}
    found: set[str] = set()
    while True:
        more = {
            name
            for node in tree.body
            if _named(node, asks | found) or any(map(_is_full_race, ast.walk(node)))
            for name in _names_of(node)
        }
        if more <= found:
            return found
        found |= more


def _is_full_race(node: ast.AST) -> bool:
    """Whether this is `rounds` of `tests.racing` without a number: as many as there are."""
    return isinstance(node, ast.Call) and _named(node.func, {"rounds"}) and len(node.args) == 1


def _named(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def _names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    return set()
