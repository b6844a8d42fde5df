"""Where settings are written: in the environment, in `.env`, and in the files that either of them
names."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from services.core.errors import OperatorError
from services.core.setting_types import ROOT, in_product_folder
from services.core.side_thread import have_done

PREFIX = "ROLLCALL_"
# Names the file to read instead of `.env`. Only read from the environment, for people who run
# several.
ENV_FILE = f"{PREFIX}ENV_FILE"
# A share that takes longer to answer, in seconds, hangs.
FILE_SECONDS = 10


class Pairs(PydanticBaseSettingsSource):
    """Takes each setting from `ROLLCALL_<NAME>`, or from the file that `ROLLCALL_<NAME>_FILE`
    names. An empty one counts as not set.

    In those that are taken `literally`, quotation marks around a value are a part of it. Nobody
    wants that: `docker run --env-file` passes them on, where `.env` and shells take them away.
    """

    def __init__(
        self, settings_cls: type[BaseSettings], pairs: Mapping[str, str], *, literally: bool = False
    ) -> None:
        super().__init__(settings_cls)
        self.literally = literally
        self.pairs = {name.upper(): value for name, value in pairs.items()}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The setting as it is written, or None; raises `OperatorError`."""
        name = PREFIX + field_name.upper()
        value, path = self._written(name), self._written(f"{name}_FILE")
        if self.literally and (_is_quoted(value) or _is_quoted(path)):
            raise OperatorError(
                f"{name} begins and ends with a quotation mark, which would be a part of it. Write "
                f"it without; a value that has them can come from a file that {name}_FILE names."
            )
        if not value and path:
            value = _read(in_product_folder(Path(path)), f"{name}_FILE").rstrip("\r\n")
        return value or None, field_name, False

    def _written(self, name: str) -> str | None:
        # A shell that reads a file with Windows' line ends leaves one at the end of each value.
        value = self.pairs.get(name, "").rstrip("\r\n")
        return value if value.strip() else None

    def __call__(self) -> dict[str, Any]:
        """Every setting that is written here."""
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


def environment() -> dict[str, str]:
    """Rollcall's variables of the environment."""
    return {name: value for name, value in os.environ.items() if name.upper().startswith(PREFIX)}


def env_file() -> dict[str, str]:
    """Rollcall's lines of the file `.env` beside main.py; raises `OperatorError` where it can't be
    read as one."""
    path, is_named = env_path(), bool(os.environ.get(ENV_FILE))
    text = _read(
        path, ENV_FILE if is_named else "The file of settings", may_be_missing=not is_named
    )
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            raise OperatorError(f"{path}, line {line.original.line}: this isn't NAME=value.")
    pairs = dotenv_values(stream=io.StringIO(text))
    return {name: value or "" for name, value in pairs.items() if name.upper().startswith(PREFIX)}


def _is_quoted(value: str | None) -> bool:
    return value is not None and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def env_path() -> Path:
    """Where the file of settings is, if there is one."""
    return in_product_folder(Path(os.environ.get(ENV_FILE) or ROOT / ".env"))


def named_files() -> list[Path]:
    """The files that hold single settings: passwords, most likely."""
    written = env_file() | environment()
    return [
        in_product_folder(Path(path))
        for name, path in sorted(written.items())
        if name.upper().endswith("_FILE") and path and name.upper() != ENV_FILE
    ]


def require_answer(path: Path, what: str) -> None:
    """Refuse a path on a share that hangs. Raises `OperatorError` that says what the path is for;
    whether anything is there, others look."""
    try:
        have_done(path.exists, FILE_SECONDS)
    except TimeoutError as error:
        raise OperatorError(f"{what}: {_no_answer(path)}") from error
    except OSError:
        return


def _no_answer(path: Path) -> str:
    return f"{path} doesn't answer. See to the share that it is on."


def _read(path: Path, what: str, *, may_be_missing: bool = False) -> str:
    """The text of a file; raises `OperatorError` that says what the file is for.

    The file may be on a share that hangs.
    """
    try:
        text = have_done(path.read_bytes, FILE_SECONDS).decode("utf-8-sig")
    except TimeoutError as error:
        raise OperatorError(f"{what}: {_no_answer(path)}") from error
    except OSError as error:
        if may_be_missing and isinstance(error, FileNotFoundError):
            return ""
        raise OperatorError(f"{what}: can't read {path} ({error.strerror}).") from error
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise OperatorError(f"{what}: {path} is no text in UTF-8. Save it as UTF-8.") from None
    return text
