"""The signing secret is used as it was stored, or not at all."""

from pathlib import Path

import pytest

from services.core.errors import OperatorError
from services.core.secrets import SECRET_FILE, load_secret


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    assert load_secret(tmp_path, None) == load_secret(tmp_path, None)


@pytest.mark.parametrize(
    "content",
    [b"", b"ab" * 31, b"z" * 64, b"\xff\xfe" * 32],
    ids=["empty", "cut off", "no hexadecimal digits", "no text"],
)
def test_a_damaged_secret_is_told_with_its_file_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / SECRET_FILE
    path.write_bytes(content)
    with pytest.raises(OperatorError, match="signing-secret is damaged"):
        load_secret(tmp_path, None)
    assert path.read_bytes() == content
