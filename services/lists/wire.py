"""A row as the browsers get it: in few bytes, because each change goes to every open page."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from services.lists.declaration import LiveList, RowT
from services.lists.matches import plain_value

UNSENT = {"sent": False}
"""The metadata of a row's field that no browser needs."""


def row_values(live_list: LiveList[RowT], row: RowT) -> dict[str, Any]:
    """A row as plain values. Fields with their default value are left out; the browser knows the
    defaults (`complete` in `table_rows.js`)."""
    values: dict[str, Any] = {
        field.name: plain_value(value)
        for field in fields(row)  # type: ignore[arg-type]  # rows are dataclasses
        if field.metadata.get("sent", True)
        and (value := getattr(row, field.name)) != _default(field.default)
    }
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
    return " ".join(
        str(getattr(row, column.key)) for column in live_list.columns if column.search
    ).lower()


def _default(default: object) -> object:
    return object() if default is MISSING else default
