"""Pages that wait for their browsers are few, however many people ask for them, and however many of
these people have stopped."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from ui.live.unconnected import COMES_WITHIN, MOST_UNCONNECTED, TABS, Unconnected


@dataclass(eq=False)
class _Page:
    user_id: UUID


class _Pages(Unconnected[_Page]):
    """Which are there, without those that had to go; `time` passes as the test says."""

    time = 0.0

    def __init__(self) -> None:
        super().__init__(lambda: self.time)

    def open(self, user_id: UUID) -> _Page:
        """One more of this person's."""
        page = _Page(user_id)
        self.add(page)
        for other in self.too_many():
            self.discard(other)
        return page

    def kept(self, pages: Iterable[_Page]) -> list[bool]:
        """Which of these are still there."""
        return [page in self.get(page.user_id, {}) for page in pages]


def test_many_people_together_have_few_though_each_of_them_has_stopped_asking() -> None:
    pages, people = _Pages(), [uuid4() for _ in range(20)]
    for user_id in people:
        for _ in range(MOST_UNCONNECTED):
            pages.open(user_id)
    assert pages.total == sum(map(len, pages.values())) <= len(people) * TABS + MOST_UNCONNECTED
    pages.time = COMES_WITHIN
    one_more = uuid4()
    for _ in range(pages.total):
        pages.open(one_more)
    assert pages.total == sum(map(len, pages.values())) == MOST_UNCONNECTED


def test_people_whose_tabs_all_come_back_at_once_keep_them_beside_one_who_asks_for_many() -> None:
    pages, greedy = _Pages(), uuid4()
    theirs = [pages.open(user_id) for user_id in [uuid4() for _ in range(50)] for _ in range(4)]
    taken = [pages.open(greedy) for _ in range(MOST_UNCONNECTED)]
    assert all(pages.kept(theirs))
    assert sum(pages.kept(taken)) == TABS


def test_of_whoever_has_most_the_oldest_goes() -> None:
    pages, greedy, modest = _Pages(), uuid4(), uuid4()
    theirs = [pages.open(modest) for _ in range(3)]
    taken = [pages.open(greedy) for _ in range(MOST_UNCONNECTED)]
    assert pages.kept(theirs) == [True] * 3
    assert pages.kept(taken) == [False] * 3 + [True] * (MOST_UNCONNECTED - 3)


def test_the_only_one_that_somebody_has_stays() -> None:
    pages = _Pages()
    opened = [pages.open(uuid4()) for _ in range(MOST_UNCONNECTED * 2)]
    assert all(pages.kept(opened))
    first = pages.open(opened[0].user_id)
    pages.time = COMES_WITHIN
    second = pages.open(opened[0].user_id)
    assert pages.kept([opened[0], first, second]) == [False, False, True]


def test_those_whose_browsers_have_come_are_not_counted() -> None:
    pages, one = _Pages(), uuid4()
    for _ in range(MOST_UNCONNECTED * 2):
        page = pages.open(one)
        pages.discard(page)
        pages.discard(page)
    assert pages.total == 0
    assert not pages
