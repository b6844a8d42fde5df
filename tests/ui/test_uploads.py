"""Uploads that are refused."""

import asyncio

import pytest

from services.core.errors import TooMuchAtOnceError
from ui.pages.workspace import poc_files


async def test_who_uploads_too_much_at_once_is_told_a_little_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(poc_files, "REFUSED_AFTER", 0.2)

    async def take() -> None:
        raise TooMuchAtOnceError

    loop = asyncio.get_running_loop()
    begun = loop.time()
    answer = await poc_files._answer(take)
    assert answer.status_code == 429
    assert loop.time() - begun > 0.1
