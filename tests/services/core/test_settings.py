"""The settings: where they come from, and what is made of them."""

import os
import re
from pathlib import Path

import pytest

from services.core.errors import OperatorError
from services.core.setting_types import ROOT
from services.core.settings import Settings, load, unknown_settings


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://Rollcall.Example.COM/", "https://rollcall.example.com"),
        ("https://rollcall.example.com:443", "https://rollcall.example.com"),
        ("http://10.0.0.5:8080", "http://10.0.0.5:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ("http://rollcall_1:8080", "http://rollcall_1:8080"),
        ("http://3.example", "http://3.example"),
        ("https://Müller.example", "https://xn--mller-kva.example"),
        ("https://straße.example:8443", "https://xn--strae-oqa.example:8443"),
        ("https://xn--mller-kva.example", "https://xn--mller-kva.example"),
    ],
)
def test_the_public_address_is_written_as_browsers_do(written: str, origin: str) -> None:
    assert Settings(_env_file=None, public_url=written).public_url == origin


def test_a_host_that_can_t_be_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="host name that can't be"):
        Settings(_env_file=None, public_url="https://ro\N{SNOWMAN}ll\N{ZERO WIDTH JOINER}.example")


@pytest.mark.parametrize("host", ["my-host-", "0", "127.1", "::1", "fe80::1%eth0", "a.example."])
def test_a_host_is_asked_for_by_whatever_name_the_system_may_know(host: str) -> None:
    settings = Settings(_env_file=None, host=host, mail_server=host, mail_from="a@b.example")
    assert (settings.host, settings.mail_server) == (host, host)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("rollcall.example.com", "rollcall.example.com"),
        ("müller.example", "xn--mller-kva.example"),
        ("[10.0.0.5]", "[10.0.0.5]"),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("[ipv6:::1]", "[ipv6:::1]"),
    ],
)
def test_a_name_for_the_mail_server_is_a_full_name_or_an_ip_in_brackets(
    written: str, name: str
) -> None:
    assert Settings(_env_file=None, mail_hostname=written).mail_hostname == name


def test_the_public_address_follows_the_port() -> None:
    assert Settings(_env_file=None, port=9000).public_url == "http://localhost:9000"


def test_a_misspelt_setting_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_ENV_FILE", os.devnull)
    monkeypatch.setenv("ROLLCALL_PROT", "9000")
    monkeypatch.setenv("ROLLCALL_PORT", "9000")
    monkeypatch.setenv("ROLLCALL_MAIL_PASSWORD_FILE", "somewhere")
    assert unknown_settings() == ["ROLLCALL_PROT"]


def test_a_file_gives_what_it_holds_without_its_last_line_break(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("with a space \n")
    monkeypatch.setenv("ROLLCALL_MAIL_PASSWORD_FILE", str(tmp_path / "password"))
    password = Settings(_env_file=None).mail_password
    assert password is not None
    assert password.get_secret_value() == "with a space "


def test_secrets_are_not_shown() -> None:
    settings = Settings(_env_file=None, secret="s" * 40, mail_password="very secret")
    assert "very secret" not in repr(settings)
    assert "s" * 40 not in repr(settings)


WRONG = {
    "DATABASE_URL": [
        *("mysql://x/y", "postgresql://", "postgresql://a:b@c:d/e", "sqlite://"),
        "postgresql://a:b@c/d?connect_timeout=soon",
    ],
    "DATA_DIR": ["~nobody-of-this-name/data"],
    "SECRET": ["short"],
    "ENCRYPTION_KEYS": ["abc", ",", "ö" * 44],
    "HOST": ["http://localhost", "not a host", "localhost:8080", "-a.example"],
    "PORT": ["eighty", "0", "70000", "8080.5"],
    "PUBLIC_URL": [
        *("rollcall.example.com", "https://x/path", "http://x:99999", "http://[::1"),
        *("https://name:word@x", "https://x/?y=1", "https://x/#y"),
        *("https://exa mple.com", "https://*.example.com", "https://example.com\\x"),
        *("https://exa%20mple.com", "https://ex<script>.com", "https://1.2.3.999", "https://a..b"),
        *("https://127.1", "https://0x7f.1", "https://-a.example", f"https://{'a' * 64}.example"),
        *("https://" + "a." * 127 + "example", "https://x:0", "https://[fe80::1%eth0]"),
        *("https://[v1.a:b]", "https://*.müller.example"),
    ],
    "TRUSTED_PROXIES": ["caddy", "*", "127.0.0.1:80", "[::1]", "10.0.0.0/33", "10.0.0.1, caddy"],
    "MAIL_SERVER": ["smtp://mail.example.com", "mail.example.com:25", "a..b"],
    "MAIL_PORT": ["smtp", "0"],
    "MAIL_USERNAME": ['"quoted"'],
    "MAIL_PASSWORD": ['"quoted"'],
    "MAIL_FROM": ["nobody", "a@b@c"],
    "MAIL_STARTTLS": ["ja", "'true'"],
    "MAIL_SSL_TLS": ["2"],
    "MAIL_HOSTNAME": [
        *("not a host", "https://rollcall.example.com", "*.example.com", "1.2.3.999"),
        *("[1.2.3.999]", "[IPv6:1:2]", "[::1]", "[PvI]"),
        *(
            "::1",
            "fe80::1%eth0",
            "rollcall.example.com.",
            "müller.example\N{IDEOGRAPHIC FULL STOP}",
        ),
    ],
    "FILE_MB": ["0", "101", "20 MB"],
    "POC_FILES_MB": ["-1", "all"],
    "TENANT_FILES_MB": ["0", "much"],
    "AUDIT_HEADS_DIR": ["~nobody-of-this-name/heads"],
    "AUDIT_HEADS_EMAIL": ["nobody"],
    "ADMIN_EMAIL": ["nobody"],
    "ADMIN_PASSWORD": ["'quoted'"],
    "ADMIN_TENANT": ["x" * 201],
    "SESSION_IDLE_HOURS": ["0", "400", "nan", "long"],
    "SESSION_MAX_DAYS": ["0", "91", "inf"],
    "PASSWORD_MIN_LENGTH": ["7", "65", "many"],
    "LOG_FORMAT": ["xml"],
}
# Words of the library that reads settings, which operators shouldn't see.
JARGON = re.compile(
    r"input|validat|pars|pydantic|value error|type=|items|string|field|errno|traceback|None",
    re.IGNORECASE,
)


def test_there_is_a_wrong_value_of_every_setting() -> None:
    assert WRONG.keys() >= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_told_in_a_sentence_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("ROLLCALL_ENV_FILE", os.devnull)
    monkeypatch.setenv(f"ROLLCALL_{name}", value)
    with pytest.raises(OperatorError) as refusal:
        load()
    sentence = str(refusal.value)
    assert f"ROLLCALL_{name}" in sentence
    assert sentence.endswith(".")
    assert not JARGON.search(sentence.replace(value, "")), sentence


@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET", "ENCRYPTION_KEYS", "MAIL_PASSWORD"])
def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("ROLLCALL_ENV_FILE", os.devnull)
    monkeypatch.setenv(f"ROLLCALL_{name}", '"hunter2-is-secret"')
    with pytest.raises(OperatorError) as refusal:
        load()
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "networks"),
    [
        ("127.0.0.1", ("127.0.0.1/32",)),
        (" 10.0.0.1 , 172.16.0.0/12 ", ("10.0.0.1/32", "172.16.0.0/12")),
        ("10.0.0.1 ::1", ("10.0.0.1/32", "::1/128")),
        ("10.0.0.7/8,", ("10.0.0.0/8",)),
        ("::ffff:10.0.0.1", ("10.0.0.1/32",)),
    ],
)
def test_proxies_are_ips_or_networks(written: str, networks: tuple[str, ...]) -> None:
    assert Settings(_env_file=None, trusted_proxies=written).trusted_proxies == networks


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-16", "UTF-8"), ("utf-16-le", "UTF-8"), ("latin-1", "UTF-8")],
)
def test_an_env_file_that_is_no_utf8_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, told: str
) -> None:
    file = tmp_path / "settings"
    file.write_text("ROLLCALL_ADMIN_TENANT=Söhne\n", encoding=encoding)
    monkeypatch.setenv("ROLLCALL_ENV_FILE", str(file))
    with pytest.raises(OperatorError, match=f"{re.escape(str(file))} is no text in {told}"):
        load()


