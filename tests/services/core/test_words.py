"""Words of people inside sentences of ours."""

from unicodedata import bidirectional

from services.core.words import (
    isolated,
    isolated_where_needed,
    with_nothing_deceiving,
    with_nothing_hidden,
)

# Words with what belongs to how their languages are written, and names may not have.
WRITTEN_SO = (
    "Sil\N{SOFT HYPHEN}ben",
    "\N{RIGHT-TO-LEFT MARK}שלום!",
    "\N{ARABIC LETTER MARK}شارع!",
    "ตาราง\N{ZERO WIDTH SPACE}เวลา",
    "not\N{WORD JOINER}broken",
    "\N{ARABIC END OF AYAH}\N{ARABIC-INDIC DIGIT ONE}",
    "خانه\N{ZERO WIDTH NON-JOINER}",
    "\N{WAVING BLACK FLAG}\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
)
"""Among them a flag of England."""


def test_a_name_from_right_to_left_leaves_the_rest_of_its_sentence_in_order() -> None:
    said = isolated("فاطمة")
    assert (bidirectional(said[0]), bidirectional(said[-1])) == ("FSI", "PDI")


def test_a_name_from_before_that_would_end_its_isolation_or_turn_the_text_has_that_named() -> None:
    for put in (isolated, isolated_where_needed):
        said = put("Ada \N{POP DIRECTIONAL ISOLATE}\N{RIGHT-TO-LEFT OVERRIDE}nimda").strip(
            "\u2068\u2069"
        )
        assert said == "Ada [U+2069][U+202E]nimda"


def test_nothing_is_hidden_in_a_sentence_about_a_name_from_before() -> None:
    said = with_nothing_hidden("Ada \N{RIGHT-TO-LEFT OVERRIDE}nim\N{ZERO WIDTH SPACE}da is active.")
    assert said == "Ada [U+202E]nim[U+200B]da is active."


def test_a_name_that_was_isolated_in_a_sentence_stays_so() -> None:
    said = f"{isolated('فاطمة')} mentioned you."
    assert with_nothing_hidden(said) == said


def test_a_name_from_before_that_opens_an_isolation_and_ends_none_has_that_named() -> None:
    assert with_nothing_hidden("\N{FIRST STRONG ISOLATE}Ada is active.") == "[U+2068]Ada is active."


def test_what_belongs_to_how_languages_are_written_stays_in_texts() -> None:
    assert [with_nothing_deceiving(text) for text in WRITTEN_SO] == list(WRITTEN_SO)


def test_what_makes_a_text_read_as_something_else_is_named_in_it() -> None:
    said = with_nothing_deceiving(
        "\N{RIGHT-TO-LEFT OVERRIDE}tpircs\U000e0061\N{FIRST STRONG ISOLATE}"
    )
    assert said == "[U+202E]tpircs[U+E0061][U+2068]"


def test_a_name_that_was_isolated_in_a_text_stays_so() -> None:
    said = f"{isolated('فاطمة')} wrote: Sil\N{SOFT HYPHEN}ben"
    assert with_nothing_deceiving(said) == said
