"""Pages that wait for their browsers are few, however many people ask for them, and however many of
these people have stopped."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from ui.live.unconnected import MOST_UNCONNECTED, Unconnected


@dataclass(eq=False)
class _Page:
    user_id: UUID


class _Pages(Unconnected[_Page]):
    """Which are there, without those that had to go."""

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
    pages = _Pages()
    for user_id in [uuid4() for _ in range(20)]:
        for _ in range(MOST_UNCONNECTED):
            pages.open(user_id)
    assert pages.total == sum(map(len, pages.values())) == MOST_UNCONNECTED


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
    first, second = (pages.open(opened[0].user_id) for _ in range(2))
    assert pages.kept([opened[0], first, second]) == [False, False, True]


def test_those_whose_browsers_have_come_are_not_counted() -> None:
    pages, one = _Pages(), uuid4()
    for _ in range(MOST_UNCONNECTED * 2):
        page = pages.open(one)
        pages.discard(page)
        pages.discard(page)
    assert pages.total == 0
    assert not pages
