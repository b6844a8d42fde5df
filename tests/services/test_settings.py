"""The settings: where they come from, and what is made of them."""

import os
from pathlib import Path

import pytest

from services.settings import Settings, unknown_settings


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://Rollcall.Example.COM/", "https://rollcall.example.com"),
        ("https://rollcall.example.com:443", "https://rollcall.example.com"),
        ("http://10.0.0.5:8080", "http://10.0.0.5:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_public_address_is_written_as_browsers_do(written: str, origin: str) -> None:
    assert Settings(_env_file=None, public_url=written).public_url == origin


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
