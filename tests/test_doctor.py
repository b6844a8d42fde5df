"""`python main.py doctor`, from outside: beside a Rollcall that serves, behind proxies of every
kind, and where nothing serves."""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.browser.server import Server, serving
from tests.mail_server import receiving_mail
from tests.ports import free_port
from tests.postgres import PostgresServer
from tests.test_command_line import AS_ANYBODY, run

Change = Callable[[bytes], bytes]
# A busy machine may take longer for an answer than somebody who waits for the doctor would.
PATIENT = """
from services.operations import doctor, doctor_web
doctor.LOOK_SECONDS = doctor_web.ASK_SECONDS = 100
"""
# What is found of a machine that has much else to do, and rightly.
BUSY = {("Database", "warning"), ("Clock", "warning")}


@asynccontextmanager
async def proxied(
    to_port: int, change: Change = bytes, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[int]:
    """A proxy that changes the head of each request; gives its port."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = change(await reader.readuntil(b"\r\n\r\n"))
            upstream, to_upstream = await asyncio.open_connection("127.0.0.1", to_port)
            to_upstream.write(head)
            await asyncio.gather(_pump(reader, to_upstream), _pump(upstream, writer))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", port, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


def adding(*lines: str) -> Change:
    added = "".join(f"{line}\r\n" for line in lines).encode()
    return lambda head: head[:-2] + added + b"\r\n"


def dropping(name: bytes) -> Change:
    return lambda head: b"\r\n".join(
        line for line in head.split(b"\r\n") if not line.lower().startswith(name + b":")
    )


async def doctor(server: Server, public_url: str, **settings: str) -> dict[str, dict[str, str]]:
    """What the command says beside a Rollcall that serves, by the checks' names."""
    port = server.url.rpartition(":")[2]
    settings |= {"PORT": port, "PUBLIC_URL": public_url}
    done = await asyncio.to_thread(
        run, server.data_dir, "doctor", "--json", before=PATIENT, **settings
    )
    assert done.stderr == ""
    checks = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == any(check["state"] == "failed" for check in checks)
    return {check["name"]: check for check in checks}


def _not_in_order(checks: dict[str, dict[str, str]]) -> set[str]:
    """The checks that found something, except for what they find of a machine that is busy."""
    found = {name: check["state"] for name, check in checks.items() if check["state"] != "ok"}
    return {name for name in found if (name, found[name]) not in BUSY}


async def test_it_looks_while_rollcall_serves_and_without_a_proxy(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server:
        checks = await doctor(server, server.url)
    assert _not_in_order(checks) == {"Mail", "Last backup"}
    assert checks["Proxy and websockets"]["words"] == "pass, no proxy"


@asynccontextmanager
async def behind(
    tmp_path: Path, change: Change, public_host: str = "http://127.0.0.1", **settings: str
) -> AsyncIterator[tuple[Server, str]]:
    """A Rollcall that serves behind a proxy, and its public url."""
    port, proxy_port = free_port(), free_port()
    url = f"{public_host}:{proxy_port}"
    given = {f"ROLLCALL_{name}": value for name, value in settings.items()}
    given["ROLLCALL_PUBLIC_URL"] = url
    tls = _certificate(tmp_path) if url.startswith("https") else None
    async with (
        proxied(port, change, tls, proxy_port),
        serving(tmp_path / "data", port=port, settings=given) as server,
    ):
        yield server, url


async def test_a_proxy_that_passes_everything_on_is_in_order(tmp_path: Path) -> None:
    trusted = {"TRUSTED_PROXIES": "127.0.0.1"}
    change = adding("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: http")
    async with behind(tmp_path, change, **trusted) as (server, url):
        found = (await doctor(server, url, **trusted))["Proxy and websockets"]
    assert found["state"] == "ok"
    assert found["words"] == "pass, with x-forwarded-for, x-forwarded-proto"


async def test_a_proxy_that_is_not_trusted_is_named_with_the_setting(tmp_path: Path) -> None:
    async with behind(tmp_path, adding("X-Forwarded-For: 203.0.113.7")) as (server, url):
        found = (await doctor(server, url))["Proxy and websockets"]
    assert found["state"] == "warning"
    assert "ROLLCALL_TRUSTED_PROXIES=127.0.0.1" in found["remedy"]


async def test_a_proxy_that_swallows_upgrades_fails_with_what_it_needs(tmp_path: Path) -> None:
    async with behind(tmp_path, dropping(b"upgrade")) as (server, url):
        checks = await doctor(server, url)
    found = checks["Proxy and websockets"]
    assert (found["state"], found["words"]) == ("failed", "Websockets don’t pass")
    assert "proxy_set_header Upgrade" in found["remedy"]
    assert checks["Public url"]["state"] == "ok"


async def test_a_proxy_that_passes_another_host_name_on_is_told(tmp_path: Path) -> None:
    def change(head: bytes) -> bytes:
        return dropping(b"host")(head)[:-2] + b"Host: rollcall:8080\r\n\r\n"

    async with behind(tmp_path, change) as (server, url):
        found = (await doctor(server, url))["Public url"]
    assert found["state"] == "warning"
    assert "proxy_set_header Host" in found["remedy"]


async def test_a_certificate_that_is_not_trusted_warns_and_the_rest_is_looked_at(
    tmp_path: Path,
) -> None:
    trusted = {"TRUSTED_PROXIES": "127.0.0.1"}
    change = adding("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https")
    async with behind(tmp_path, change, "https://localhost", **trusted) as (server, url):
        checks = await doctor(server, url, **trusted)
    assert checks["Public url"]["state"] == "warning"
    assert "self-signed" in checks["Public url"]["remedy"]
    assert checks["Proxy and websockets"]["state"] == "ok", checks


@pytest.mark.postgresql
async def test_it_hears_the_replicas_on_postgresql_and_compares_clocks(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    database = postgres_server.url(postgres_server.create_database())
    given = {"ROLLCALL_DATABASE_URL": database}
    async with serving(tmp_path / "data", settings=given) as server:
        checks = await doctor(server, server.url, DATABASE_URL=database)
        (server.data_dir / "signing-secret").rename(tmp_path / "away")
        without_keys = await doctor(server, server.url, DATABASE_URL=database)
    assert _not_in_order(checks) == {"Mail"}, checks
    assert checks["Replicas"]["words"] == "1 heard"
    assert checks["Clock"]["words"].endswith((" ms off", " s apart"))
    assert "of PostgreSQL’s connections" in checks["Connections"]["words"]
    assert without_keys["Keys"]["state"] == "failed"
    assert not (server.data_dir / "signing-secret").exists()


async def test_it_says_which_end_is_away(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with serving(tmp_path / "data") as server:
        found = (await doctor(server, nowhere))["Public url"]
        assert found["state"] == "warning"
        assert f"Rollcall serves at {server.url}" in found["remedy"]
        await server.stop()
        found = (await doctor(server, server.url))["Public url"]
    assert "start Rollcall" in found["remedy"]


async def test_what_a_proxy_adds_is_told_to_the_doctor_alone(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server, httpx.AsyncClient(timeout=60) as http:
        for headers in ({}, {"X-Rollcall-Doctor": "00" * 32}):
            assert (await http.get(f"{server.url}/doctor", headers=headers)).status_code == 404


def test_it_makes_nothing_and_fails_where_nothing_is(tmp_path: Path) -> None:
    done = run(tmp_path / "data", "doctor", PORT=str(free_port()))
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("failed   Database")
    assert done.stdout.splitlines()[-1].startswith("2 of 19 checks failed")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_folder_of_somebody_else_is_told_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    data = tmp_path / "data"
    assert run(data, "migrate").returncode == 0
    for path in (data, *data.iterdir()):
        os.chown(path, 4321, 4321)
    data.chmod(mode)
    done = run(data, "doctor", before=AS_ANYBODY, PORT=str(free_port()))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{data} belongs to uid 4321" in done.stdout
    assert f"chown -R 0:0 {data}" in done.stdout


@pytest.mark.parametrize("email", ["nobody", "operator@example.com"])
def test_a_test_mail_that_can_not_be_sent_fails(tmp_path: Path, email: str) -> None:
    done = run(tmp_path / "data", "doctor", "--send-to", email, PORT=str(free_port()))
    assert done.returncode == 1
    assert "The mail wasn’t sent" in done.stdout


async def test_a_mail_server_that_takes_nothing_without_tls_fails_with_the_setting(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path / "data") as server, receiving_mail() as mail:
        mail.certificate, mail.wants_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), True
        to = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mail.port)}
        whole = {"MAIL_FROM": "rollcall@example.com", "MAIL_STARTTLS": "false"}
        found = (await doctor(server, server.url, **to, **whole))["Mail"]
    assert found["state"] == "failed"
    assert "Must issue a STARTTLS command first" in found["remedy"]
    assert "Set ROLLCALL_MAIL_STARTTLS=true" in found["remedy"]


def _certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
