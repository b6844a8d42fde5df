"""A command whose files are on a share that hangs says so, and ends."""

from pathlib import Path

import pytest

from tests.hanging import hanging
from tests.test_command_line import assert_refused, run

SOON = "from services.core import setting_sources\nsetting_sources.FILE_SECONDS = 5\n"


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
