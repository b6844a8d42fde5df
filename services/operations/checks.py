"""What a check of the doctor has found, and how several are shown."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from services.core.lazily import lazily
from services.core.settings import Settings

if TYPE_CHECKING:
    from services.core import postgresql_url
else:
    postgresql_url = lazily("services.core.postgresql_url")


class State(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARNING = "warning"
    """Rollcall works, but something is missing, or couldn't be looked at."""
    FAILED = "failed"
    """Something doesn't work."""


@dataclass(frozen=True)
class Check:
    """What was found.

    `words` is a value if all is well ("PostgreSQL 17, 4 ms"), otherwise what is wrong; then
    `remedy` says more about it and what to do. Neither contains a secret.
    """

    name: str
    state: State
    words: str
    remedy: str = ""

    def as_json(self) -> str:
        """One line for a program."""
        return json.dumps(asdict(self), ensure_ascii=False)


def well(name: str, words: str) -> Check:
    """All is well."""
    return Check(name, State.OK, words)


def warning(name: str, words: str, remedy: str) -> Check:
    """Something to look after."""
    return Check(name, State.WARNING, words, remedy)


def failed(name: str, words: str, remedy: str) -> Check:
    """Something that doesn't work."""
    return Check(name, State.FAILED, words, remedy)


def verdict(checks: Sequence[Check]) -> str:
    """The result of all of them, in a sentence."""
    bad = sum(check.state is State.FAILED for check in checks)
    doubtful = sum(check.state is State.WARNING for check in checks)
    warns = f"{doubtful} warns" if doubtful == 1 else f"{doubtful} warn"
    if bad:
        return f"{bad} of {len(checks)} checks failed" + (f", {warns}." if doubtful else ".")
    if doubtful:
        return f"{doubtful} of {len(checks)} checks {'warns' if doubtful == 1 else 'warn'}."
    return f"All {len(checks)} checks pass."


def report(checks: Sequence[Check]) -> str:
    """All of them as text; the verdict is the last line."""
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        lines.append(f"{check.state.value:8} {check.name:{width}}  {check.words}")
        if check.remedy:
            lines.append(f"{'':8} {'':{width}}  {check.remedy}")
    return "\n".join([*lines, "", verdict(checks)])


def without_secrets(check: Check, settings: Settings) -> Check:
    """The check without the secrets of the settings, in case a library's words repeat one."""
    words, remedy = check.words, check.remedy
    for secret in _secrets(settings):
        words, remedy = words.replace(secret, "…"), remedy.replace(secret, "…")
    return replace(check, words=words, remedy=remedy)


def _secrets(settings: Settings) -> list[str]:
    given = [settings.secret, settings.encryption_keys, settings.mail_password]
    given += [settings.admin_password, settings.database_url]
    secrets = [secret.get_secret_value() for secret in given if secret is not None]
    if not settings.is_sqlite:
        secrets.append(str(postgresql_url.arguments(settings.sqlalchemy_url).get("password", "")))
    # A word that is in other settings, too, would hide nothing and cut paths up.
    plain = f"{settings.data_dir} {settings.public_url} {settings.mail_username}"
    return [secret for secret in secrets if secret and secret not in plain]
