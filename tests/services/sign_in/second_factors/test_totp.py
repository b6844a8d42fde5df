"""An authenticator app as a second factor: enrolled, asked for, used up, lost, reset."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest

from models import LinkPurpose, MailTemplate, Role, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core import clock
from services.core.errors import (
    ConflictError,
    FreshSignInNeededError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    SecondStepNeededError,
    SecondStepOverError,
    SignInFailedError,
    TooManyAttemptsError,
)
from services.sessions.sessions import Caller, list_open, recognise
from services.sign_in import password_change, throttle
from services.sign_in.second_factors import recovery_codes, second_step, totp
from services.sign_in.second_factors.totp import STEP
from services.sign_in.second_step_ticket import LIFETIME
from services.sign_in.sign_in import sign_in
from services.users import accounts
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.factories import CALLER, PASSWORD
from tests.mail_server import MailServer


def _in_digits_from(zero: str) -> Callable[[str], str]:
    """Writes ASCII digits as those of another script, whose zero this is."""
    return lambda code: code.translate({ord("0") + n: chr(ord(zero) + n) for n in range(10)})


TYPED = [
    pytest.param(lambda code: f"{code[:3]}-{code[3:]}", id="with a dash"),
    pytest.param(lambda code: f" {code[:3]}\u2011{code[3:]} ", id="with a dash that doesn't break"),
    pytest.param(
        lambda code: f"{code[:2]}\u00a0{code[2:4]}\u2009{code[4:]}", id="with thin blanks"
    ),
    pytest.param(_in_digits_from("\uff10"), id="in full width"),
    pytest.param(_in_digits_from("\u0660"), id="in Arabic digits"),
    pytest.param(_in_digits_from("\u06f0"), id="in Persian digits"),
    pytest.param(_in_digits_from("\u0966"), id="in Devanagari digits"),
]
ELSEWHERE = Caller("198.51.100.9", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0")


def _code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=STEP * steps))


async def _enrol(actor: Actor) -> tuple[str, tuple[str, ...]]:
    """Enrol the actor's app; a minute later none of its codes is used up."""
    secret = (await totp.begin(actor)).secret
    codes = await totp.finish(actor, _code(secret))
    clock.shift(timedelta(seconds=3 * STEP))
    return secret, codes


async def _first_step(tenant: Tenant, user: User, caller: Caller = CALLER) -> str:
    with pytest.raises(SecondStepNeededError) as needed:
        await sign_in(tenant.slug, user.email, PASSWORD, caller)
    return needed.value.ticket


async def test_a_sign_in_with_an_app_takes_the_password_and_a_code(
    admin: Actor, tenant: Tenant
) -> None:
    user = await books.user_of(admin.user_id)
    secret, _ = await _enrol(admin)
    sessions_before = len(await list_open(admin, user.id))
    ticket = await _first_step(tenant, user)
    assert len(await list_open(admin, user.id)) == sessions_before
    signed_in = await second_step.finish(tenant.slug, ticket, _code(secret), CALLER)
    visit = await recognise(signed_in.token, tenant.slug, CALLER)
    assert visit.user_id == user.id
    assert (await books.actions_of(tenant))[-1] == "session.signed_in"


