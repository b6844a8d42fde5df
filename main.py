"""The command line of Rollcall: `python main.py --help`."""

import gc
import signal

gc.disable()  # what imports make stays: looking for garbage in it is a fifth of a start
if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C amid them needs no traceback

import argparse
import asyncio
import getpass
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence

from services.access.actor import COMMAND_LINE
from services.audit.check import BrokenLink, find_missing, verify
from services.audit.export import EVERYTHING
from services.audit.export_check import check_export
from services.audit.heads import list_heads, read_heads_of
from services.core.answers import UNREAD, UnreadAnswerError, say, say_no_more, say_rest
from services.core.errors import DatabaseUnavailableError, OperatorError, RollcallError
from services.core.logs import set_up_logging
from services.core.settings import Settings, load, unknown_settings
from services.core.sigterm import end_on_sigterm
from services.core.version import VERSION
from services.core.words import count_words
from services.database import vault
from services.database.migrations import migrate
from services.database.startup import started
from services.operations import arguments, doctor, lost_keys, missing_keys, setup
from services.operations.backup import back_up
from services.operations.checks import State, report
from services.operations.demo import create_demo
from services.operations.move import move
from services.operations.restore import restore
from services.sign_in import password_links
from services.sign_in.second_factors import totp
from services.users import accounts
from services.users.departures import check_receipt, receipt_lines

gc.enable()
log = logging.getLogger("rollcall")

Command = Callable[[Settings, argparse.Namespace], Awaitable[int]]
Adder = Callable[[str, Command | None, str], argparse.ArgumentParser]


async def _serve(settings: Settings, _options: argparse.Namespace) -> int:
    gc.disable()  # as above; `live.quiet_gc` enables it again
    from ui.server import serve  # noqa: PLC0415 - the other commands start faster without the pages

    async with started(settings):
        await missing_keys.tell()
        return await serve(settings, say)


async def _demo(settings: Settings, _options: argparse.Namespace) -> int:
    async with started(settings):
        accounts = await create_demo()
    if accounts is None:
        say("This database has accounts already: nothing was added to it.")
    else:
        say("\nA demo organisation of 250 users. Sign in as:")
        for account in accounts:
            say(f"  {account.role:15} {account.email:38} {account.password}  at {account.url}")
        say("")
    return await _serve(settings, _options)


async def _create_platform_admin(settings: Settings, options: argparse.Namespace) -> int:
    # A password on the command line would be seen in the process list.
    password = os.environ.get("ROLLCALL_NEW_PASSWORD") or _ask_password()
    async with started(settings):
        await setup.create_platform_admin(
            options.email, password, first_name=options.first_name, last_name=options.last_name
        )
    say(f"{options.email} is a Platform Admin. Sign in at {settings.public_url}/platform/login")
    return 0


