"""A row as the browsers get it: in few bytes, because each change goes to every open page."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any

from services.lists.declaration import LiveList, RowT
from services.lists.matches import AS_THEY_ARE, plain_value

UNSENT = {"sent": False}
"""The metadata of a row's field that no browser needs."""


def row_values(live_list: LiveList[RowT], row: RowT) -> dict[str, Any]:
    """A row as plain values. Fields with their default value are left out; the browser knows the
    defaults (`complete` in `table_rows.js`)."""
    values: dict[str, Any] = {}
    names, defaults, read = _sent(type(row))
    for name, default, value in zip(names, defaults, read(row), strict=True):
        if value is not default and value != default:
            values[name] = value if type(value) in AS_THEY_ARE else plain_value(value)
    key = values.get("key")
    if isinstance(key, str) and key.isascii() and key == _derived(live_list, row):
        del values["key"]
    for name, value in (live_list.beside(row) if live_list.beside else {}).items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    return values


def patch_values(
    live_list: LiveList[RowT], row: RowT, was: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What a changed row is now, and the old values of what changed; `was` is none for a new
    row."""
    before = None if was is None else {name: plain_value(value) for name, value in was.items()}
    return {"was": before, "now": row_values(live_list, row)}


def _derived(live_list: LiveList[RowT], row: RowT) -> str:
    """The folded text in which the browser looks for words, where nothing needs folding."""
    return " ".join([str(getattr(row, key)) for key in live_list.searched]).lower()


@cache
def _sent(kind: type) -> tuple[list[str], list[object], Callable[[Any], tuple[object, ...]]]:
    """The names of a row's fields that browsers get, their defaults, and what reads them all. (A
    page has fifty rows, of some thirty fields each.)"""
    sent = [field for field in fields(kind) if field.metadata.get("sent", True)]
    names = [field.name for field in sent]
    return names, [field.default for field in sent], attrgetter(*names)