async def test_an_app_without_its_first_code_changes_nothing(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    await totp.begin(admin)
    with pytest.raises(InvalidInputError):
        await totp.finish(admin, "000000x")
    await sign_in(tenant.slug, user.email, PASSWORD, CALLER)


async def test_a_set_up_that_was_begun_in_two_tabs_says_which_one_counts(admin: Actor) -> None:
    first, second = await totp.begin(admin), await totp.begin(admin)
    with pytest.raises(ConflictError, match="begun once more, in another tab"):
        await totp.finish(admin, _code(first.secret), begun_at=first.begun_at)
    with pytest.raises(InvalidInputError, match="clock"):
        await totp.finish(admin, "000000x", begun_at=second.begun_at)
    assert await totp.finish(admin, _code(second.secret), begun_at=second.begun_at)
    with pytest.raises(ConflictError, match="set up already, in another tab"):
        await totp.finish(admin, _code(first.secret), begun_at=first.begun_at)


async def test_a_wrong_password_says_nothing_of_a_second_factor(
    admin: Actor, tenant: Tenant
) -> None:
    user = await books.user_of(admin.user_id)
    await _enrol(admin)
    with pytest.raises(SignInFailedError):
        await sign_in(tenant.slug, user.email, "not the password", CALLER)


async def test_a_code_works_once(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    secret, _ = await _enrol(admin)
    code = _code(secret)
    await second_step.finish(tenant.slug, await _first_step(tenant, user), code, CALLER)
    ticket = await _first_step(tenant, user)
    with pytest.raises(InvalidInputError):
        await second_step.finish(tenant.slug, ticket, code, CALLER)
    assert (await books.actions_of(tenant))[-1] == "session.second_factor_failed"


async def test_the_code_that_enrolled_an_app_signs_nobody_in(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    secret = (await totp.begin(admin)).secret
    code = _code(secret)
    await totp.finish(admin, code)
    with pytest.raises(InvalidInputError):
        await second_step.finish(tenant.slug, await _first_step(tenant, user), code, CALLER)


@ONE_DATABASE
@pytest.mark.usefixtures("stopped_clock")
@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_a_clock_may_be_one_step_apart(
    admin: Actor, tenant: Tenant, steps: int, works: bool
) -> None:
    user = await books.user_of(admin.user_id)
    secret, _ = await _enrol(admin)
    ticket = await _first_step(tenant, user)
    code = _code(secret, steps)
    if works:
        await second_step.finish(tenant.slug, ticket, code, CALLER)
    else:
        with pytest.raises(InvalidInputError):
            await second_step.finish(tenant.slug, ticket, code, CALLER)


async def test_a_recovery_code_works_once_however_it_is_typed(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    _, codes = await _enrol(admin)
    assert len(set(codes)) == recovery_codes.CODES
    typed = f" {codes[3].upper()} "
    await second_step.finish(tenant.slug, await _first_step(tenant, user), typed, CALLER)
    assert (await totp.get_own(admin)).codes_left == recovery_codes.CODES - 1
    assert (await books.actions_of(tenant))[-2:] == ["user.recovery_code_used", "session.signed_in"]
    ticket = await _first_step(tenant, user)
    with pytest.raises(InvalidInputError):
        await second_step.finish(tenant.slug, ticket, codes[3], CALLER)


@ONE_DATABASE
@pytest.mark.parametrize("written", TYPED)
async def test_an_apps_code_counts_however_it_is_typed(
    admin: Actor, tenant: Tenant, written: Callable[[str], str]
) -> None:
    user = await books.user_of(admin.user_id)
    secret = (await totp.begin(admin)).secret
    await totp.finish(admin, written(_code(secret)))
    clock.shift(timedelta(seconds=3 * STEP))
    ticket = await _first_step(tenant, user)
    await second_step.finish(tenant.slug, ticket, written(_code(secret)), CALLER)
    assert (await books.actions_of(tenant))[-1] == "session.signed_in"


@ONE_DATABASE
@pytest.mark.parametrize("written", TYPED)
async def test_a_recovery_code_counts_however_it_is_typed(
    admin: Actor, tenant: Tenant, written: Callable[[str], str]
) -> None:
    user = await books.user_of(admin.user_id)
    _, codes = await _enrol(admin)
    ticket = await _first_step(tenant, user)
    await second_step.finish(tenant.slug, ticket, written(codes[0]), CALLER)
    assert (await totp.get_own(admin)).codes_left == recovery_codes.CODES - 1


@pytest.mark.parametrize("code", ["\ud800\udfff12345", "½¼¾", "①②③④⑤⑥⑦", "\0" * 6, "٣" * 5000])
async def test_what_is_no_code_in_any_script_is_a_wrong_one(
    admin: Actor, tenant: Tenant, code: str
) -> None:
    user = await books.user_of(admin.user_id)
    await _enrol(admin)
    ticket = await _first_step(tenant, user)
    with pytest.raises(InvalidInputError):
        await second_step.finish(tenant.slug, ticket, code, CALLER)


async def test_new_recovery_codes_end_the_old(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    _, old = await _enrol(admin)
    new = await totp.renew_codes(admin)
    ticket = await _first_step(tenant, user)
    with pytest.raises(InvalidInputError):
        await second_step.finish(tenant.slug, ticket, old[0], CALLER)
    await second_step.finish(tenant.slug, ticket, new[0], CALLER)


async def test_another_persons_code_lets_nobody_in(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    await _enrol(admin)
    other = await factories.sign_in(await factories.create_user(tenant), tenant)
    _, codes = await _enrol(other)
    ticket = await _first_step(tenant, user)
    with pytest.raises(InvalidInputError):
        await second_step.finish(tenant.slug, ticket, codes[0], CALLER)


async def test_a_first_step_is_good_for_ten_minutes(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    secret, _ = await _enrol(admin)
    ticket = await _first_step(tenant, user)
    clock.shift(timedelta(seconds=3 * STEP) + LIFETIME + timedelta(seconds=2))
    with pytest.raises(SecondStepOverError):
        await second_step.finish(tenant.slug, ticket, _code(secret), CALLER)


async def test_a_first_step_is_good_at_its_own_tenant_alone(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    secret, _ = await _enrol(admin)
    ticket = await _first_step(tenant, user)
    other = await factories.create_tenant("Other")
    for slug in (other.slug, None):
        with pytest.raises(SecondStepOverError):
            await second_step.finish(slug, ticket, _code(secret), CALLER)


@ONE_DATABASE
@pytest.mark.parametrize("ticket", [None, "", "gAAAAA", "é" * 40])
async def test_a_forged_first_step_opens_nothing(tenant: Tenant, ticket: str | None) -> None:
    with pytest.raises(SecondStepOverError):
        await second_step.finish(tenant.slug, ticket, "123456", CALLER)


async def test_a_first_step_ends_with_the_account(
    admin: Actor, tenant: Tenant, platform_user: User
) -> None:
    user = await books.user_of(admin.user_id)
    secret, _ = await _enrol(admin)
    ticket = await _first_step(tenant, user)
    above = await factories.sign_in(platform_user, tenant)
    await accounts.set_active(above, user.id, active=False)
    with pytest.raises(SecondStepOverError):
        await second_step.finish(tenant.slug, ticket, _code(secret), CALLER)


async def test_a_first_step_ends_with_the_password(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    secret, _ = await _enrol(admin)
    ticket = await _first_step(tenant, user)
    await password_change.change_password(admin, PASSWORD, "an entirely different sentence")
    with pytest.raises(SecondStepOverError):
        await second_step.finish(tenant.slug, ticket, _code(secret), CALLER)


@pytest.mark.usefixtures("stopped_clock")
async def test_codes_cannot_be_guessed(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    secret, _ = await _enrol(admin)
    ticket = await _first_step(tenant, user)
    wrong = factories.wrong_code(secret)
    for _ in range(throttle.FREE_FAILURES["person"] + 1):
        with pytest.raises(InvalidInputError):
            await second_step.finish(tenant.slug, ticket, wrong, ELSEWHERE)
    with pytest.raises(TooManyAttemptsError):
        await second_step.finish(tenant.slug, ticket, _code(secret), ELSEWHERE)


@pytest.mark.parametrize("act", ["begin", "renew", "remove"])
async def test_enrolling_and_removing_need_a_fresh_sign_in(admin: Actor, act: str) -> None:
    if act != "begin":
        await _enrol(admin)
    clock.shift(timedelta(minutes=16))
    acts = {
        "begin": totp.begin,
        "renew": totp.renew_codes,
        "remove": totp.remove,
    }
    with pytest.raises(FreshSignInNeededError):
        await acts[act](admin)


async def test_without_the_app_the_password_is_enough_again(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    await _enrol(admin)
    await totp.remove(admin)
    await sign_in(tenant.slug, user.email, PASSWORD, CALLER)
    assert "user.authenticator_removed" in await books.actions_of(tenant)


async def test_an_admin_resets_what_a_user_has_lost_and_the_user_is_told(
    admin: Actor, tenant: Tenant
) -> None:
    user = await factories.create_user(tenant)
    await _enrol(await factories.sign_in(user, tenant))
    await totp.reset(admin, user.id)
    await sign_in(tenant.slug, user.email, PASSWORD, CALLER)
    assert "user.second_factors_reset" in await books.actions_of(tenant)
    assert (await totp.get_of(admin, user.id)).since is None


async def test_the_command_line_helps_the_last_platform_admin(platform_user: User) -> None:
    await _enrol(await factories.sign_in(platform_user))
    await totp.reset(COMMAND_LINE, platform_user.id)
    await sign_in(None, platform_user.email, PASSWORD, CALLER)


async def test_a_platform_admin_has_the_same_second_step(platform_user: User) -> None:
    secret, _ = await _enrol(await factories.sign_in(platform_user))
    with pytest.raises(SecondStepNeededError) as needed:
        await sign_in(None, platform_user.email, PASSWORD, CALLER)
    signed_in = await second_step.finish(None, needed.value.ticket, _code(secret), CALLER)
    assert signed_in.tenant_slug is None


async def test_nobody_resets_their_own_second_factor(admin: Actor) -> None:
    await _enrol(admin)
    with pytest.raises(ConflictError, match="your own"):
        await totp.reset(admin, admin.user_id)
    assert (await totp.get_own(admin)).since is not None


async def test_only_admins_reset_and_only_in_their_own_tenant(admin: Actor, tenant: Tenant) -> None:
    user = await factories.create_user(tenant, role=Role.SALES_ENGINEER)
    mate = await factories.sign_in(
        await factories.create_user(tenant, role=Role.ADMINISTRATOR), tenant
    )
    with pytest.raises(NotAllowedError):
        await totp.reset(mate, user.id)
    other = await factories.create_tenant("Other")
    stranger = await factories.create_user(other)
    with pytest.raises(NotFoundError):
        await totp.reset(admin, stranger.id)


async def test_a_new_password_by_mail_does_not_go_around_the_app(
    admin: Actor, tenant: Tenant
) -> None:
    user = await factories.create_user(tenant)
    secret, _ = await _enrol(await factories.sign_in(user, tenant))
    (token,) = await factories.issue_links([user], LinkPurpose.RESET)
    with pytest.raises(SecondStepNeededError) as needed:
        await password_change.reset(tenant.slug, token, "an entirely different sentence", CALLER)
    assert await list_open(admin, user.id) == []
    await second_step.finish(tenant.slug, needed.value.ticket, _code(secret), CALLER)


async def test_the_mails_tell_of_both_changes(admin: Actor, mail_server: MailServer) -> None:
    await _enrol(admin)
    await totp.remove(admin)
    sent = [mail.template for mail in await books.mails_of(admin.user_id)]
    assert sent == [MailTemplate.AUTHENTICATOR_ADDED, MailTemplate.AUTHENTICATOR_REMOVED]
