"""A list of rows with buttons, each built once."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from nicegui import ui


class _Identified(Protocol):
    @property
    def id(self) -> Any:
        """What tells it from the others."""


RowT = TypeVar("RowT", bound=_Identified)
Follow = Callable[[RowT], None]


class Rows(Generic[RowT]):
    """Fills `box` with one element for each row. `build` makes the element of a new row, and
    returns it with what shows the row's present state in it, at first and after each change.

    The browser makes no click of a press whose button was built again before it was let go. So a
    row stays while others come, go and change, and shows its own changes in parts beside its
    buttons.
    """

    def __init__(
        self, box: ui.element, build: Callable[[RowT], tuple[ui.element, Follow[RowT]]]
    ) -> None:
        self.box = box
        self._build = build
        self._lines: dict[Any, tuple[ui.element, Follow[RowT]]] = {}

    def show(self, rows: Sequence[RowT]) -> None:
        """Show these, in this order."""
        if self.box.is_deleted:
            return
        wanted = {row.id for row in rows}
        for row_id in [*self._lines]:
            if row_id not in wanted:
                self._lines.pop(row_id)[0].delete()
        for at, row in enumerate(rows):
            if row.id not in self._lines:
                with self.box:
                    self._lines[row.id] = self._build(row)
            line, follow = self._lines[row.id]
            if self.box.default_slot.children[at] is not line:
                line.move(target_index=at)
            follow(row)
