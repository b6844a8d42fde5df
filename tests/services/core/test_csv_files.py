"""CSV files: how a spreadsheet reads them, whatever separator it uses."""

import csv
import io

import pytest

from services.core.csv_files import BOM, csv_lines, defused

SIGNS = ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@pytest.mark.parametrize("start", [*SIGNS, "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    assert defused(f"{start}cmd") == f"'{start}cmd"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("separator", [";", ",", "\t", "\n", "\r\n", "|", "; ", ';"', "; \t"])
def test_a_formula_after_any_separator_is_defused(separator: str, sign: str) -> None:
    assert defused(f"Ada{separator}{sign}1+1") == f"Ada{separator}'{sign}1+1"


@pytest.mark.parametrize(
    "text", ["Ada Lovelace", "Anne-Marie; O'Neill", "a@example.com", "1=1; ok", "'=1", "a;'=1", ""]
)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert defused(text) == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["a;=1+1", "=1+1;b", "a;=1+1;b", 'a;"=1+1"', "a\t=1+1", "a\n=1+1"])
def test_no_reader_finds_a_formula_whatever_separator_it_takes(name: str, delimiter: str) -> None:
    lines = csv_lines([[1, name, name, "end"], [2, "b", name, "end"]])
    cells = [cell for row in csv.reader(io.StringIO(lines), delimiter=delimiter) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(' "\t\r\n').startswith(tuple(SIGNS))]


def test_every_cell_is_in_quotes_and_the_first_lines_tell_the_encoding() -> None:
    assert csv_lines([["Zoë", 'say "hi"', 3]], first=True) == f'{BOM}"Zoë","say ""hi""","3"\r\n'
    assert csv_lines([["x"]]) == '"x"\r\n'
