"""Which service calls are urgent, by their sources; and whether one goes first."""

import ast
import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.access.actor import Actor
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.users import profile
from tests.browser.waiting import eventually
from tests.services.organisation_calls import picture

SERVICES = Path(__file__).parent.parent.parent / "services"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# By these names the declarations of acts on many rows hand on how a batch, and a row, is changed.
HANDED_ON = ("act_on", "change", "archive")
BEGINNINGS = {"audit.acting.acting", "database.transaction.transaction"}

Do = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Function:
    """What a function of a service calls or raises, by full names; whether it begins a transaction
    that writes, and whether it may say that this is urgent."""

    calls: frozenset[str]
    begins: bool
    is_urgent: bool


def service_functions() -> dict[str, Function]:
    """All functions of all services, each by its name with its module's. What calls by a
    declaration is taken to call whatever any declaration hands on there."""
    modules = [_Module(path) for path in sorted(SERVICES.rglob("*.py"))]
    handed_on: dict[str, set[str]] = {name: set() for name in HANDED_ON}
    for module in modules:
        for name, full in module.handed_on():
            handed_on[name].add(full)
    return {name: function for module in modules for name, function in module.functions(handed_on)}


class _Module:
    """A module of the services, and what its names mean."""

    def __init__(self, path: Path) -> None:
        self.name = ".".join(path.relative_to(SERVICES).with_suffix("").parts)
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.own = [node for node in self.tree.body if isinstance(node, FUNCTIONS)]
        self.meant = {each.name: f"{self.name}.{each.name}" for each in self.own}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("services."):
                for alias in node.names:
                    full = f"{node.module}.{alias.name}".removeprefix("services.")
                    self.meant[alias.asname or alias.name] = full

    def _full(self, name: str) -> str:
        first, _, rest = name.partition(".")
        return ".".join(filter(None, [self.meant.get(first, first), rest]))

    def handed_on(self) -> Iterator[tuple[str, str]]:
        """What declarations hand on, under which names; what is made within a function stands for
        that function."""
        within = {
            inner.name: self.meant[function.name]
            for function in self.own
            for inner in ast.walk(function)
            if isinstance(inner, FUNCTIONS) and inner is not function
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.keyword) and node.arg in HANDED_ON:
                value = node.value
                if isinstance(value, ast.Call) and ast.unparse(value.func) == "partial":
                    value = value.args[0]
                name = ast.unparse(value)
                yield node.arg, within.get(name) or self._full(name)

    def functions(self, handed_on: Mapping[str, set[str]]) -> Iterator[tuple[str, Function]]:
        """The functions of the module."""
        for function in self.own:
            full_name = self.meant[function.name]
            calls: set[str] = set()
            urgent = False
            for node in ast.walk(function):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name):
                    calls.add(self.meant.get(node.exc.id, node.exc.id))
                if isinstance(node, ast.Call):
                    name = ast.unparse(node.func)
                    full = self._full(name)
                    calls |= {full} | handed_on.get(name.rpartition(".")[2], set())
                    if full in BEGINNINGS:
                        given = {each.arg: ast.unparse(each.value) for each in node.keywords}
                        urgent |= given.get("urgent", "False") != "False"
            if full_name in BEGINNINGS:
                continue  # it hands on whether it is urgent
            begins = bool(calls & BEGINNINGS)
            yield full_name, Function(frozenset(calls), begins, urgent)


async def order_beside(rollcall: Runtime, other: Actor, act: Do) -> list[str]:
    """In which order a usual act of somebody else's, and then this one, are done, if both have to
    wait for who writes just now."""
    image = picture()
    acts = {"usual": lambda: profile.set_picture(other, image), "urgent": act}
    return await order_of(rollcall, acts)


async def order_of(rollcall: Runtime, acts: Mapping[str, Do]) -> list[str]:
    """In which order these are done, if they come one after the other, and all of them have to
    wait for who writes just now."""
    queue = rollcall.database.queue
    order: list[str] = []
    begun: list[asyncio.Future[None]] = []

    async def do(name: str, act: Do) -> None:
        await act()
        order.append(name)

    async with transaction():
        for name, act in acts.items():
            begun.append(asyncio.ensure_future(do(name, act)))
            await eventually(lambda: queue.present == len(begun) + 1)
    await asyncio.gather(*begun)
    return order