def test_an_env_file_is_read_whatever_its_quotes_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings"
    (tmp_path / "password").write_text("from a file\n")
    lines = (
        '\ufeffROLLCALL_PORT="9000"\nexport ROLLCALL_LOG_FORMAT=json\nOTHER=1\nROLLCALL_PROT=1\n'
        f"ROLLCALL_MAIL_PASSWORD_FILE={tmp_path}/password\nROLLCALL_HOST=\nROLLCALL_PUBLISH=80\n"
    )
    file.write_text(lines, encoding="utf-8")
    monkeypatch.setenv("ROLLCALL_ENV_FILE", str(file))
    monkeypatch.setenv("ROLLCALL_LOG_FORMAT", "text")
    settings = load()
    assert (settings.port, settings.log_format, settings.host) == (9000, "text", "127.0.0.1")
    assert settings.mail_password is not None
    assert settings.mail_password.get_secret_value() == "from a file"
    assert unknown_settings() == ["ROLLCALL_PROT"]


def test_a_line_of_an_env_file_that_says_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings").write_text("ROLLCALL_PORT=9000\nROLLCALL_HOST = 'open\n")
    monkeypatch.setenv("ROLLCALL_ENV_FILE", str(tmp_path / "settings"))
    with pytest.raises(OperatorError, match="line 2: this isn't NAME=value"):
        load()


def test_an_env_file_that_is_named_and_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLCALL_ENV_FILE", str(tmp_path / "misspelt"))
    with pytest.raises(OperatorError, match=r"can't read .*misspelt"):
        load()


def test_blanks_are_no_value_and_line_ends_no_part_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLCALL_ENV_FILE", os.devnull)
    monkeypatch.setenv("ROLLCALL_HOST", " ")
    monkeypatch.setenv("ROLLCALL_MAIL_PASSWORD", "with a space \r")
    monkeypatch.setenv("ROLLCALL_DATA_DIR", f"{tmp_path} \r\n")
    settings = load()
    assert (settings.host, settings.data_dir) == ("127.0.0.1", tmp_path)
    assert settings.mail_password is not None
    assert settings.mail_password.get_secret_value() == "with a space "


def test_a_file_of_a_setting_that_is_no_text_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "port").write_bytes(b"\xff\xfe8\x00")
    monkeypatch.setenv("ROLLCALL_ENV_FILE", os.devnull)
    monkeypatch.setenv("ROLLCALL_PORT_FILE", str(tmp_path / "port"))
    with pytest.raises(OperatorError, match=r"ROLLCALL_PORT_FILE: .* is no text in UTF-8"):
        load()


def test_relative_paths_begin_at_the_products_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(_env_file=None)
    assert settings.database_file == ROOT / "data" / "rollcall.db"
    settings = Settings(_env_file=None, data_dir="../there", database_url="sqlite:///x/y.db")
    assert settings.data_dir == ROOT / "../there"
    assert settings.database_file == ROOT / "x" / "y.db"
    absolute = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/z.db")
    assert absolute.database_file == tmp_path / "z.db"
