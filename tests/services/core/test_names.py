"""Names: what is accepted, and how they are searched."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import InvalidInputError
from services.core.names import (
    MAX_NAME,
    check_slug,
    clean_name,
    fold,
    is_slug,
    plain,
    slug_from,
)

ANYTHING = st.text(alphabet=st.characters(codec=None))  # halves of surrogate pairs, too


def cleaned(text: str) -> str | None:
    try:
        return clean_name(text, "Name")
    except ValueError:
        return None


@given(ANYTHING)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    name = cleaned(text)
    assert name is None or cleaned(name) == name


@given(ANYTHING)
def test_clean_name_can_be_stored_and_breaks_no_line(text: str) -> None:
    name = cleaned(text)
    if name is not None:
        assert 1 <= len(name) <= MAX_NAME
        assert name.encode() == unicodedata.normalize("NFC", name).encode()
        assert len(name.splitlines()) == 1
        assert name == name.strip()
        assert "\0" not in name


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "x" * 200,
        "O’Brien-Smith",
        "<b>Bobby</b>",
        "{{ 7*7 }}",
        "Robert'); DROP TABLE user_account;--",
        "=1+1",
        "محمد",
        "משה",
        "李",
        "🐎",
        "José",
        "नरेन्द्र",
        "Björk Guðmundsdóttir",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # as Persian is written
        "क्\u200dष",  # as Hindi is
        "👩\u200d👩\u200d👧",
        "\u2764\ufe0f 1\ufe0f\u20e3 \u2194\ufe0f",  # as keyboards write these
        "#\ufe0f\u20e3 *\ufe0f\u20e3",  # and keys that aren't digits
        "\u09b0\u200d\u09cd\u09af",  # as Bengali is written
        "1\u0307 +\u0307",
        "\u203c\ufe0f \u2049\ufe0f \u2139\ufe0f \u3030\ufe0f \u303d\ufe0f",  # and these
        "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",  # flag of Wales
        "\u1000\ufe00\u1019",  # as Khamti is written
        "\u182a\u180b\u1820",  # as Mongolian is
        "葛\U000e0100城",  # the form of a sign that its owner writes
        "d’Arc",
        "L·lull",
        "\u1019\u103d\u103e\u102d\u102f\u1037",  # as Burmese heaps marks
        "q\u0323\u0307",
    ],
)
def test_whatever_people_are_called_is_kept_as_it_is(name: str) -> None:
    assert clean_name(f"  {name} ", "First Name") == name


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u2003", "\u200b", "\u200e\u202e", "\ufeff"])
def test_what_shows_nothing_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"^First Name is required\.$"):
        clean_name(text, "First Name")


@pytest.mark.parametrize("character", "\r\n\t\0\x1b\x7f\x85\u2028\u2029\ud800\udfff")
def test_line_breaks_and_control_characters_are_refused(character: str) -> None:
    with pytest.raises(ValueError, match="can't contain line breaks or control characters"):
        clean_name(f"Ada{character}Bcc: eve@example.com", "First Name")


@pytest.mark.parametrize(
    "character",
    "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"  # turn the direction
    "\u00ad\u200b\u200c\u200d\u2060\ufeff\u180e\U000e0041"  # show nothing
    "\u034f\u115f\u1160\u3164\uffa0\u2800"  # neither, and aren't format characters
    "\ufe00\ufe0f\U000e0100\u180b"  # choose a form of what has one alone
    "\U000e0067\U000e007f"  # are part of flags alone
    "\u2065\ufff0\U000e0080",  # are no characters yet, and will show nothing
)
def test_what_is_invisible_or_turns_the_direction_of_text_is_refused(character: str) -> None:
    with pytest.raises(
        ValueError, match=r"^First Name can't contain invisible characters, or ones"
    ):
        clean_name(f"Ada{character}nimdA", "First Name")


@pytest.mark.parametrize("text", ["q\u0301\u200d\u0323", "a`\u200d`", "\u00a8\u200c\u00a8"])
def test_a_joiner_joins_letters_and_emoji_alone(text: str) -> None:
    with pytest.raises(ValueError, match=r"^First Name can't contain invisible characters"):
        clean_name(text, "First Name")


@pytest.mark.parametrize(
    "text",
    [
        "\u0338Ada",
        "\u0301",
        "A" + "\u0300\u0316" * 4,
        "\u0e01" + "\u0e47" * 7,
        "Alice \u0301Bob",
        "A-\u0301b",
        "A. \u0301\u0301b",
        "A-\u20e3",
        "Ada \u093f",  # one that has a width of its own
        "\u060c\u200d\u064b",  # behind what joins
        "\u0628" + "\u064b\u200d" * 7 + "\u064b",  # heaped with joiners between
    ],
)
def test_marks_that_reach_beyond_their_letter_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^First Name has accents without a letter, or too many"):
        clean_name(text, "First Name")


@pytest.mark.parametrize("between", ["  ", "\u00a0", "\u2009", "\u3000", " \u00a0 "])
def test_words_are_one_space_apart_as_a_page_shows_them(between: str) -> None:
    assert clean_name(f"Ada{between}Marie", "First Name") == "Ada Marie"


def test_201_characters_are_too_many() -> None:
    with pytest.raises(ValueError, match="can have 200 characters at most"):
        clean_name("x" * 201, "Last Name")


def test_length_is_that_of_what_is_kept() -> None:
    assert len(clean_name("e\u0301" * 200 + "  ", "Last Name")) == 200


@given(ANYTHING)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_and_form_make_no_difference_to_a_search(text: str) -> None:
    assert fold(text) == fold(unicodedata.normalize("NFC", text))
    assert fold(text) == fold(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Ünal", "unal"),
        ("Łukasz", "lukasz"),
        ("Søren", "SOREN"),
        ("Straße", "strasse"),
        ("İpek", "ipek"),
        ("I\u015f\u0131k", "isik"),
        ("ﬁona", "fiona"),
        ("Nguyễn", "nguyen"),
        ("ΣΊΣΥΦΟΣ", "σισυφος"),
        ("\uff21\uff24\uff21", "ada"),
        ("Æsa", "aesa"),
    ],
)
def test_search_ignores_accents_and_case(name: str, typed: str) -> None:
    assert fold(name) == fold(typed)


@given(ANYTHING)
def test_any_name_gives_a_slug(text: str) -> None:
    assert is_slug(slug_from(text))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme"),
        ("Zoë & Söhne GmbH", "zoe-sohne-gmbh"),
        ("  --Acme--  ", "acme"),
        ("株式会社", "organisation"),
        ("a" * 62 + " b", "a" * 62),
        ("Groß/Klein", "gross-klein"),
    ],
)
def test_slug_is_derived_from_the_name(name: str, slug: str) -> None:
    assert slug_from(name) == slug


@pytest.mark.parametrize(
    "slug", ["", "-", "a-", "-a", "A", "a b", "a_b", "ä", "a" * 64, "../x", "a\n", "a/b", "a\0"]
)
def test_what_cannot_be_a_slug_is_refused(slug: str) -> None:
    assert not is_slug(slug)
    with pytest.raises(InvalidInputError) as caught:
        check_slug(slug)
    assert set(caught.value.fields) == {"slug"}


@given(ANYTHING)
def test_what_was_typed_becomes_fit_for_a_database(text: str) -> None:
    assert "\0" not in plain(text)
    assert plain(text).encode().decode() == plain(text) == plain(plain(text))
    assert plain(text) == re.sub("[\0\ud800-\udfff]", "", text)
