"""A day of a real Rollcall, with a real mail server: every secret that was made, and every byte
that was written or answered meanwhile."""

import asyncio
import re
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import UUID

import httpx
import pyotp
from pydantic import SecretStr

from models import Role, SsoConnection
from services.access.actor import Actor
from services.audit import reading
from services.core import clock
from services.core.settings import Settings
from services.database import vault
from services.database.startup import started
from services.database.transaction import transaction
from services.lists.query import ListQuery
from services.sessions import sessions
from services.sign_in import password_change
from services.sign_in.second_factors import totp as second_factors
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests.browser import forks
from tests.browser.server import PATIENCE, Server, cookie_name, serving
from tests.browser.waiting import eventually
from tests.factories import CALLER
from tests.mail_server import MailServer, receiving_mail

MAIL_USER = "rollcall-mailer"
REFUSED, ECHOED = "refused@example.com", "echoed@example.com"
KEY_FILES = ("signing-secret", "encryption-keys")
LINK = re.compile(
    r"https?://[^/\s]+(/[\w/-]+/(?:invitation|password/reset|customer/link|ends-soon"
    r"|email/confirm|email/take-back)/([\w-]+))"
)
COOKIE = re.compile(r"(rollcall(?:-device|-second-step|-customer)?(?:-[0-9]+)?)=([^;]+)")


def invented(what: str) -> str:
    """A secret nobody else has: a password that is long, and no word in it is anybody's name."""
    return f"{secrets.token_hex(12)} {what}"


@dataclass
class Story:
    """The secrets that were made, by name; and what was written, by where it was found."""

    secrets: dict[str, str] = field(default_factory=dict)
    written: dict[str, bytes] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    setup_link: str = ""
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)

    def secret(self, name: str, value: str) -> str:
        """Note a secret."""
        self.secrets[name] = value
        return value

    def password(self, name: str, length: int = 100) -> str:
        """A new password."""
        return self.secret(f"password: {name}", invented("violet harbour")[:length])

    def found(self) -> list[str]:
        """Every secret in every place where it was found."""
        return [
            f"{name} in {place}"
            for name, value in self.secrets.items()
            for place, content in self.written.items()
            if any(form.encode() in content for form in {value, quote(value), repr(value)[1:-1]})
        ]


More = Callable[[Story, Actor, Server, MailServer], Awaitable[None]]


class Browser:
    """A browser without scripts, which notes what it is given and what it is told."""

    def __init__(self, story: Story, base: str) -> None:
        headers = {"Origin": base, "Sec-Fetch-Site": "same-origin"}
        self.http = httpx.AsyncClient(base_url=base, headers=headers, timeout=60)
        self.story = story
        story.closing.push_async_callback(self.http.aclose)

    async def ask(self, path: str, form: dict[str, str] | None = None, **more: str) -> str:
        """Get an address, or post a form to it; returns the page."""
        method = "GET" if form is None else "POST"
        answer = await self.http.request(method, path, data=form, headers=more)
        number = len(self.story.statuses)
        self.story.statuses.append(answer.status_code)
        told = [(k, v) for k, v in answer.headers.multi_items() if k != "set-cookie"]
        self.story.written[f"answer {number} ({method} {answer.status_code})"] = (
            answer.content + repr(told).encode()
        )
        for line in answer.headers.get_list("set-cookie"):
            match = COOKIE.match(line)
            if match and match[2] != '""':
                self.story.secret(f"cookie {number} {match[1]}", match[2])
        return answer.text

    @property
    def cookie(self) -> str:
        """The session's token."""
        return str(self.http.cookies[cookie_name(str(self.http.base_url))])


async def tell(folder: Path, more: More) -> Story:
    """Run the day, with what `more` adds to it, in this folder; the files there at the end are part
    of the story."""
    story = Story()
    mail_password = story.secret("mail password", invented("mail"))
    given = story.secret("signing secret", secrets.token_urlsafe(40))
    key = story.secret("encryption key", secrets.token_urlsafe(32) + "=")
    settings = {"ROLLCALL_MAIL_USERNAME": MAIL_USER}
    for name, value in (("MAIL_PASSWORD", mail_password), ("SECRET", given)):
        (folder / name).write_text(value)
        settings[f"ROLLCALL_{name}_FILE"] = str(folder / name)
    (folder / "keys").write_text(key)
    settings["ROLLCALL_ENCRYPTION_KEYS_FILE"] = str(folder / "keys")
    async with receiving_mail(password=mail_password) as post:
        post.refused[REFUSED] = f"550 5.1.1 <{REFUSED}> is unknown here"
        post.echo.add(ECHOED)
        settings |= {
            "ROLLCALL_MAIL_SERVER": "127.0.0.1",
            "ROLLCALL_MAIL_PORT": str(post.port),
            "ROLLCALL_MAIL_FROM": "rollcall@example.com",
            "ROLLCALL_MAIL_STARTTLS": "false",
        }
        async with (
            serving(folder / "data", settings=settings, forked=False) as server,
            story.closing,
        ):
            async with _beside(server, given, key):
                await _day(story, server, post, more)
            _look_at_process(story, server)
            await _break(story, server)
        story.written["what the server wrote"] = server.log().encode()
    await _command_line(story, folder)
    for path in (folder / "data").iterdir():
        if path.name != "server.log":
            story.written[f"data/{path.name}"] = path.read_bytes()
    return story


