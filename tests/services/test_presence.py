"""Who has Rollcall open right now."""

from uuid import uuid4

from services import presence


def test_a_page_that_was_left_is_not_open_but_its_user_is_still_here() -> None:
    user = uuid4()
    presence.page_opened(user)
    presence.page_left(user)
    assert (presence.open_pages(user), presence.is_online(user)) == (0, True)
    presence.page_left_no_more(user)
    presence.page_closed(user)
    assert (presence.open_pages(user), presence.is_online(user)) == (0, False)


def test_a_page_that_comes_back_is_open_again() -> None:
    user = uuid4()
    presence.page_opened(user)
    presence.page_left(user)
    presence.page_left_no_more(user)
    assert presence.open_pages(user) == 1
    presence.page_closed(user)
