"""Comments: posted, edited and removed visibly; mentions."""

from datetime import timedelta
from uuid import UUID

import pytest

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    StaleError,
)
from services.core.events import Event
from services.database.runtime import Runtime
from services.users import accounts
from services.workspace import comment_pace, comments, members, people
from services.workspace.comments import CommentForm, CommentView, NewCommentForm
from services.workspace.customers import acts
from services.workspace.customers.acts import SharedCommentForm
from services.workspace.events import CommentChanged
from services.workspace.rights import NotAMemberError
from tests import books
from tests.factories import create_customer, open_customer_session
from tests.services.workspace.scene import create_poc, create_task, deactivate


async def _said(actor: Actor, poc_id: UUID) -> list[CommentView]:
    return list((await comments.list_comments(actor, poc_id)).comments)


async def test_comments_come_oldest_first_and_are_internal_by_default(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    await comments.post(ada, poc_id, NewCommentForm(body="One"))
    await comments.post(ada, poc_id, NewCommentForm(body="**Two**", shared=True))
    found = await _said(ada, poc_id)
    assert [(each.body, each.shared) for each in found] == [("One", False), ("**Two**", True)]
    assert found[1].html.strip() == "<p><strong>Two</strong></p>"


async def test_the_latest_comments_are_shown_and_earlier_ones_asked_for(
    ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comments, "SLICE", 2)
    monkeypatch.setattr(comments, "EARLIER", 2)
    poc_id = await create_poc(ada)
    for word in ("One", "Two", "Three"):
        await comments.post(ada, poc_id, NewCommentForm(body=word))
    latest = await comments.list_comments(ada, poc_id)
    assert [each.body for each in latest.comments] == ["Two", "Three"]
    earlier = await comments.list_comments(ada, poc_id, before=latest.comments[0].id)
    assert [each.body for each in earlier.comments] == ["One"]
    assert (latest.has_earlier, earlier.has_earlier) == (True, False)


async def test_comments_are_shown_back_to_one_that_a_link_leads_to(
    ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comments, "SLICE", 1)
    monkeypatch.setattr(comments, "MOST", 3)
    poc_id = await create_poc(ada)
    words = ("One", "Two", "Three", "Four")
    ids = [await comments.post(ada, poc_id, NewCommentForm(body=word)) for word in words]
    found = await comments.list_comments(ada, poc_id, reaching=ids[2])
    assert [each.body for each in found.comments] == ["Three", "Four"]
    too_far = await comments.list_comments(ada, poc_id, reaching=ids[0])
    assert [each.body for each in too_far.comments] == ["Two", "Three", "Four"]
    assert too_far.has_earlier


async def test_authors_whose_names_look_alike_have_their_emails_beside_them(
    ada: Actor, tenant: Tenant
) -> None:
    poc_id = await create_poc(ada)
    comment_id = await comments.post(ada, poc_id, NewCommentForm(body="One"))
    (alone,) = await _said(ada, poc_id)
    assert (alone.author.named.email, alone.author.named.mixed) == ("", "")
    other = await create_customer(
        tenant, poc_id, first_name="Ada", last_name="Lovelace", email="ada@helvetia.example"
    )
    customer, _ = await open_customer_session(other)
    await acts.comment(customer, poc_id, SharedCommentForm(body="Two"))
    found = await _said(ada, poc_id)
    email = (await books.user_of(ada.user_id)).email
    assert [each.author.named.email for each in found] == [email, "ada@helvetia.example"]
    assert (await comments.find_comment(comment_id)).author.named.email == email


async def test_an_author_who_is_renamed_is_told_with_what_tells_them_apart(
    ada: Actor, admin: Actor
) -> None:
    await accounts.rename(admin, ada.user_id, "\N{CYRILLIC CAPITAL LETTER A}da", "Lovelace")
    told = await people.find_worker(ada.user_id)
    assert told is not None
    assert told.named.mixed.startswith("This name mixes Cyrillic and Latin letters")
    assert told.named.email == (await books.user_of(ada.user_id)).email


async def test_a_task_has_comments_of_its_own(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    task_id = await create_task(ada, poc_id)
    await comments.post(ada, poc_id, NewCommentForm(body="On the POC"))
    await comments.post(ada, poc_id, NewCommentForm(body="On the task", task_id=task_id))
    found = await comments.list_comments(ada, poc_id, task_id=task_id)
    assert [each.body for each in found.comments] == ["On the task"]
    another = await create_poc(ada)
    with pytest.raises(NotFoundError):
        await comments.post(ada, another, NewCommentForm(body="Lost", task_id=task_id))


async def test_an_edit_is_seen(rollcall: Runtime, ada: Actor, events: list[Event]) -> None:
    poc_id = await create_poc(ada)
    comment_id = await comments.post(ada, poc_id, NewCommentForm(body="One"))
    clock.shift(timedelta(minutes=5))
    await comments.edit(ada, comment_id, 1, CommentForm(body="Two"))
    (comment,) = await _said(ada, poc_id)
    assert comment.body == "Two"
    assert comment.edited_at is not None
    assert comment.edited_at > comment.created_at
    with pytest.raises(StaleError):
        await comments.edit(ada, comment_id, 1, CommentForm(body="Three"))
    await rollcall.bus.drain()
    told = [event.comment_id for event in events if isinstance(event, CommentChanged)]
    assert told == [comment_id] * 2


async def test_what_was_removed_is_seen_and_its_words_are_not(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    comment_id = await comments.post(ada, poc_id, NewCommentForm(body="A secret"))
    await comments.remove(ada, comment_id, 1)
    (comment,) = await _said(ada, poc_id)
    assert (comment.body, comment.html) == ("", "")
    assert comment.removed_by is not None
    assert comment.removed_by.name == "Ada Lovelace"
    with pytest.raises(ConflictError):
        await comments.edit(ada, comment_id, 2, CommentForm(body="Back"))


async def test_no_words_of_a_comment_are_in_the_log(ada: Actor, tenant: Tenant) -> None:
    poc_id = await create_poc(ada)
    await comments.post(ada, poc_id, NewCommentForm(body="A secret"))
    entries = await books.audit_of(tenant)
    assert not [entry for entry in entries if "secret" in str(entry.details)]


async def test_only_its_author_changes_a_comment(ada: Actor, joan: Actor, joan_user: User) -> None:
    poc_id = await create_poc(ada)
    await members.add_member(ada, poc_id, joan_user.id)
    comment_id = await comments.post(ada, poc_id, NewCommentForm(body="Mine"))
    for act in (
        comments.edit(joan, comment_id, 1, CommentForm(body="Theirs")),
        comments.remove(joan, comment_id, 1),
    ):
        with pytest.raises(NotAllowedError, match="Only the author"):
            await act


async def test_who_is_no_member_reads_and_says_nothing(ada: Actor, joan: Actor) -> None:
    poc_id = await create_poc(ada)
    await comments.post(ada, poc_id, NewCommentForm(body="One"))
    assert len(await _said(joan, poc_id)) == 1
    with pytest.raises(NotAMemberError):
        await comments.post(joan, poc_id, NewCommentForm(body="Two"))


async def test_mentions_are_of_active_members_alone(
    ada: Actor, admin: Actor, joan_user: User
) -> None:
    poc_id = await create_poc(ada)
    form = NewCommentForm(body="@Joan Clarke, look", mention_ids=(joan_user.id,))
    with pytest.raises(InvalidInputError, match="Joan Clarke isn't a member"):
        await comments.post(ada, poc_id, form)
    await members.add_member(ada, poc_id, joan_user.id)
    await comments.post(ada, poc_id, form)
    (comment,) = await _said(ada, poc_id)
    assert '<span class="mention">@Joan Clarke</span>, look' in comment.html
    assert comment.mention_ids == (joan_user.id,)
    await deactivate(admin, joan_user.id)
    with pytest.raises(InvalidInputError, match="Joan Clarke is inactive"):
        await comments.post(ada, poc_id, form)
    assert (await _said(ada, poc_id))[0].html == comment.html


def test_an_empty_comment_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Comment is required"):
        NewCommentForm(body=" \n ")
    with pytest.raises(InvalidInputError, match="10,000 characters"):
        NewCommentForm(body="a" * 10_001)


async def test_nobody_posts_faster_than_anybody_writes(
    ada: Actor, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment_pace, "MOST", 2)
    poc_id = await create_poc(ada)
    customer, _ = await open_customer_session(await create_customer(tenant, poc_id))
    said = SharedCommentForm(body="Said")
    for _ in range(2):
        await comments.post(ada, poc_id, NewCommentForm(body="Said"))
        await acts.comment(customer, poc_id, said)
    with pytest.raises(ConflictError, match="Wait a little"):
        await comments.post(ada, poc_id, NewCommentForm(body="Said"))
    with pytest.raises(ConflictError, match="Wait a little"):
        await acts.comment(customer, poc_id, said)
    clock.shift(comment_pace.WITHIN)
    await comments.post(ada, poc_id, NewCommentForm(body="Said"))
    await acts.comment(customer, poc_id, said)
