"""Has NiceGUI build pages with less work: it remembers what is the same for every element, and what
an element is made of needs no garbage collector when the page closes.

An element asks three times by `inspect` whether a method of its class takes an argument, and a
page's text is escaped character by character. Together they were a third of what a page of a
hundred elements took of the processor (docs/benchmarks.md).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any

from nicegui import client, element, helpers, json
from nicegui.classes import Classes
from nicegui.observables import ObservableCollection
from nicegui.props import Props
from nicegui.style import Style

_look = helpers.expects_arguments


def install() -> None:
    """For elements and pages that are made from now on."""
    theirs: Any = helpers
    theirs.expects_arguments = expects_arguments
    theirs = client
    theirs.json = SimpleNamespace(**vars(json) | {"dumps": _dumps})
    theirs = element
    theirs.Classes, theirs.Style, theirs.Props = _Classes, _Style, _Props


class _Part(ObservableCollection):
    """A part of an element that tells the element when it changes.

    NiceGUI's parts keep their own method for that. So each was a cycle: three for each element, 180
    in a page of sixty, and nothing of it was given back before the garbage collector came.
    """

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._change_handlers.clear()  # the one that is there is its own

    @property
    def _change_handlers_with_args(self) -> list[tuple[Callable[..., Any], bool]]:
        own: Any = self
        return [(own._update, False), *super()._change_handlers_with_args]


class _Classes(_Part, Classes[Any]):
    """The names of an element's styles."""


class _Style(_Part, Style[Any]):
    """An element's own style."""


class _Props(_Part, Props[Any]):
    """An element's properties."""


def expects_arguments(called: Callable[..., Any]) -> bool:
    """Whether it has to be given something; looked up once for what is declared in a class."""
    function = called.__func__ if isinstance(called, MethodType) else None
    # What is made within a function isn't kept: it holds what it was made with.
    if isinstance(function, FunctionType) and function.__closure__ is None:
        return _of_method(function)
    return _look(called)


@lru_cache(maxsize=1000)
def _of_method(function: FunctionType) -> bool:
    return _look(MethodType(function, function))  # of whatever object: it isn't called


class Escaping(str):
    """A text that is escaped by replacing: a page's takes a twentieth of the time of `str`'s way,
    which looks each character up."""

    __slots__ = ()

    def translate(self, table: Mapping[int, str]) -> str:  # type: ignore[override]  # only with tables like NiceGUI's
        """The text with each of these characters replaced."""
        text = str(self)
        # First what the others are replaced with.
        for code in sorted(table, key=lambda code: chr(code) != "&"):
            text = text.replace(chr(code), table[code])
        return text


def _dumps(*args: Any, **options: Any) -> Escaping:
    return Escaping(json.dumps(*args, **options))
