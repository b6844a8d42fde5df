"""Every setting, where it comes from, and what it means.

A setting is the environment variable `ROLLCALL_<NAME>`, or a line of `.env` beside main.py. It can
come from a file instead: `ROLLCALL_<NAME>_FILE` names it (as Docker secrets are mounted). Relative
paths are relative to the product's folder.
"""

import re
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import idna
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url

from services.core.emails import check_email
from services.core.errors import OperatorError
from services.core.setting_sources import (
    ENV_FILE,
    PREFIX,
    Pairs,
    env_file,
    environment,
    require_answer,
)
from services.core.setting_types import (
    DRIVERS,
    check_database_url,
    check_host,
    check_keys,
    check_proxies,
    explain,
    in_product_folder,
    is_host,
)

__all__ = ["PREFIX", "Settings", "load", "unknown_settings"]

# Settings that main.py or compose.yaml reads from the environment, and this module doesn't.
ELSEWHERE = {f"{PREFIX}{name}" for name in ("NEW_PASSWORD", "MOVE_TO", "PUBLISH")}

# The port of mail over TLS from the start (RFC 8314, section 7.3).
SUBMISSIONS_PORT = 465
MB = 1024 * 1024
# An address literal of EHLO (RFC 5321, section 4.1.3).
_ADDRESS = re.compile(r"\[(?:(?i:IPv6:)(?P<six>[^%]+)|(?P<four>.+))\]")

HostName = Annotated[str, AfterValidator(check_host)]
EmailAddress = Annotated[str, AfterValidator(check_email)]


def _origin(url: str) -> str:
    try:
        parts, port = urlsplit(url.strip()), urlsplit(url.strip()).port
    except ValueError:
        raise ValueError("must be an address such as https://rollcall.example.com:8443") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("must be an address such as https://rollcall.example.com, without a path")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be an address without a name, a password, ? and #")
    # As browsers write an origin: in lower case, without the usual port.
    usual = {"http": 80, "https": 443}[parts.scheme]
    if port == 0:
        raise ValueError("has port 0, which no browser can ask")
    host = _ipv6(parts.hostname) if ":" in parts.hostname else _ascii_host(parts.hostname)
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, usual} else "")


def _ipv6(written: str) -> str:
    if "%" in written:
        raise ValueError("has an ip with a zone (%), which no browser takes")
    try:
        return f"[{IPv6Address(written)}]"
    except ValueError:
        raise ValueError("has an ip in brackets that can't be") from None


def _ehlo_name(name: str) -> str:
    try:
        if found := _ADDRESS.fullmatch(name):
            _ = IPv6Address(found["six"]) if found["six"] else IPv4Address(found["four"])
            return name
        host = _ascii_host(name)
    except ValueError:
        host = ""
    # No other letters, no IPv6 without brackets, no dot at the end (RFC 5321, section 4.1.2).
    if not host or ":" in host or host.endswith("."):
        raise ValueError(
            "must be a full name such as rollcall.example.com, or an IP in brackets, [10.0.0.5] or "
            "[IPv6:2001:db8::1]"
        )
    return host


def _ascii_host(name: str) -> str:
    # As browsers write it in each request (URL Standard, "domain to ASCII").
    try:
        host = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"has a host name that can't be ({error})") from error
    if not is_host(host):
        raise ValueError(
            "has a host name that can't be: it has letters, digits and hyphens between dots, such "
            "as rollcall.example.com, or is an ip"
        )
    return host


