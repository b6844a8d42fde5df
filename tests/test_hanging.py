"""The tests of shares that hang fail where the product hangs with them."""

import subprocess
from pathlib import Path

import pytest

from tests.hanging import hanging


def test_who_waits_for_a_share_without_a_limit_is_let_go_and_fails_with_a_sentence(
    tmp_path: Path,
) -> None:
    with (
        pytest.raises(pytest.fail.Exception, match=r"waited 0\.1 s for a share that hangs"),
        hanging(tmp_path / "share", too_long=0.1) as share,
    ):
        (share / "file").read_bytes()


def test_a_process_that_waits_for_it_is_let_go_too(tmp_path: Path) -> None:
    with (
        pytest.raises(pytest.fail.Exception, match=r"waited 0\.5 s for a share that hangs"),
        hanging(tmp_path / "share", too_long=0.5) as share,
    ):
        subprocess.run(["stat", share / "file"], check=False)


def test_who_ends_sooner_is_not_told_anything(tmp_path: Path) -> None:
    with hanging(tmp_path / "share"):
        pass
    assert list((tmp_path / "share").iterdir()) == []
