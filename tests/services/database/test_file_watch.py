"""A task that waits for a file wakes when the file is written."""

import asyncio
import sys
from pathlib import Path

import pytest

from services.database.file_watch import watching
from tests.browser.waiting import PATIENCE

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of it this way")


@linux
async def test_a_write_by_another_process_wakes_who_waits(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with watching([str(path)]) as watch:
        assert watch.has_news
        began = watch.silence
        await asyncio.sleep(0.01)
        assert watch.silence > began
        waiting = asyncio.create_task(watch.wait(PATIENCE))
        writing = await asyncio.create_subprocess_exec("sh", "-c", f"echo x >> {path}")
        await waiting
        assert watch.silence < PATIENCE
        await writing.wait()


async def test_where_nobody_tells_it_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "another")
    with watching([str(tmp_path)]) as watch:
        assert not watch.has_news


@linux
async def test_a_file_that_is_not_there_is_not_watched(tmp_path: Path) -> None:
    with watching([str(tmp_path / "nowhere")]) as watch:
        assert not watch.has_news
