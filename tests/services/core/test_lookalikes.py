"""Names and emails that look like others are marked."""

import pytest

from services.core.lookalikes import OTHER_DIGITS, mixed_letters, mixed_scripts
from services.core.names import clean_name


@pytest.mark.parametrize(
    ("name", "scripts"),
    [
        ("\u0410lice Kov\u00e1cs", ("Cyrillic", "Latin")),
        ("Al\u0456ce", ("Latin", "Cyrillic")),
        ("\u0391lice", ("Greek", "Latin")),
        ("\u0555liver", ("Armenian", "Latin")),
        ("\ua4eelice", ("Lisu", "Latin")),
        ("\U00010300da", ("Old Italic", "Latin")),
        ("B\u101db", ("Latin", "Myanmar")),
        ("B\u0d20b", ("Latin", "Malayalam")),
        ("\u05d5an", ("Latin", "Hebrew")),
        ("Bo\u0647", ("Latin", "Arabic")),
        ("\u101d\u2019Brien", ("Latin", "Myanmar")),
        ("\u101d'Connor", ("Latin", "Myanmar")),
        ("\u101d-Neil", ("Latin", "Myanmar")),
        ("Ada A\u0661ice", ("Latin", OTHER_DIGITS)),
        ("B\u0ce6b", ("Latin", OTHER_DIGITS)),
        ("B\u3007b", ("Latin", OTHER_DIGITS)),
        ("Ada \u05d5 Brown", ("Latin", "Hebrew")),
        ("Ada \u05d5. Brown", ("Latin", "Hebrew")),
        ("\u0627. Brown", ("Latin", "Arabic")),
        ("J.\u0627. Brown", ("Latin", "Arabic")),
        ("\u05d5.\u05df. Brown", ("Latin", "Hebrew")),
        ("(\u0647) Brown", ("Latin", "Arabic")),
        ("\u05d5\u05b9 Brown", ("Latin", "Hebrew")),
        ("\u0410\u043d\u043d\u0430 \u0647. \u0418", ("Cyrillic", "Arabic")),
        ("Ada \u0661", ("Latin", OTHER_DIGITS)),
        ("\u05d3. \u05db\u05d4\u05df Cohen", ()),
        ("\u05d3\u05b8\u05bc\u05d5\u05b4\u05d3 Cohen", ()),
        ("\u05d3\u05d5\u05d3 \u05d5. \u05db\u05d4\u05df", ()),
        ("\u0641\u0627\u0637\u0645\u0629 Ali", ()),
        ("\u05d9\u05d5\u05e1\u05d9 Cohen", ()),
        ("\u1019\u101d", ()),
        ("\u0645\u062d\u0645\u062f \u0661", ()),
        ("\u4e8c\u3007 Bob", ()),
        ("Алиса Ковач", ()),
        ("Αλίκη", ()),
        ("Zoë Ünal-O’Brien", ()),
        ("李 Bruce", ()),
        ("محمد Ali", ()),
        ("\uff21da", ()),
        ("Ada 2 🐎", ()),
    ],
)
def test_a_name_that_mixes_scripts_whose_letters_look_alike_is_marked(
    name: str, scripts: tuple[str, ...]
) -> None:
    assert clean_name(name, "Name") == name
    assert mixed_scripts(name) == scripts


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("\u0430da@example.com", "This email mixes Cyrillic and Latin letters"),
        ("ada@ex\u0430mple.com", "This email mixes Latin and Cyrillic letters"),
        ("\u0430\u0434\u0430@\u043f\u043e\u0447\u0442\u0430.com", ""),
        ("\u0430\u0434\u0430.lovelace@example.com", ""),
        ("zo\u00eb@example.com", ""),
        ("ada@example.com", ""),
    ],
)
def test_so_is_an_email_of_which_one_part_does(email: str, told: str) -> None:
    assert mixed_letters("Ada", email).partition(",")[0] == told


def test_an_email_of_letters_that_all_look_like_latin_ones_is_marked() -> None:
    for email in ("ada@\u0430\u0440\u0440\u04cf\u0435.com", "\u0441\u043e\u0441\u043e@example.com"):
        assert mixed_letters("Ada", email).startswith("This email has letters that aren’t Latin")
    assert mixed_letters("\u0421\u0430\u0440\u0430", "sara@example.com") == ""
    assert mixed_letters("Ada", "ada@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444") == ""


def test_where_both_do_the_email_is_no_proof() -> None:
    told = mixed_letters("\u0410da", "\u0430da@example.com")
    assert told.startswith("This name mixes Cyrillic and Latin letters")
    assert "So does the email" in told


def test_a_disguised_email_is_no_proof_of_a_name_that_mixes_scripts() -> None:
    told = mixed_letters("\u0410lice Brown", "\u0441\u043e\u0441\u043e@example.com")
    assert told.startswith("This name mixes Cyrillic and Latin letters")
    assert told.endswith("The email has letters that look Latin and aren’t: ask whose it is.")


@pytest.mark.parametrize("digit", "\u06f5\u19d0\u1a80\u07c0\u3007")
def test_all_digits_of_other_scripts_are_told_in_the_same_words(digit: str) -> None:
    assert mixed_letters(f"Bob{digit}", "bob@example.com") == (
        "This name mixes Latin letters and digits of another script, which can look alike. "
        "Compare the email."
    )
