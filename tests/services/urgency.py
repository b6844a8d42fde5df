"""Which service calls are urgent, by their sources; and whether one goes first."""

import ast
import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.access.actor import Actor
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.users import profile
from tests.browser.waiting import eventually
from tests.services.organisation_calls import picture

SERVICES = Path(__file__).parent.parent.parent / "services"
BEGINNINGS = {"audit.acting.acting", "database.transaction.transaction"}


@dataclass(frozen=True)
class Function:
    """What a function of a service calls or raises, by full names; whether it begins a transaction
    that writes, and whether it may say that this is urgent."""

    calls: frozenset[str]
    begins: bool
    is_urgent: bool


def service_functions() -> dict[str, Function]:
    """All functions of all services, each by its name with its module's."""
    return {
        name: function
        for path in sorted(SERVICES.rglob("*.py"))
        for name, function in _functions_of(path)
    }


def _functions_of(path: Path) -> Iterator[tuple[str, Function]]:
    module = ".".join(path.relative_to(SERVICES).with_suffix("").parts)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [
        each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    meant = {each.name: f"{module}.{each.name}" for each in functions}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("services."):
            for alias in node.names:
                full = f"{node.module}.{alias.name}".removeprefix("services.")
                meant[alias.asname or alias.name] = full
    for function in functions:
        calls: set[str] = set()
        urgent = False
        for node in ast.walk(function):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name):
                calls.add(meant.get(node.exc.id, node.exc.id))
            if isinstance(node, ast.Call):
                name, _, rest = ast.unparse(node.func).partition(".")
                full = ".".join(filter(None, [meant.get(name, name), rest]))
                calls.add(full)
                if full in BEGINNINGS:
                    given = {each.arg: ast.unparse(each.value) for each in node.keywords}
                    urgent |= given.get("urgent", "False") != "False"
        if f"{module}.{function.name}" in BEGINNINGS:
            continue  # it hands on whether it is urgent
        begins = bool(calls & BEGINNINGS)
        yield f"{module}.{function.name}", Function(frozenset(calls), begins, urgent)


async def order_beside(
    rollcall: Runtime, other: Actor, act: Callable[[], Awaitable[object]]
) -> list[str]:
    """In which order a usual act of somebody else's, and then this one, are done, if both have to
    wait for who writes just now."""
    image, queue = picture(), rollcall.database.queue
    order: list[str] = []

    def begin(name: str, call: Awaitable[object]) -> asyncio.Task[object]:
        task: asyncio.Task[object] = asyncio.ensure_future(call)
        task.add_done_callback(lambda _: order.append(name))
        return task

    async with transaction():
        usual = begin("usual", profile.set_picture(other, image))
        await eventually(lambda: queue.present == 2)
        urgent = begin("urgent", act())
        await eventually(lambda: queue.present == 3)
    await asyncio.gather(usual, urgent)
    return order
