"""What a setting may be, and the sentence for each value that it can't be.

Every message is ours: an operator reads it, and the library's words don't help them.
"""

import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from cryptography.fernet import Fernet
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from services.core.errors import OperatorError
from services.core.lazily import lazily

if TYPE_CHECKING:
    from services.core import postgresql_url
else:
    postgresql_url = lazily("services.core.postgresql_url")

ROOT = Path(__file__).resolve().parents[2]
"""The product's folder, where main.py is: what relative paths in settings are relative to."""

DRIVERS = {"sqlite": "sqlite+aiosqlite"} | dict.fromkeys(
    ("postgresql", "postgres", "postgresql+psycopg"), "postgresql+psycopg"
)
# Names of machines (RFC 1123, section 2.1), and underscores, which container networks use.
_LABEL = r"(?!-)[\w-]{1,63}(?<!-)"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")
# A name that ends like this is read as an IPv4 address (URL Standard, "ends in a number checker").
_ENDS_IN_NUMBER = re.compile(r"(^|\.)([0-9]+|0[xX][0-9A-Fa-f]*)\.?$")
# What the system is asked for. It knows other names, too: `my-host-` of a container, and `0`.
_ASKED_FOR = re.compile(r"(?!-)[\w-]{1,63}(\.[\w-]{1,63})*\.?")
_LONGEST_ECHO = 60


def in_product_folder(path: Path) -> Path:
    """The path, made absolute: a relative one begins at the product's folder, `~` at the user's. So
    it doesn't matter where a command is started (cron starts in the home folder)."""
    try:
        return ROOT / Path(str(path).strip()).expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ and no user of that name is known") from None


def check_host(given: str) -> str:
    """What may be the name of a host here, or is an ip. Raises `ValueError`."""
    host = given.strip()
    if not (_is_ip(host) or _ASKED_FOR.fullmatch(host)):
        raise ValueError("must be a host name or an ip alone, without http:// and without a port")
    return host


def is_host(host: str) -> bool:
    """Whether this can be the name of a host for everybody, browsers too, or is an ip."""
    return _is_ip(host) or bool(_HOST_NAME.fullmatch(host) and not _ENDS_IN_NUMBER.search(host))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def check_keys(given: SecretStr) -> SecretStr:
    """Keys of `services.database.vault`, by commas. Raises `ValueError` that doesn't repeat one."""
    keys = given.get_secret_value().replace(",", " ").split()
    if not keys:
        raise ValueError("holds no key")
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            raise ValueError(
                f"key {number} is malformed; a key is 32 random bytes in URL-safe Base64"
            ) from None
    return given


def check_database_url(given: SecretStr) -> SecretStr:
    """The database's url, with the path of a SQLite file made absolute. Raises `ValueError`
    that doesn't repeat it: it may hold a password."""
    scheme, _, rest = given.get_secret_value().strip().partition("://")
    if not rest or scheme not in DRIVERS:
        raise ValueError("must start with postgresql:// or sqlite:///")
    if scheme != "sqlite":
        try:
            postgresql_url.arguments(f"{scheme}://{rest}")
        except OperatorError as error:
            raise ValueError(str(error).removeprefix("ROLLCALL_DATABASE_URL ")) from None
        return SecretStr(f"{scheme}://{rest}")
    try:
        url = make_url(f"{DRIVERS[scheme]}://{rest}")
    except (ArgumentError, ValueError):
        raise ValueError("is not a database's url") from None
    if not url.database or url.database == ":memory:" or url.host:
        raise ValueError("must name a file, such as sqlite:////var/lib/rollcall/rollcall.db")
    url = url.set(drivername="sqlite", database=str(in_product_folder(Path(url.database))))
    return SecretStr(url.render_as_string(hide_password=False))


def check_proxies(given: str | Sequence[str]) -> tuple[str, ...]:
    """Networks in their usual notation, made of ips and networks that are separated by commas or
    spaces.

    Host names are refused and not resolved: a proxy's ip may change while Rollcall runs, and then
    everybody would seem to come from the proxy. Raises `ValueError`.
    """
    parts = re.split(r"[,\s]+", given.strip(", \t\n")) if isinstance(given, str) else given
    return tuple(_network(part) for part in parts if part)


def _network(written: str) -> str:
    if written == "*":
        raise ValueError(
            "* would believe everybody. Name the proxy's ip or network "
            "(0.0.0.0/0,::/0 where only proxies can reach Rollcall)"
        )
    try:
        network = ipaddress.ip_network(written, strict=False)
    except ValueError:
        raise ValueError(
            f"{_echo(written)} is neither an ip nor a network. Write the proxy's ip, such as "
            "127.0.0.1, or the network it is in, such as 172.16.0.0/12 for Docker; host names are "
            "not looked up"
        ) from None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        return f"{mapped}/{network.prefixlen - 96}"  # a client's ip is compared as IPv4
    return str(network)


def explain(name: str, field: FieldInfo | None, problem: ErrorDetails) -> str:
    """The sentence for one wrong setting: its name, its value (unless it is secret), and what it
    must be."""
    given = problem.get("ctx", {}).get("error")
    if isinstance(given, ValueError):
        sentence = f"{str(given).rstrip('.')}."
        return f"{name}: {sentence}" if name else sentence
    if field is None:
        return f"{name} is wrong."
    shown = "" if _is_secret(field) else f" (it is {_echo(str(problem['input']))})"
    return f"{name} must be {_expected(field)}{shown}."


def _echo(text: str) -> str:
    return f'"{text[:_LONGEST_ECHO]}{"…" if len(text) > _LONGEST_ECHO else ""}"'


def _kinds(field: FieldInfo) -> list[Any]:
    is_union = get_origin(field.annotation) in {Union, UnionType}
    return [kind for kind in get_args(field.annotation) if kind is not NoneType] * is_union or [
        field.annotation
    ]


def _is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation)


def _expected(field: FieldInfo) -> str:
    """What a value of this field is, in words."""
    kind = _kinds(field)[0]
    if kind is bool:
        return "true or false"
    if kind in {int, float}:
        return ("a whole number" if kind is int else "a number") + _range(field)
    if get_origin(kind) is Literal:
        return " or ".join(str(choice) for choice in get_args(kind))
    if kind is Path:
        return "a path"
    return "text" + _range(field, " of {} characters or more", " of {} characters at most")


def _range(field: FieldInfo, least: str = " from {}", most: str = " up to {}") -> str:
    """The limits of a number or a length, as the field's declaration has them."""
    limits = {
        name: getattr(limit, name)
        for limit in field.metadata
        for name in ("gt", "ge", "min_length", "le", "max_length")
        if getattr(limit, name, None) is not None
    }
    said = f" above {limits['gt']}" if "gt" in limits else ""
    low = limits.get("ge", limits.get("min_length"))
    high = limits.get("le", limits.get("max_length"))
    said += "" if low is None else least.format(low)
    return said + ("" if high is None else most.format(high))
