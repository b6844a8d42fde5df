"""A command whose files are on a share that hangs says so, and ends."""

from pathlib import Path

import pytest

from services.core.settings import Settings
from services.database.startup import started
from tests.hanging import hanging
from tests.test_command_line import assert_refused, run

SOON = """
from services.core import setting_sources
from services.operations import aside, commands_beside
setting_sources.FILE_SECONDS = aside.FOLDER_SECONDS = 2
commands_beside.SECONDS = dict.fromkeys(commands_beside.SECONDS, 5)
"""
# What begins to hang when the command has begun: a look at a file of the share.
AMID_A_COPY = (
    SOON
    + """
import os
from services.operations import database_file
database_file._copy_in_steps = lambda *_: os.stat("{share}/copy")
"""
)
AMID_A_LOOK = (
    SOON
    + """
import os
from services.operations import doctor
async def _hang():
    os.stat("{share}/data")
doctor._silent_folder = _hang
"""
)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    async with started(Settings(_env_file=None, data_dir=tmp_path / "data")):
        return tmp_path / "data"


@pytest.mark.parametrize(
    "arguments",
    [
        ("backup", "{share}"),
        ("restore", "{share}/copy.db"),
        ("restore", "main.py", "--keys", "{share}/keys.tar"),
        ("verify-audit", "--expect", "{share}/heads.txt"),
        ("verify-export", "main.py", "--key", "{share}/key.pem"),
    ],
    ids=" ".join,
)
def test_a_file_of_a_command_on_a_share_that_hangs_is_told_with_its_path(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with hanging(tmp_path / "share") as share:
        given = [argument.format(share=share) for argument in arguments]
        done = run(tmp_path / "data", *given, before=SOON)
    assert_refused(done, f"`{given[0]}`: {given[-1]} doesn't answer. See to the share")


def test_a_backup_to_a_share_that_begins_to_hang_ends_with_a_sentence(
    data: Path, tmp_path: Path
) -> None:
    with hanging(tmp_path / "share") as share:
        before = AMID_A_COPY.format(share=share)
        done = run(data, "backup", str(tmp_path / "copy.db"), before=before)
    assert_refused(done, "`backup` got no further for 5 seconds", f"{tmp_path}/copy.db")


def test_a_doctor_amid_whose_looks_a_share_hangs_ends_with_a_sentence(
    data: Path, tmp_path: Path
) -> None:
    with hanging(tmp_path / "share") as share:
        done = run(data, "doctor", before=AMID_A_LOOK.format(share=share))
    assert_refused(done, "`doctor` got no further for 5 seconds", str(data))
