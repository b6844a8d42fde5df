"""What changes while Rollcall runs belongs to the running Rollcall, and not to a module."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Names of modules whose content changes, each with the reason why no `Runtime` owns it.
STAYS = {
    "services/audit/actions.py:_DECLARED": "filled by declarations, when modules are imported",
    "services/lists/declaration.py:_declared": "filled by declarations, when modules are imported",
    "services/bulk/kinds.py:_declared": "filled by declarations, when modules are imported",
    "services/mail/outbox.py:_declared": "filled by declarations, when modules are imported",
    "ui/assets.py:_files": "filled when modules are imported; the same in each Rollcall",
    "services/database/runtime.py:_current": "which Rollcall runs",
    "services/core/clock.py:_shift": "the one clock of a process, which tests move",
    "services/core/logs.py:_about": "whom log lines are about, in one task; it ends with the task",
    "services/database/looking.py:_call": "the service call of one task; it ends with the task",
    "services/database/right_of_way.py:_claimed": "what one task is given; it ends with the task",
    "services/database/right_of_way.py:_has_begun": "whether one task has begun; it ends with it",
    "services/sign_in/kept_memory.py:_CALLBACKS": "made when the module is loaded, and then kept",
    "services/sign_in/kept_memory.py:_free": "memory of a process that no hash works in",
    "services/sign_in/kept_memory.py:_used": "memory of a process that a hash works in",
    "services/sign_in/passwords.py:_giving_back": "the one timer that ends what is kept of it",
    "services/sign_in/passwords.py:_has_slot": "whether one task has a slot; it ends with the task",
    "services/sign_in/passwords.py:_slots": "counts those who wait for the threads of a process",
    "ui/live/connection.py:_unfinished": "sockets of NiceGUI's server, of which a process has one",
    "ui/live/guard.py:_sockets": "sockets of NiceGUI's server, of which a process has one",
    "ui/live/handling.py:_handled": "which slot one event has; it ends with the event",
    "ui/live/pages.py:_pages": "pages of NiceGUI's server, of which a process has one",
    "ui/live/pages.py:_unconnected": "pages of NiceGUI's server, of which a process has one",
    "ui/live/rest.py:_due": "sockets of NiceGUI's server, of which a process has one",
    "ui/live/rest.py:_running": "whose loop one task is; it ends with the task",
    "ui/live/rest.py:_without_socket": "pages of NiceGUI's server, of which a process has one",
}
CHANGING = {
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "move_to_end", "pop",
    "popitem", "popleft", "remove", "set", "setdefault", "update",
}  # fmt: skip


def test_no_module_keeps_what_changes_but_those_that_say_why() -> None:
    assert {name for path in _modules() for name in _stores(path)} == set(STAYS)


def _modules() -> Iterator[Path]:
    for package in ("models", "services", "ui"):
        yield from (ROOT / package).rglob("*.py")


def _stores(path: Path) -> Iterator[str]:
    """The names of a module whose content its functions change."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {name for statement in tree.body for name in _bound(statement)}
    for node in ast.walk(tree):
        for name in _changed(node):
            if name in own:
                yield f"{path.relative_to(ROOT).as_posix()}:{name}"


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names to which a statement of a module gives a value."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def _changed(node: ast.AST) -> Iterator[str]:
    """The names that a piece of code binds again, or whose content it changes."""
    if isinstance(node, ast.Global):
        yield from node.names
    changed: ast.AST | None = None
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        changed = node.value
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CHANGING
    ):
        changed = node.func.value
    if isinstance(changed, ast.Name):
        yield changed.id
