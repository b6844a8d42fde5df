"""Who is mentioned in a comment while they aren't here hears of it by mail: once, a little later,
and not at all where that isn't needed any more."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from models import MailState, MailTemplate, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.runtime import Runtime
from services.mail import queue
from services.sessions import presence
from services.users import accounts, email_change, profile
from services.users.email_change import EmailForm
from services.workspace import comments, listing, members, mention_mails, pocs
from services.workspace.comments import CommentForm, NewCommentForm
from tests import books
from tests.conftest import ONE_DATABASE
from tests.deliveries import deliver_next
from tests.factories import create_user
from tests.mail_server import MailServer
from tests.services.workspace.scene import create_poc, create_task

LATER = mention_mails.WAIT + timedelta(seconds=1)
URL = "/t/acme/pocs/{}/comments?comment={}"


async def _poc_of_both(ada: Actor, joan_user: User, title: str = "Payments pilot") -> UUID:
    poc_id = await create_poc(ada, title)
    await members.add_member(ada, poc_id, joan_user.id)
    return poc_id


async def _mention(ada: Actor, poc_id: UUID, user: User, words: str = "look") -> UUID:
    form = NewCommentForm(body=f"@{user.full_name}, {words}", mention_ids=(user.id,))
    return await comments.post(ada, poc_id, form)


async def _told_of(user: User, mail_server: MailServer, later: timedelta = LATER) -> list[str]:
    """What the mails say that are due two minutes later."""
    clock.shift(later)
    while await deliver_next():
        pass
    return [mail.part("plain") for mail in mail_server.to(user.email)]


async def test_who_is_mentioned_while_away_is_told_two_minutes_later(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    task_id = await create_task(ada, poc_id, "Sign the agreement")
    body = "@Joan Clarke, see **page 3** of [the plan](https://example.com)."
    form = NewCommentForm(body=body, mention_ids=(joan_user.id,), task_id=task_id)
    comment_id = await comments.post(ada, poc_id, form)
    assert not await deliver_next()
    assert "page 3" not in str((await books.mails_of(joan_user.id))[0].params)
    (plain,) = await _told_of(joan_user, mail_server)
    (mail,) = mail_server.to(joan_user.email)
    assert mail.message["Subject"] == "Acme: Ada Lovelace mentioned you in Payments pilot"
    assert 'Ada Lovelace, on the task "Sign the agreement":' in plain
    assert "> @Joan Clarke, see page 3 of the plan." in plain
    for part in (plain, mail.part("html")):
        assert URL.format(poc_id, comment_id) in part
        assert "/t/acme/account" in part


async def test_a_mail_quotes_a_comment_as_it_was_written(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    words = "Sil\N{SOFT HYPHEN}ben, \N{RIGHT-TO-LEFT MARK}שלום!"
    await _mention(ada, poc_id, joan_user, words)
    (plain,) = await _told_of(joan_user, mail_server)
    (mail,) = mail_server.to(joan_user.email)
    for part in (plain, mail.part("html")):
        assert words in part


async def test_mentions_in_one_poc_make_one_mail(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    one = await _poc_of_both(ada, joan_user)
    other = await _poc_of_both(ada, joan_user, "Another")
    for poc_id, words in ((one, "first"), (other, "elsewhere"), (one, "second")):
        await _mention(ada, poc_id, joan_user, words)
    both, alone = await _told_of(joan_user, mail_server)
    assert [word in both for word in ("first", "second", "elsewhere")] == [True, True, False]
    assert "elsewhere" in alone
    await _mention(ada, one, joan_user, "third")
    assert len(await _told_of(joan_user, mail_server, 2 * LATER)) == 3


async def test_a_mail_that_is_being_sent_takes_in_no_more_mentions(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    await _mention(ada, poc_id, joan_user)
    clock.shift(LATER)
    assert await queue.take()
    await _mention(ada, poc_id, joan_user)
    assert len(await books.mails_of(joan_user.id)) == 2


async def test_a_page_that_is_left_open_keeps_no_mail_away(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    presence.page_opened(joan_user.id, joan_user.tenant_id)
    clock.shift(mention_mails.HERE_FOR + timedelta(minutes=1))
    await _mention(ada, poc_id, joan_user)
    assert len(await _told_of(joan_user, mail_server)) == 1


async def test_who_does_something_on_a_page_that_is_open_for_long_is_here(
    ada: Actor, joan: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    presence.page_opened(joan_user.id, joan_user.tenant_id)
    clock.shift(mention_mails.HERE_FOR + timedelta(minutes=1))
    await create_task(joan, poc_id)
    await _mention(ada, poc_id, joan_user)
    assert not await books.mails_of(joan_user.id)


async def test_what_waits_for_the_mail_server_to_come_back_is_told_in_one_mail(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    for times, words in enumerate(("first", "second"), start=1):
        await _mention(ada, poc_id, joan_user, words)
        clock.shift(times * LATER)
        lease = await queue.take()
        assert lease
        await queue.settle(lease, MailState.WAITING, "No answer.")
    await _mention(ada, poc_id, joan_user, "third")
    (plain,) = await _told_of(joan_user, mail_server, 3 * LATER)
    assert [word in plain for word in ("first", "second", "third")] == [True, True, True]
    states = [(mail.state, mail.last_answer) for mail in await books.mails_of(joan_user.id)]
    assert states.count((MailState.CANCELLED, mention_mails.TOLD_LATER)) == 2


async def test_nothing_is_promised_to_who_is_here_or_wants_none_or_wrote_it(
    ada: Actor, joan: Actor, ada_user: User, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    presence.page_opened(joan_user.id, joan_user.tenant_id)
    await _mention(ada, poc_id, joan_user)
    presence.page_closed(joan_user.id, joan_user.tenant_id)
    await profile.want_mention_mails(joan, False)
    await _mention(ada, poc_id, joan_user)
    await _mention(ada, poc_id, ada_user)
    assert not await books.mails_of(joan_user.id)
    assert not await books.mails_of(ada_user.id)


@ONE_DATABASE
async def test_nothing_is_promised_without_a_mail_server(
    rollcall: Runtime, ada: Actor, joan: Actor, joan_user: User
) -> None:
    await _mention(ada, await _poc_of_both(ada, joan_user), joan_user)
    assert not await books.mails_of(joan_user.id)
    assert (await profile.get_profile(joan)).wants_mention_mails is None


async def _is_here(_ada: Actor, joan: Actor, _poc_id: UUID, _comment_id: UUID) -> None:
    presence.page_opened(joan.user_id, joan.tenant_id)
    presence.page_closed(joan.user_id, joan.tenant_id)


async def _takes_back(ada: Actor, _joan: Actor, _poc_id: UUID, comment_id: UUID) -> None:
    await comments.remove(ada, comment_id, 1)


async def _means_nobody(ada: Actor, _joan: Actor, _poc_id: UUID, comment_id: UUID) -> None:
    await comments.edit(ada, comment_id, 1, CommentForm(body="Never mind"))


async def _leaves(ada: Actor, joan: Actor, poc_id: UUID, _comment_id: UUID) -> None:
    await members.remove_member(ada, poc_id, joan.user_id)


async def _archives(ada: Actor, _joan: Actor, poc_id: UUID, _comment_id: UUID) -> None:
    version = (await listing.get_details(ada, poc_id)).row.facts_version
    await pocs.set_archived(ada, poc_id, version, archived=True)


async def _wants_none(_ada: Actor, joan: Actor, _poc_id: UUID, _comment_id: UUID) -> None:
    await profile.want_mention_mails(joan, False)


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (_is_here, "They were here meanwhile."),
        (_takes_back, "The comment was removed, or changed."),
        (_means_nobody, "The comment was removed, or changed."),
        (_leaves, "They don’t work on the POC any more."),
        (_archives, "They don’t work on the POC any more."),
        (_wants_none, "They want no such mails any more."),
    ],
)
async def test_a_mail_is_left_out_where_it_says_nothing_any_more(
    ada: Actor,
    joan: Actor,
    joan_user: User,
    mail_server: MailServer,
    meanwhile: Callable[[Actor, Actor, UUID, UUID], Awaitable[None]],
    why: str,
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    comment_id = await _mention(ada, poc_id, joan_user)
    await meanwhile(ada, joan, poc_id, comment_id)
    assert await _told_of(joan_user, mail_server) == []
    (mail,) = await books.mails_of(joan_user.id)
    assert (mail.state, mail.last_answer) == (MailState.CANCELLED, why)


async def test_who_is_deactivated_meanwhile_gets_no_mail(
    admin: Actor, ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    await _mention(ada, await _poc_of_both(ada, joan_user), joan_user)
    await accounts.set_active(admin, joan_user.id, False)
    assert await _told_of(joan_user, mail_server) == []


async def test_whose_email_changes_meanwhile_gets_no_mail_at_either(
    admin: Actor, ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    await _mention(ada, await _poc_of_both(ada, joan_user), joan_user)
    await email_change.change_email(admin, joan_user.id, EmailForm(email="j@example.org"))
    told = await _told_of(joan_user, mail_server)
    told += [mail.part("plain") for mail in mail_server.to("j@example.org")]
    assert ["mentioned you" in words for words in told] == [False, False]


async def test_who_has_not_accepted_their_invitation_gets_no_mail(
    ada: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant, invited=True)
    await _mention(ada, await _poc_of_both(ada, user), user)
    assert not await books.mails_of(user.id)


async def test_a_process_whose_clock_is_behind_waits_too(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    await _mention(ada, await _poc_of_both(ada, joan_user), joan_user)
    clock.shift(timedelta(seconds=-30))
    assert not await deliver_next()


async def test_who_was_told_of_a_comment_is_not_told_again_where_it_mentions_them_once_more(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    await _mention(ada, poc_id, joan_user, "before")
    clock.shift(2 * LATER)  # nobody has sent it, and it takes in the next one
    comment_id = await _mention(ada, poc_id, joan_user)
    assert len(await _told_of(joan_user, mail_server)) == 1
    await comments.edit(ada, comment_id, 1, CommentForm(body="Never mind"))
    form = CommentForm(body="@Joan Clarke, look", mention_ids=(joan_user.id,))
    await comments.edit(ada, comment_id, 2, form)
    assert len(await books.mails_of(joan_user.id)) == 1


async def test_of_two_mentions_the_one_after_the_visit_is_told(
    ada: Actor, joan: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    seen = await _mention(ada, poc_id, joan_user, "first")
    await _is_here(ada, joan, poc_id, seen)
    clock.shift(timedelta(seconds=30))
    await _mention(ada, poc_id, joan_user, "second")
    (plain,) = await _told_of(joan_user, mail_server)
    assert "second" in plain
    assert "first" not in plain


async def test_an_edit_tells_only_who_is_newly_mentioned(
    ada: Actor, ada_user: User, joan_user: User, joan: Actor, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user)
    comment_id = await _mention(joan, poc_id, ada_user)
    assert len(await _told_of(ada_user, mail_server)) == 1
    form = CommentForm(
        body="@Ada Lovelace and @Joan Clarke", mention_ids=(ada_user.id, joan_user.id)
    )
    await comments.edit(joan, comment_id, 1, form)
    assert len(await books.mails_of(ada_user.id)) == 1
    other = await _mention(ada, poc_id, ada_user)
    await comments.edit(ada, other, 1, form)
    (plain,) = await _told_of(joan_user, mail_server, 2 * LATER)
    assert str(other) in plain


@ONE_DATABASE  # what a mail says is no database's
async def test_long_and_turning_words_keep_to_their_place(
    ada: Actor, joan_user: User, mail_server: MailServer
) -> None:
    poc_id = await _poc_of_both(ada, joan_user, "\u05e0\u05d9\u05e1\u05d5\u05d9")
    await _mention(ada, poc_id, joan_user, "word " * 1_000 + "end")
    for at in range(mention_mails.MOST_COMMENTS + 1):
        await _mention(ada, poc_id, joan_user, f"number {at}")
    (plain,) = await _told_of(joan_user, mail_server)
    (mail,) = mail_server.to(joan_user.email)
    assert mail.message["Subject"].endswith(
        "mentioned you in \u2068\u05e0\u05d9\u05e1\u05d5\u05d9\u2069"
    )
    assert "word…" in plain
    assert "end" not in plain.split("word…")[0].split(">")[1]
    assert "besides these: 2" in plain


async def test_what_one_chooses_is_kept_and_in_the_log(
    joan: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    assert (await profile.get_profile(joan)).wants_mention_mails is True
    await profile.want_mention_mails(joan, False)
    await profile.want_mention_mails(joan, False)
    assert (await profile.get_profile(joan)).wants_mention_mails is False
    assert (await books.actions_of(tenant)).count("user.mention_mails_set") == 1


def test_the_mail_is_no_urgent_one() -> None:
    assert MailTemplate.MENTIONED.lane == 1
