"""Words of people inside sentences of ours."""

from unicodedata import bidirectional

from services.core.words import isolated, isolated_where_needed


def test_a_name_from_right_to_left_leaves_the_rest_of_its_sentence_in_order() -> None:
    said = isolated("فاطمة")
    assert (bidirectional(said[0]), bidirectional(said[-1])) == ("FSI", "PDI")


def test_a_name_from_before_that_would_end_its_isolation_or_turn_the_text_has_that_named() -> None:
    for put in (isolated, isolated_where_needed):
        said = put("Ada \N{POP DIRECTIONAL ISOLATE}\N{RIGHT-TO-LEFT OVERRIDE}nimda").strip(
            "\u2068\u2069"
        )
        assert said == "Ada [U+2069][U+202E]nimda"
