"""Words of people inside sentences of ours."""

from unicodedata import bidirectional

from services.core.words import isolated, isolated_where_needed, with_nothing_hidden


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
