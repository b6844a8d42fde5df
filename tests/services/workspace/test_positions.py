"""Positions: moving one row changes only that row."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import NotFoundError
from services.workspace.positions import STEP, next_position, reposition


@dataclass
class Row:
    id: UUID
    position: int


def _rows(count: int) -> list[Row]:
    rows: list[Row] = []
    for _ in range(count):
        rows.append(Row(uuid4(), next_position(rows)))
    return rows


def test_one_that_is_moved_is_the_only_one_that_changes() -> None:
    rows = _rows(4)
    assert reposition(rows, rows[3], rows[1].id) == [rows[3].id]
    assert rows[0].position < rows[3].position < rows[1].position


def test_one_that_stays_where_it_is_changes_nothing() -> None:
    rows = _rows(3)
    assert reposition(rows, rows[1], rows[2].id) == []
    assert reposition(rows, rows[2], None) == []


def test_what_it_was_to_stand_before_may_be_gone() -> None:
    rows = _rows(2)
    with pytest.raises(NotFoundError):
        reposition(rows, rows[0], uuid4())


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=60))
def test_after_any_moves_the_order_is_what_was_asked_for(moves: list[tuple[int, int]]) -> None:
    rows = _rows(5)
    expected = [row.id for row in rows]
    for which, before in moves:
        row = rows[which]
        others = [other for other in expected if other != row.id]
        before_id = others[before] if before < len(others) else None
        reposition(sorted(rows, key=lambda each: each.position), row, before_id)
        others.insert(before, row.id)
        expected = others
        in_order = sorted(rows, key=lambda each: each.position)
        assert [each.id for each in in_order] == expected
        assert all(0 < each.position < 2**31 - STEP for each in rows)
