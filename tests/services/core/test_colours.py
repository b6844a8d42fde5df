"""Brand colours: text is readable in both themes, whatever colour is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.colours import (
    DARK_PAGE,
    LIGHT_PAGE,
    WHITE,
    brand_of,
    contrast,
    read_colour,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLOURS)
def test_any_colour_is_made_one_that_can_be_read_in_both_themes(colour: str) -> None:
    brand = brand_of(colour)
    for theme in (brand.light, brand.dark):
        assert contrast(theme.fill, WHITE) >= 4.5
        assert contrast(theme.hover, WHITE) >= 4.5
    assert contrast(brand.light.text, LIGHT_PAGE) >= 4.5
    assert contrast(brand.dark.text, DARK_PAGE) >= 4.5
    assert contrast(brand.dark.fill, DARK_PAGE) >= 3
    assert contrast(brand.mail, WHITE) >= 7


def test_what_is_shown_otherwise_than_chosen_is_told() -> None:
    told = brand_of("#12b3b3").told
    assert told.startswith("Too bright for white letters. Rollcall uses #0d7e7e instead.")
    assert brand_of("#0d6efd").light.fill in brand_of("#0d6efd").told
    assert brand_of("#5a52f0").told == ""


@pytest.mark.parametrize("written", ["#12B3B3", "12b3b3", " #12b3b3 "])
def test_a_colour_is_read_however_it_is_written(written: str) -> None:
    assert read_colour(written) == "#12b3b3"
    assert read_colour("#0af") == "#00aaff"


@pytest.mark.parametrize("written", ["red", "#12b3b", "#12b3b3;}", "url(x)", ""])
def test_nothing_else_is_a_colour(written: str) -> None:
    with pytest.raises(ValueError, match="six hexadecimal digits"):
        read_colour(written)