class Settings(BaseSettings):
    """What the operator can set. Each description is its line in docs/settings.md."""

    model_config = SettingsConfigDict(extra="ignore")

    database_url: Annotated[SecretStr, AfterValidator(check_database_url)] | None = Field(
        None, description="The database; SQLite in the data folder where it isn't set."
    )
    data_dir: Annotated[Path, AfterValidator(in_product_folder)] = Field(
        Path("data"),
        validate_default=True,
        description="The folder of the embedded database and the signing secret.",
    )
    secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="The signing secret, where several replicas must share one; else generated.",
    )
    encryption_keys: Annotated[SecretStr, AfterValidator(check_keys)] | None = Field(
        None,
        description="Keys that seal secrets at rest, the newest first, by commas; else generated.",
    )
    host: HostName = Field(
        "127.0.0.1", description="The network address to listen on; `::` is all of this machine's."
    )
    port: int = Field(8080, ge=1, le=65535, description="The port to listen on.")
    public_url: Annotated[str, AfterValidator(_origin)] = Field(
        "", validate_default=False, description="What links in mails start with."
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(check_proxies)] = Field(
        (), description="IPs or networks whose forwarded headers are believed, by commas."
    )
    mail_server: HostName | None = Field(None, description="The SMTP server; none means no mail.")
    mail_port: int = Field(587, ge=1, le=65535, description="Its port.")
    mail_username: str | None = Field(None, description="The name to sign in there with, if any.")
    mail_password: SecretStr | None = Field(None, description="The password for it.")
    mail_from: EmailAddress | None = Field(None, description="The sender's email.")
    mail_starttls: bool = Field(True, description="Whether to begin TLS on the connection.")
    mail_ssl_tls: bool = Field(
        False,
        description="Whether the connection is TLS from the start; as it is on port 465.",
    )
    mail_hostname: Annotated[str, AfterValidator(_ehlo_name)] | None = Field(
        None, description="What Rollcall calls itself to the mail server (EHLO), a full name."
    )
    admin_email: EmailAddress | None = Field(
        None, description="An unattended first start: the Platform Admin's email."
    )
    admin_password: SecretStr | None = Field(None, description="Their password.")
    admin_tenant: str | None = Field(
        None, max_length=200, description="The first organisation's name, created with them."
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
    file_mb: float = Field(
        20,
        gt=0,
        le=100,
        description="The largest file that can be uploaded, in MB of 1,048,576 bytes.",
    )
    poc_files_mb: float = Field(
        200,
        gt=0,
        le=10_000,
        description="What the files of one POC may have together, in the same MB.",
    )
    tenant_files_mb: float = Field(
        10_000,
        gt=0,
        le=10_000_000,
        description="What the files of one organisation may have together, in the same MB.",
    )
    audit_heads_dir: Annotated[Path, AfterValidator(in_product_folder)] | None = Field(
        None, description="A folder for the audit log's heads, best on another machine."
    )
    audit_heads_email: EmailAddress | None = Field(
        None, description="Who gets the audit log's heads by mail, once a day."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How log lines are written: `text` or `json`."
    )

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
        """What was passed in, then the environment (`load` adds `.env`)."""
        return init_settings, Pairs(settings_cls, environment(), literally=True)

    @property
    def sqlalchemy_url(self) -> str:
        """The database's url for SQLAlchemy's async engine."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.data_dir / 'rollcall.db'}"
        scheme, _, rest = self.database_url.get_secret_value().partition("://")
        return f"{DRIVERS[scheme]}://{rest}"

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.sqlalchemy_url.startswith("sqlite")

    @property
    def database_file(self) -> Path:
        """Where the embedded database is; only where it is used."""
        return Path(make_url(self.sqlalchemy_url).database or "")

    @property
    def is_https(self) -> bool:
        """Whether people reach Rollcall over TLS."""
        return self.public_url.startswith("https://")

    @property
    def most_of_file(self) -> int:
        """Bytes of the largest file that can be uploaded."""
        return int(self.file_mb * MB)

    @property
    def most_of_poc(self) -> int:
        """Bytes that the files of one POC may have together."""
        return int(self.poc_files_mb * MB)

    @property
    def most_of_tenant(self) -> int:
        """Bytes that the files of one organisation may have together."""
        return int(self.tenant_files_mb * MB)

    @property
    def session_idle(self) -> timedelta:
        """How long a session lasts without a sign of life."""
        return timedelta(hours=self.session_idle_hours)

    @property
    def session_max(self) -> timedelta:
        """How long a session lasts at most."""
        return timedelta(days=self.session_max_days)


def load() -> Settings:
    """Read the settings; raises `OperatorError` that names each wrong one, or the one whose share
    hangs."""
    try:
        written = Pairs(Settings, env_file())() | Pairs(Settings, environment(), literally=True)()
        settings = Settings(_env_file=None, **written)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else ""
            field = Settings.model_fields.get(name)
            lines.append(explain(PREFIX + name.upper() if name else "", field, problem))
        raise OperatorError("Wrong settings:\n  " + "\n  ".join(lines)) from None
    require_answer(settings.data_dir, f"{PREFIX}DATA_DIR")
    if settings.is_sqlite:
        require_answer(settings.database_file.parent, f"{PREFIX}DATABASE_URL")
    return settings


def unknown_settings() -> list[str]:
    """Names in the environment and in `.env` that look like settings and aren't: probably
    misspelt."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known} | {ENV_FILE} | ELSEWHERE
    written = environment().keys() | env_file().keys()
    return sorted(name for name in written if name.upper() not in known)
