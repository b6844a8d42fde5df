"""Words of people inside sentences of ours."""

from unicodedata import bidirectional

from services.core.words import isolated


def test_a_name_from_right_to_left_leaves_the_rest_of_its_sentence_in_order() -> None:
    said = isolated("فاطمة")
    assert (bidirectional(said[0]), bidirectional(said[-1])) == ("FSI", "PDI")
