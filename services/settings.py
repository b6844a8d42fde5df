"""Every setting, where it comes from, and what it means.

A setting is the environment variable `ROLLCALL_<NAME>`, or a line in `.env`. A secret can come
from a file instead: `ROLLCALL_<NAME>_FILE` names it (as Docker secrets are mounted).
"""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from services.emails import check_email
from services.errors import OperatorError

PREFIX = "ROLLCALL_"


# The port of mail over TLS from the start (RFC 8314, section 7.3).
SUBMISSIONS_PORT = 465
# A name for EHLO, or an address literal (RFC 5321, section 4.1.3).
_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*|\[[0-9A-Fa-f.:IPv]+\]")

EmailAddress = Annotated[str, AfterValidator(check_email)]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("must be an address such as https://rollcall.example.com, without a path")
    # As browsers write an origin: in lower case, without the usual port.
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port not in {None, usual} else ""
    return f"{parts.scheme}://{host}{port}"


def _host_name(name: str) -> str:
    if not _HOST_NAME.fullmatch(name):
        raise ValueError("must be a full name such as rollcall.example.com, or an IP in brackets")
    return name


def _keys(given: SecretStr) -> SecretStr:
    for key in given.get_secret_value().replace(",", " ").split():
        Fernet(key)  # a malformed one is told at the start, in words that don't repeat it
    return given


class Settings(BaseSettings):
    """What the operator can set. Each description is the README's line for it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", env_ignore_empty=True
    )

    database_url: SecretStr | None = Field(
        None, description="The database; SQLite in the data folder where it isn't set."
    )
    data_dir: Path = Field(
        Path("data"), description="The folder of the embedded database and the signing secret."
    )
    secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="The signing secret, where several replicas must share one; else generated.",
    )
    encryption_keys: Annotated[SecretStr, AfterValidator(_keys)] | None = Field(
        None,
        description="Keys that seal secrets at rest, the newest first, by commas; else generated.",
    )
    host: str = Field("127.0.0.1", description="The network address to listen on.")
    port: int = Field(8080, ge=1, le=65535, description="The port to listen on.")
    public_url: Annotated[str, AfterValidator(_origin)] = Field(
        "", validate_default=False, description="What links in mails start with."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses or networks whose forwarded headers are believed, by commas."
    )
    mail_server: str | None = Field(None, description="The SMTP server; none means no mail.")
    mail_port: int = Field(587, ge=1, le=65535, description="Its port.")
    mail_username: str | None = Field(None, description="The name to sign in there with, if any.")
    mail_password: SecretStr | None = Field(None, description="The password for it.")
    mail_from: EmailAddress | None = Field(None, description="The sender's address.")
    mail_starttls: bool = Field(True, description="Whether to begin TLS on the connection.")
    mail_ssl_tls: bool = Field(
        False,
        description="Whether the connection is TLS from the start; as it is on port 465.",
    )
    mail_hostname: Annotated[str, AfterValidator(_host_name)] | None = Field(
        None, description="What Rollcall calls itself to the mail server (EHLO), a full name."
    )
    admin_email: EmailAddress | None = Field(
        None, description="An unattended first start: the Platform Admin's address."
    )
    admin_password: SecretStr | None = Field(None, description="Their password.")
    admin_tenant: str | None = Field(
        None, max_length=200, description="The first tenant's name, created with them."
    )
    session_idle_hours: float = Field(
        12,
        gt=0,
        le=24 * 14,
        description="A session ends after so many hours without a sign of life.",
    )
    session_max_days: float = Field(
        14, gt=0, le=90, description="A session ends after so many days, whatever happens."
    )
    password_min_length: int = Field(
        15, ge=8, le=64, description="The least characters of a password (NIST SP 800-63B-4: 15)."
    )
    audit_heads_dir: Path | None = Field(
        None, description="A folder for the audit log's heads, best on another machine."
    )
    audit_heads_email: EmailAddress | None = Field(
        None, description="Who gets the audit log's heads by mail, once a day."
    )
    log_format: Literal["text", "json"] = Field("text", description="How log lines are written.")

    @model_validator(mode="before")
    @classmethod
    def _split_proxies(cls, values: dict[str, Any]) -> dict[str, Any]:
        proxies = values.get("trusted_proxies")
        if isinstance(proxies, str):
            values["trusted_proxies"] = tuple(p.strip() for p in proxies.split(",") if p.strip())
        return values

    @model_validator(mode="after")
    def _complete(self) -> "Settings":
        if not self.public_url:
            self.public_url = f"http://localhost:{self.port}"
        if self.mail_server and not self.mail_from:
            raise ValueError("ROLLCALL_MAIL_SERVER needs ROLLCALL_MAIL_FROM")
        if self.audit_heads_email and not self.mail_server:
            raise ValueError("ROLLCALL_AUDIT_HEADS_EMAIL needs ROLLCALL_MAIL_SERVER")
        if self.mail_starttls and self.mail_ssl_tls and "mail_starttls" in self.model_fields_set:
            raise ValueError("set ROLLCALL_MAIL_STARTTLS or ROLLCALL_MAIL_SSL_TLS, not both")
        if self.mail_port == SUBMISSIONS_PORT and "mail_ssl_tls" not in self.model_fields_set:
            self.mail_ssl_tls = True
        if bool(self.admin_email) != bool(self.admin_password):
            raise ValueError("ROLLCALL_ADMIN_EMAIL and ROLLCALL_ADMIN_PASSWORD go together")
        if self.admin_tenant and not self.admin_email:
            raise ValueError("ROLLCALL_ADMIN_TENANT needs ROLLCALL_ADMIN_EMAIL")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed in, then the environment, then files it names, then `.env`."""
        return init_settings, env_settings, _NamedFiles(settings_cls), dotenv_settings

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address for SQLAlchemy's async engine."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.data_dir / 'rollcall.db'}"
        scheme, _, rest = self.database_url.get_secret_value().partition("://")
        drivers = {"sqlite": "sqlite+aiosqlite"} | dict.fromkeys(
            ("postgresql", "postgres", "postgresql+psycopg"), "postgresql+psycopg"
        )
        if not rest or scheme not in drivers:
            raise OperatorError(
                "ROLLCALL_DATABASE_URL must start with postgresql:// or sqlite:///."
            )
        return f"{drivers[scheme]}://{rest}"

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.sqlalchemy_url.startswith("sqlite")

    @property
    def is_https(self) -> bool:
        """Whether people reach Rollcall over TLS."""
        return self.public_url.startswith("https://")

    @property
    def session_idle(self) -> timedelta:
        """How long a session lasts without a sign of life."""
        return timedelta(hours=self.session_idle_hours)

    @property
    def session_max(self) -> timedelta:
        """How long a session lasts at most."""
        return timedelta(days=self.session_max_days)


class _NamedFiles(PydanticBaseSettingsSource):
    """Reads a setting from the file that `ROLLCALL_<NAME>_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except OSError as error:
            raise OperatorError(
                f"{PREFIX}{field_name.upper()}_FILE: can't read {path} ({error.strerror})."
            ) from error

    def __call__(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            value, _, _ = self.get_field_value(field, name)
            if value is not None:
                values[name] = value
        return values


def load() -> Settings:
    """Read the settings; raises `OperatorError` that names each wrong one."""
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{PREFIX}{name}: {message}" if name else message)
        raise OperatorError("Wrong settings:\n  " + "\n  ".join(lines)) from None


def unknown_settings() -> list[str]:
    """Variables of the environment that look like settings and aren't: misspelt, most likely."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known} | {f"{PREFIX}NEW_PASSWORD"}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
