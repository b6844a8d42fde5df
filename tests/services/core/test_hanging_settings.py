"""A start never waits without a word for a file or a folder that a setting names."""

import os
from pathlib import Path

import pytest

from services.core import setting_sources
from services.core.errors import OperatorError
from services.core.settings import load
from tests.hanging import hanging


@pytest.fixture(autouse=True)
def _briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_ENV_FILE", os.devnull)
    monkeypatch.setattr(setting_sources, "FILE_SECONDS", 2)  # what answers does so sooner


def test_a_file_that_nobody_writes_is_told_with_its_setting_and_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "password"
    os.mkfifo(pipe)
    monkeypatch.setenv("ROLLCALL_MAIL_PASSWORD_FILE", str(pipe))
    with pytest.raises(OperatorError, match=f"ROLLCALL_MAIL_PASSWORD_FILE: {pipe} doesn't answer"):
        load()
    os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))  # lets its reader go


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("ENV_FILE", "{share}/env"),
        ("SECRET_FILE", "{share}/secret"),
        ("DATA_DIR", "{share}/data"),
        ("DATABASE_URL", "sqlite:///{share}/rollcall.db"),
    ],
)
def test_a_share_that_hangs_is_told_with_the_setting_that_leads_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, written: str
) -> None:
    monkeypatch.setenv("ROLLCALL_DATA_DIR", str(tmp_path))
    with hanging(tmp_path / "share") as share:
        monkeypatch.setenv(f"ROLLCALL_{name}", written.format(share=share))
        with pytest.raises(OperatorError, match=rf"^ROLLCALL_{name}: {share}.* doesn't answer"):
            load()
