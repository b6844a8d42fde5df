"""A process beside this one is left where it hangs, and waited for where it is slow."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from services.core.side_process import run_beside
from tests.browser.waiting import PATIENCE
from tests.hanging import hanging


def test_what_it_prints_and_its_status_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        sys.stdout.write("done\n" * 50_000)
        sys.stderr.write("nearly\n")
        return 3

    assert run_beside(work, PATIENCE) == 3
    printed = capfd.readouterr()
    assert printed.out == "done\n" * 50_000
    assert printed.err == "nearly\n"


def test_who_fails_is_told_with_the_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_beside(lambda: 1 // 0, PATIENCE) == 1
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_who_is_killed_ends_it_too() -> None:
    def work() -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    assert run_beside(work, PATIENCE) == 128 + signal.SIGKILL


def test_who_waits_for_a_share_is_left_after_a_while(tmp_path: Path) -> None:
    with hanging(tmp_path / "share") as share, pytest.raises(TimeoutError):
        run_beside(lambda: int(share.joinpath("file").exists()), 0.5)


def test_who_gets_on_slowly_has_the_time_that_it_takes() -> None:
    def work() -> int:
        for _ in range(20):
            time.sleep(0.25)
            Path(os.devnull).write_text("a piece", encoding="ascii")
        return 0

    assert run_beside(work, 4) == 0