@asynccontextmanager
async def _beside(server: Server, secret: str, key: str) -> AsyncIterator[None]:
    """The services in this process, for what the pages do over their websockets."""
    settings = Settings(
        _env_file=None,
        data_dir=server.data_dir,
        public_url=server.url,
        secret=SecretStr(secret),
        encryption_keys=SecretStr(key),
        mail_server="127.0.0.1",
        mail_from="rollcall@example.com",
    )
    async with started(settings):
        yield


async def _day(story: Story, server: Server, post: MailServer, more: More) -> None:
    admin = Browser(story, server.url)
    await _set_up(story, server, admin)
    await _sign_in_and_fail(story, admin)
    actor = (await sessions.recognise(admin.cookie, "acme", CALLER)).actor
    await _invite(story, actor, server, post)
    await _reset(story, server, post)
    await more(story, actor, server, post)
    now = clock.now()
    async with transaction() as tx:
        secret = story.secret("single sign-on's client secret", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        assert actor.tenant_id is not None
        tx.add(
            SsoConnection(
                tenant_id=actor.tenant_id,
                name="Test",
                issuer="https://sso.example.com",
                client_id="rollcall",
                sealed_secret=vault.seal(secret),
                created_at=now,
            )
        )
    rows = [piece async for piece in await reading.export(actor, ListQuery())]
    story.written["the audit log as CSV"] = "".join(rows).encode()


async def _set_up(story: Story, server: Server, admin: Browser) -> None:
    assert server.setup_url is not None
    story.setup_link = server.setup_url
    form = {
        "organisation": "Acme",
        "first_name": "Grace",
        "last_name": "Hopper",
        "email": "grace@example.com",
        "password": story.password("too short", 8),
    }
    path = urlsplit(server.setup_url).path
    await admin.ask(path)
    await admin.ask(path, form)
    await admin.ask(path, form | {"password": story.password("the admin's")})
    await admin.ask("/t/acme/users")


async def _sign_in_and_fail(story: Story, admin: Browser) -> None:
    email, right = "grace@example.com", story.secrets["password: the admin's"]
    await admin.ask("/platform/login", {"email": email, "password": story.password("wrong")})
    unknown = {"email": "nobody@example.com", "password": story.password("of nobody")}
    await admin.ask("/t/acme/login", unknown)
    await admin.ask("/platform/login", {"email": email, "password": right})
    for number, cookie in enumerate(("{}", 'rollcall="{}', "rollcall={}; rollcall={}", "\x7f={}")):
        bad = cookie.replace("{}", story.secret(f"malformed cookie {number}", invented("x")[:24]))
        await Browser(story, str(admin.http.base_url)).ask("/", Cookie=bad)
    await admin.ask("/t/nowhere/users")
    await admin.ask("/setup/" + story.secret("a guessed link", secrets.token_urlsafe(32)))


async def _invite(story: Story, actor: Actor, server: Server, post: MailServer) -> None:
    invited = {}
    for email in ("ada@example.com", "eve@example.com", REFUSED, ECHOED):
        form = InvitationForm(
            first_name="Ada", last_name="Lovelace", email=email, role=Role.SALES_ENGINEER.value
        )
        invited[email] = await invitations.invite(actor, form)
    await eventually(lambda: post.to("ada@example.com") and post.to("eve@example.com"))
    await eventually(lambda: post.attempts >= 4)
    first = link_in(story, "the invitation", post.to("ada@example.com")[0].part("plain"))
    link_in(story, "another invitation", post.to("eve@example.com")[0].part("html"))
    for email in (REFUSED, ECHOED, "ada@example.com"):
        link_in(story, f"the copied link to {email}", await _copied(actor, invited[email].user_id))
    await invitations.resend(actor, invited["ada@example.com"].user_id)
    await eventually(lambda: len(post.to("ada@example.com")) == 2)
    second = link_in(story, "the second", post.to("ada@example.com")[1].part("plain"))
    ada = Browser(story, server.url)
    await ada.ask(first)
    await ada.ask(second)
    await ada.ask(second, {"password": story.password("weak", 9)})
    await ada.ask(second, {"password": story.password("Ada's")})
    await ada.ask(second)
    await ada.ask("/t/acme/account")


async def _copied(actor: Actor, user_id: UUID) -> str:
    return await invitations.copy_link(actor, user_id)


async def _reset(story: Story, server: Server, post: MailServer) -> None:
    ada = Browser(story, server.url)
    for email in ("ada@example.com", "nobody@example.com"):
        await ada.ask("/t/acme/password/forgot", {"email": email})
    await eventually(lambda: len(post.to("ada@example.com")) == 3)
    link = link_in(story, "the reset", post.to("ada@example.com")[2].part("plain"))
    await ada.ask(link)
    await ada.ask(link, {"password": story.password("Ada's new")})
    actor = (await sessions.recognise(ada.cookie, "acme", CALLER)).actor
    new, newer = story.secrets["password: Ada's new"], story.password("Ada's newest")
    await password_change.change_password(actor, new, newer)
    await _second_factor(story, ada, actor, newer)


async def _second_factor(story: Story, ada: Browser, actor: Actor, password: str) -> None:
    app = await second_factors.begin(actor)
    totp = pyotp.TOTP(story.secret("the app's secret", app.secret))
    codes = await second_factors.finish(actor, totp.now())
    for number, code in enumerate(codes):
        story.secret(f"recovery code {number}", code)
    await ada.ask("/t/acme/logout", {})
    await ada.ask("/t/acme/login", {"email": "ada@example.com", "password": password})
    step = "/t/acme/login/second-step"
    await ada.ask(step)
    wrong = story.secret("a wrong code", invented("code"))
    for code in (wrong, codes[0], codes[0]):
        await ada.ask(step, {"code": code})


def link_in(story: Story, name: str, text: str) -> str:
    """Note the token of the link in this text; returns the link's path."""
    match = LINK.search(text)
    assert match, text
    story.secret(f"token: {name}", match[2])
    return match[1]


def _look_at_process(story: Story, server: Server) -> None:
    for what in ("cmdline", "environ"):
        content = Path(f"/proc/{server.process.pid}/{what}").read_bytes()
        story.written[f"/proc/…/{what} of the server"] = content


async def _break(story: Story, server: Server) -> None:
    """Cause an unexpected error in the server, while it handles secrets."""
    with sqlite3.connect(server.data_dir / "rollcall.db") as database:
        database.execute("UPDATE user_account SET role = 'nonsense'")
    stranger = Browser(story, server.url)
    ada = {"email": "ada@example.com", "password": story.secrets["password: Ada's newest"]}
    await stranger.ask("/t/acme/login", ada)
    with sqlite3.connect(server.data_dir / "rollcall.db") as database:
        database.execute("ALTER TABLE one_time_link RENAME TO elsewhere")
    token = story.secret("a token without a table", secrets.token_urlsafe(32))
    await stranger.ask(f"/t/acme/invitation/{token}", {"password": story.password("for nothing")})


async def _command_line(story: Story, folder: Path) -> None:
    database = story.secret("database password", f"db{secrets.token_hex(8)}")
    short = story.secret("short signing secret", secrets.token_hex(6))
    new = story.password("from the shell")
    weak = story.password("too weak, from the shell", 10)
    urls = (
        f"postgresql://rollcall:{database}@127.0.0.1:9/rollcall",
        f"postgresql://rollcall:{database}/rollcall",
        f"postgresql://rollcall:{database}@127.0.0.1:port/rollcall",
        f"postgresql://rollcall:{database}@[::1/rollcall",
        f"postgresql://rollcall:x/{database}@127.0.0.1/rollcall",
        f"mysql://rollcall:{database}@127.0.0.1/rollcall",
        f"{database}",
        f"postgresql://rollcall:{database}@127.0.0.1:9/r?sslmode=nonsense&password={database}",
    )
    runs = [({"ROLLCALL_DATABASE_URL": url}, ["migrate"], "") for url in urls]
    runs += [
        ({"ROLLCALL_SECRET": short}, ["migrate"], ""),
        ({"ROLLCALL_ENCRYPTION_KEYS": short}, ["migrate"], ""),
        ({"ROLLCALL_MAIL_PASSWORD": short, "ROLLCALL_MAIL_SERVER": "x"}, ["migrate"], ""),
        ({"ROLLCALL_ADMIN_PASSWORD": short}, ["migrate"], ""),
        ({}, ["create-platform-admin", "robin@example.com"], new),
        ({}, ["create-platform-admin", "weak@example.com"], weak),
        ({"ROLLCALL_NEW_PASSWORD": weak}, ["create-platform-admin", "weak@example.com"], ""),
    ]
    few = asyncio.Semaphore(4)

    async def run(number: int, settings: dict[str, str], arguments: list[str], typed: str) -> None:
        env = {"ROLLCALL_DATA_DIR": str(folder / f"other{number}"), **settings}
        done = await asyncio.to_thread(
            forks.run, arguments, str(folder), env, f"{typed}\n", PATIENCE
        )
        said = f"{done.stdout}{done.stderr}".encode()
        story.written[f"command {number} ({arguments[0]}, {done.returncode})"] = said

    async def run_one_of_few(number: int) -> None:
        async with few:
            await run(number, *runs[number])

    await asyncio.gather(*(run_one_of_few(number) for number in range(len(runs))))
