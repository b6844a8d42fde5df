"""A list of rows whose elements stay while others come, go and change their order."""

from dataclasses import dataclass

from nicegui import Client, ui

from ui.components.rows import Follow, Rows


@dataclass(frozen=True)
class Row:
    """A row, and what shows of it."""

    id: str
    title: str = ""


ADA, ALAN, GRACE = Row("ada"), Row("alan"), Row("grace")


def _build(row: Row) -> tuple[ui.element, Follow[Row]]:
    line = ui.label(row.id)

    def follow(now: Row) -> None:
        line.text = f"{now.id} {now.title}".strip()

    return line, follow


def _shown(*rows: Row) -> Rows[Row]:
    """A list on a page, with these rows in it."""
    with Client(ui.page("/rows")):
        shown = Rows(ui.element(), _build)
    shown.show(rows)
    return shown


def _lines(shown: Rows[Row]) -> dict[str, ui.element]:
    """The elements in their order, by what they say."""
    lines = shown.box.default_slot.children
    return {line.text: line for line in lines if isinstance(line, ui.label)}


def test_rows_that_stay_keep_their_elements_in_whatever_order_they_are_shown() -> None:
    shown = _shown(ADA, ALAN, GRACE)
    before = _lines(shown)
    for order in ([GRACE, ADA, ALAN], [ALAN, GRACE, ADA], [ADA, ALAN, GRACE]):
        shown.show(order)
        assert [*_lines(shown)] == [row.id for row in order]
    assert _lines(shown) == before


def test_a_row_that_goes_takes_its_element_along_and_no_other() -> None:
    shown = _shown(ADA, ALAN, GRACE)
    before = _lines(shown)
    shown.show([GRACE, ADA])
    assert _lines(shown) == {"grace": before["grace"], "ada": before["ada"]}
    assert [*_lines(shown)] == ["grace", "ada"]
    assert before["alan"].is_deleted


def test_a_row_that_comes_back_has_a_new_element_at_its_place() -> None:
    shown = _shown(ADA, ALAN, GRACE)
    before = _lines(shown)
    shown.show([ADA, GRACE])
    shown.show([ADA, ALAN, GRACE])
    now = _lines(shown)
    assert [*now] == ["ada", "alan", "grace"]
    assert (now["ada"], now["grace"]) == (before["ada"], before["grace"])
    assert now["alan"] is not before["alan"]


def test_a_row_that_changes_shows_it_in_the_same_element() -> None:
    shown = _shown(ADA, ALAN)
    before = _lines(shown)
    shown.show([ADA, Row("alan", "Turing")])
    assert _lines(shown) == {"ada": before["ada"], "alan Turing": before["alan"]}
