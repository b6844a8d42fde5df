"""A trouble that lasts is logged once in a while."""

import logging

import pytest
from sqlalchemy import text

from services.core.errors import DatabaseUnavailableError
from services.core.repeats import Repeats
from services.database.transaction import reading
from tests.conftest import ONE_DATABASE


def test_the_same_words_are_news_once_and_others_at_once() -> None:
    said = Repeats()
    assert [said.is_news(words) for words in ("away", "away", "full", "away")] == [
        *(True, False, True, False)
    ]


def test_the_same_words_are_news_again_when_their_time_is_over() -> None:
    said = Repeats(seconds=0)
    assert [said.is_news("away"), said.is_news("away")] == [True, True]


@ONE_DATABASE
@pytest.mark.usefixtures("rollcall")
async def test_a_database_that_fails_again_and_again_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailableError):
            async with reading() as tx:
                await (await tx.connection()).execute(text("SELECT * FROM nowhere"))
    assert caplog.text.count("The database failed: no such table: nowhere") == 1