def _ask(prompt: str) -> str:
    """Ask for what nobody else may see, or read it from standard input."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _ask_password() -> str:
    first = _ask("Password: ")
    if not sys.stdin.isatty():
        return first
    if getpass.getpass("The same again: ") != first:
        raise OperatorError("The two passwords differ.")
    return first


async def _set_active(settings: Settings, options: argparse.Namespace) -> int:
    wanted = options.command == "activate"
    async with started(settings, may_create=False):
        user_id = await accounts.find_by_email(options.email)
        change = await accounts.set_active(COMMAND_LINE, user_id, wanted)
    state = "active" if change.active else "inactive"
    say(f"{change.name} is {state}." if change.changed else f"{change.name} was {state} already.")
    return 0


async def _reset_second_factor(settings: Settings, options: argparse.Namespace) -> int:
    async with started(settings, may_create=False):
        await totp.reset(COMMAND_LINE, await accounts.find_by_email(options.email))
    say("The second factor is reset: the password alone lets them in.")
    return 0


async def _password_link(settings: Settings, options: argparse.Namespace) -> int:
    async with started(settings, may_create=False):
        user_id = await accounts.find_by_email(options.email)
        url = await password_links.copy_link(COMMAND_LINE, user_id)
    say(f"{options.email} chooses a new password here, once, within 30 minutes:\n{url}")
    return 0


async def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    logging.getLogger().setLevel(logging.CRITICAL)  # the checks say what goes wrong
    async with doctor.examined(settings):
        checks = await doctor.examine()
        if options.send_to:
            checks.append(await doctor.send_mail(options.send_to))
    if options.json:
        for check in checks:
            say(check.as_json())
    else:
        say(report(checks))
    return int(any(check.state is State.FAILED for check in checks))


async def _migrate(settings: Settings, _options: argparse.Namespace) -> int:
    async with started(settings):
        _, now = await migrate()
    say(f"The database is ready (schema {now}).")
    return 0


async def _backup(settings: Settings, options: argparse.Namespace) -> int:
    copied = await asyncio.to_thread(
        back_up, settings, options.file, with_keys=options.with_keys, keep=options.keep
    )
    newest = f"{copied.newest:%F %T} UTC" if copied.newest else "none"
    say(
        f"{copied.file}: {copied.size:,} bytes, checked. Accounts: {copied.accounts:,}. "
        f"Audit entries: {copied.entries:,}, the newest of {newest}. Schema: {copied.schema}."
    )
    if copied.keys:
        say(f"{copied.keys_file}: {', '.join(copied.keys)}. Keep it apart from the copy.")
    elif options.with_keys:
        say("No key is in the data folder: keep those of the settings.")
    for path in copied.removed:
        say(f"Removed {path}.")
    return 0


async def _restore(settings: Settings, options: argparse.Namespace) -> int:
    restored = await restore(settings, options.file, options.keys)
    say(f"Restored {options.file}. What happened after {restored.as_of:%F %T} UTC is not in it.")
    sessions = count_words(restored.signed_out, "session")
    say(f"Everybody has to sign in again: {sessions} ended.")
    if restored.keys:
        say(f"Put back: {', '.join(restored.keys)}.")
    if restored.made:
        say(
            f"Made anew: {', '.join(restored.made)}. None was here and none came with the copy. "
            "Where you have the old keys, remove these and restore again with --keys ARCHIVE."
        )
    if restored.replaced is not None:
        say(f"The replaced database is kept as {restored.replaced}.")
    return _told(restored.entries, restored.broken)


async def _move(settings: Settings, options: argparse.Namespace) -> int:
    # A password on the command line is seen in the process list.
    url = options.url or os.environ.get("ROLLCALL_MOVE_TO") or _ask("Address of the database: ")
    moved = await move(settings, url)
    say(f"Moved {count_words(sum(moved.rows.values()), 'row')} of {len(moved.rows)} tables.")
    say("Set ROLLCALL_DATABASE_URL to this database, keep the data folder, and start Rollcall.")
    say(
        f"To go back, take that setting out again: {settings.database_file} is as it was. (What "
        "happens from now on isn't in it.)"
    )
    return _told(moved.entries, moved.broken)


async def _rotate_keys(settings: Settings, options: argparse.Namespace) -> int:
    async with started(settings, may_create=False):
        given_up = await lost_keys.give_up() if options.give_up_lost else lost_keys.GivenUp()
        count = await vault.rotate()
    for email in given_up.users:
        say(f"{email} signs in without the authenticator app now.")
    for name in given_up.organisations:
        say(f"{name} has no single sign-on now: a Tenant Admin has to connect it again.")
    say(f"Sealed anew under the newest key: {count} secrets.")
    return 0


async def _verify_audit(settings: Settings, options: argparse.Namespace) -> int:
    expected = [head for file in options.expect for head in read_heads_of(file)]
    async with started(settings, may_create=False):
        checked, broken = await verify()
        missing = await find_missing(expected)
        heads = await list_heads()
        receipt = await check_receipt(options.receipt) if options.receipt else None
    status = _told(checked, broken)
    if receipt is not None:
        for line in receipt_lines(receipt):
            say(line)
        status = status or int(bool(receipt.problems))
    for link in missing:
        say(f"Expected entry {link.number} of {link.chain}: {link.problem}.")
    if expected and not missing:
        say(f"All expected heads lie on the chains: {len(expected):,}.")
    if options.print_heads and not (status or missing):
        for head in heads:
            say(str(head))
    return 1 if missing else status


def _verify_export(options: argparse.Namespace) -> int:
    checked = check_export(options.file, options.key)
    if checked.problems:
        say(f"{options.file} is broken:")
        for problem in checked.problems:
            say(f"  {problem}")
        return 1
    many = "entries" if checked.kind == "entry" else "people"
    noun = checked.kind if checked.entries == 1 else many
    entries = f"{checked.entries:,} {noun}"
    say(f"{options.file} is whole, as Rollcall exported it: {entries}.")
    if checked.narrowed_to != EVERYTHING:
        say(f"It was narrowed to {checked.narrowed_to}. The hashes prove each entry; that none of")
        say("these was left out is Rollcall's word, by its signature.")
    say(str(checked.head))
    return 0


def _told(checked: int, broken: BrokenLink | None) -> int:
    if broken is None:
        say(f"The audit log is whole: {count_words(checked, 'entry', 'entries')}.")
        return 0
    say(f"The audit log is broken at entry {broken.number} of {broken.chain}: {broken.problem}.")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rollcall",
        description="Rollcall: who is in, who is out, right now. Settings are in docs/settings.md.",
    )
    parser.add_argument("--version", action="version", version=f"Rollcall {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, run: Command | None, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    add("serve", _serve, "serve the pages (what happens without a command, too)")
    add("demo", _demo, "fill an empty database with a demo organisation, and serve it")
    _add_commands_for_people(add)
    examined = add("doctor", _doctor, "look at everything that an operator has to see to")
    examined.add_argument("--json", action="store_true", help="a line of JSON for each check")
    text = "send a mail to this email as well, to see whether it arrives"
    examined.add_argument("--send-to", type=arguments.some, metavar="EMAIL", help=text)
    _add_commands_for_data(add)
    _add_commands_for_the_log(add)
    parser.set_defaults(run=_serve, command="serve")
    return parser


def _add_commands_for_people(add: Adder) -> None:
    admin = add("create-platform-admin", _create_platform_admin, "create a Platform Admin")
    admin.add_argument(
        "email", type=arguments.some, help="asks for the password, or reads it from standard input"
    )
    admin.add_argument("--first-name", default="Platform")
    admin.add_argument("--last-name", default="Admin")
    for name in ("activate", "deactivate"):
        text = f"{name} a user, whatever pages they have open anywhere"
        add(name, _set_active, text).add_argument("email", type=arguments.some)
    text = "take away a user's authenticator app and recovery codes"
    add("reset-second-factor", _reset_second_factor, text).add_argument(
        "email", type=arguments.some
    )
    text = "print a link with which a user chooses a new password"
    add("password-link", _password_link, text).add_argument("email", type=arguments.some)


def _add_commands_for_data(add: Adder) -> None:
    add("migrate", _migrate, "bring the database's schema up to date")
    backup = add("backup", _backup, "copy the embedded database, safely while Rollcall serves")
    backup.add_argument(
        "file",
        type=arguments.path,
        help="the copy to write, which must not exist; or a folder for dated ones",
    )
    text = "keep the keys as well, in an archive beside the copy (FILE.keys.tar)"
    backup.add_argument("--with-keys", action="store_true", help=text)
    text = "of the dated copies in the folder, keep only this many"
    backup.add_argument("--keep", type=arguments.at_least_one, metavar="N", help=text)
    restored = add("restore", _restore, "put a backup in the place of the embedded database")
    restored.add_argument(
        "file", type=arguments.path, help="what `backup` wrote; Rollcall must be stopped"
    )
    text = "where the keys are, if not in FILE.keys.tar; missing ones are put back"
    restored.add_argument("--keys", type=arguments.path, help=text)
    moved = add("move", _move, "copy the embedded database into an empty one of PostgreSQL")
    text = "postgresql://…; better in ROLLCALL_MOVE_TO or on standard input, if it has a password"
    moved.add_argument("url", type=arguments.some, nargs="?", help=text)
    rotate = add(
        "rotate-keys", _rotate_keys, "seal the secrets in the database anew, under a new key"
    )
    rotate.add_argument(
        "--give-up-lost", action="store_true", help="forget first what no key opens any more"
    )


def _add_commands_for_the_log(add: Adder) -> None:
    audit = add("verify-audit", _verify_audit, "check the audit log's chains, and name what broke")
    audit.add_argument(
        "--expect",
        type=arguments.path,
        action="append",
        default=[],
        metavar="FILE",
        help="heads that were kept: each must lie on its chain (may be given several times)",
    )
    audit.add_argument(
        "--print-heads", action="store_true", help="print each chain's head, to keep"
    )
    text = "recompute this leaving receipt (R-…) from the log, and say what doesn't match"
    audit.add_argument("--receipt", type=arguments.some, metavar="ID", help=text)
    export = add("verify-export", None, "check an exported audit log, without a database")
    export.add_argument("file", type=arguments.path, help="the CSV file as it was exported")
    export.add_argument(
        "--key", type=arguments.path, required=True, help="the public key, as /audit-key.pem had it"
    )


def main(given: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 refused, 2 wrong usage, 141 if nobody
    reads the answer."""
    try:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as in a script's background
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return _run(given)
    except DatabaseUnavailableError as error:  # its own words are for people who use the pages
        sys.stderr.write(f"rollcall: {error.words} `doctor` says more.\n")
        return 1
    except RollcallError as error:
        sys.stderr.write(f"rollcall: {error}\n")
        return 1
    except UnreadAnswerError:
        say_no_more()
        return UNREAD
    except KeyboardInterrupt:
        return 130


def _run(given: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(given)
    except SystemExit:  # after --help, for example
        say_rest()
        raise
    end_on_sigterm()
    os.umask(0o077)  # what Rollcall writes is only for its own user
    arguments.require_answers(options)
    # wherever there is a file, even without settings or data
    if options.command == "verify-export":
        return _verify_export(options)
    settings = load()
    set_up_logging(settings.log_format)
    for name in unknown_settings():
        log.warning("Unknown setting %s; docs/settings.md lists them all", name)
    return asyncio.run(options.run(settings, options))  # type: ignore[no-any-return]  # argparse keeps it untyped


if __name__ == "__main__":
    sys.exit(main())
