"""The acts on many users at once: what each kind takes, and how it is done, by the same code as on
one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from models import BulkAct, BulkKind, User
from services.access.permissions import Permission, Secret
from services.audit.acting import Act, View
from services.bulk.batches import FAILED
from services.bulk.kinds import (
    Fate,
    Judged,
    Kept,
    ManyAct,
    Outcome,
    Question,
    Values,
    Words,
    rows_by_id,
    says_so,
    words,
)
from services.core.errors import RollcallError
from services.core.words import count_words
from services.database.transaction import Transaction
from services.mail import outbox
from services.sessions import presence
from services.users import accounts, emails_elsewhere, invitation_links, switching, telling
from services.users.actions import BulkAction
from services.users.emails_elsewhere import ActiveElsewhereError
from services.users.ends import chosen_end, end_of
from services.users.ends import details_of as end_details
from services.users.fates import (
    FATES,
    OUT,
    admin_ids,
    end_for,
    end_of_values,
    fate_of,
    read_facts,
    values_of_end,
)
from services.users.forms import TIME_HINT, EndDate, end_hint
from services.users.handovers import live_links
from services.users.list import USERS
from services.users.profile import find_portraits
from services.users.row import name_of


def note_of_people(fate: Fate, ids: Sequence[UUID]) -> str:
    """What is said more of people with one fate: of those who lose their access, how many are here
    right now."""
    return _here_now(ids) if fate is OUT else says_so(fate, ids)


def _here_now(ids: Sequence[UUID]) -> str:
    here = [person_id for person_id in ids if presence.is_online(person_id)]
    pages = sum(presence.open_pages(person_id) for person_id in here)
    if not here:
        return "None of them is here now."
    verb = "is" if len(here) == 1 else "are"
    return f"{len(here):,} of them {verb} here now, on {count_words(pages, 'open page')}."


async def _judge(view: View, run: BulkAct, people: Sequence[Values]) -> list[Judged]:
    """What would become of these people, judged by this organisation's own users only."""
    kept = {UUID(person["id"]): person for person in people}
    users = await rows_by_id(view.tx, User, list(kept))
    facts = await read_facts(view, users)
    return [
        Judged(user.id, user.full_name, fate_of(run, kept[user.id], user, facts)) for user in users
    ]


async def _lock(_tx: Transaction, _run: BulkAct, people: Sequence[Values]) -> list[UUID]:
    return [UUID(person["id"]) for person in people]


async def _lock_admins_too(tx: Transaction, run: BulkAct, people: Sequence[Values]) -> list[UUID]:
    return [*await _lock(tx, run, people), *await admin_ids(tx, run.tenant_id)]


def _keep(user: User) -> dict[str, Any]:
    return {"id": str(user.id), "name": name_of(user)}


def _end_before(_run: BulkAct, outcome: Outcome) -> dict[str, Any]:
    return {"end": outcome.before}


async def _keep_end(act: Act, form: EndDate | None) -> Kept:
    if form is None:
        return None
    return values_of_end(await chosen_end(act.tx, act.tenant_id, form.end_date, form.end_time))


def _words_of_end(kept: Mapping[str, Any]) -> str:
    end = end_of_values(kept)
    return f"End: {end.words}." if end else ""


def _details_of_end(run: BulkAct) -> dict[str, Any]:
    return end_details(end_of_values(run.chosen))


async def _suggests_telling(tx: Transaction, tenant_id: UUID | None) -> bool | None:
    return await telling.suggests(tx, tenant_id) if outbox.is_configured() else None


async def _links(view: View, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    return await live_links(view, view.tenant_id, ids) if view.tenant_id else {}


def heirs_of(along: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Who gets the work of those who are deactivated, by what an act keeps of it: the `name` of
    each, and the `pocs`, `tasks` and `groups` so far."""
    heirs = (along or {}).get("to", ())
    return [{key: value for key, value in heir.items() if key != "id"} for heir in heirs]


def _details_of_work(run: BulkAct) -> dict[str, Any]:
    return {"handed_over": heirs_of(run.along)} if run.along else {}


async def _act_on(act: Act, run: BulkAct, people: Sequence[Values]) -> list[Outcome]:
    """Act on all of them at once: who can't be acted on is found out before anything is changed."""
    users = [await act.get(User, UUID(person["id"])) for person in people]  # locked, so it is known
    facts = await read_facts(act, users)
    fates = [fate_of(run, *one, facts) for one in zip(people, users, strict=True)]
    before = {user.id: (user.full_name, values_of_end(end_of(user))) for user in users}
    meant = [
        (person, user)
        for person, user, fate in zip(people, users, fates, strict=True)
        if fate.changes
    ]
    refused = dict(await _refusals(act, run, meant))
    changing = [(person, user) for person, user in meant if user.id not in refused]
    done = await _do(act, run, changing)
    refused |= done.refused
    return [
        _outcome(user, fate, before[user.id], done, refused.get(user.id))
        for user, fate in zip(users, fates, strict=True)
    ]


def _outcome(
    user: User,
    fate: Fate,
    before: tuple[str, Mapping[str, Any] | None],
    done: "_Done",
    refusal: RollcallError | None,
) -> Outcome:
    name, end = before
    if refusal is not None:
        return Outcome(user.id, name, FAILED, f"Failed: {refusal}")
    if not fate.changes:
        return Outcome(user.id, name, fate.key, fate.result)
    cause = done.causes.get(user.id)
    return Outcome(user.id, name, fate.key, fate.result, True, cause, user.version, end)


@dataclass(frozen=True)
class _Done:
    """What an act on several did: the audit entries of switches, and who was refused at the last
    moment, by the people's ids."""

    causes: Mapping[UUID, UUID | None] = field(default_factory=dict)
    refused: Mapping[UUID, RollcallError] = field(default_factory=dict)


Chosen = Sequence[tuple[Values, User]]
"""People of a batch: what is known of each from the beginning of the act, and the user."""


async def _refusals(act: Act, run: BulkAct, meant: Chosen) -> Mapping[UUID, RollcallError]:
    users = [user for _, user in meant]
    if run.kind is BulkKind.END_DATE:
        return {}
    if run.kind in (BulkKind.RESEND, BulkKind.COPY_LINKS):
        return await invitation_links.refusals(act, users)
    seen = [(user, person.get("seen")) for person, user in meant]
    refused = await switching.refusals(act, seen, run.kind is BulkKind.ACTIVATE)
    for error in refused.values():
        if isinstance(error, ActiveElsewhereError):
            await emails_elsewhere.count_answer(act.tx, act.principal)
    return refused


async def _do(act: Act, run: BulkAct, changing: Chosen) -> _Done:
    """The act on several people, by the same code as on one."""
    users = [user for _, user in changing]
    if run.kind is BulkKind.ACTIVATE:
        return await _activate(act, run, users)
    if run.kind is BulkKind.DEACTIVATE:
        changes = await switching.deactivate(act, users, run.reason, tell=run.tell)
        return _Done({change.user_id: change.cause for change in changes})
    if run.kind is BulkKind.END_DATE:
        ends = [(user, end_for(run, person)) for person, user in changing]
        await accounts.change_ends(act, ends, tell=run.tell)
    elif run.kind is BulkKind.RESEND:
        await invitation_links.renew(act, users)
    else:
        await invitation_links.tell(act, users)
    return _Done()


async def _activate(act: Act, run: BulkAct, users: Sequence[User]) -> _Done:
    """Activate all of them; one after the other if another account takes the email of one of them
    at this very moment, so that it holds up no other."""
    told, undone, among = len(act.tx.events), run.undoes_id is not None, None
    if undone and run.tell:
        # Who has heard that they are out hears that they are back.
        among = await telling.who_know_of_departure(act.tx, users)
    try:
        async with act.tx.begin_nested():
            changes = await switching.activate(
                act, users, tell=run.tell, undone=undone, among=among
            )
    except ActiveElsewhereError as error:
        # What was changed is undone, and no page hears of it.
        del act.tx.events[told:]
        for user in users:
            await act.tx.refresh(user)
        if len(users) == 1:
            await emails_elsewhere.count_answer(act.tx, act.principal)
            return _Done(refused={users[0].id: error})
        each = [await _activate(act, run, [user]) for user in users]
        causes = {user_id: cause for one in each for user_id, cause in one.causes.items()}
        return _Done(causes, {k: refusal for one in each for k, refusal in one.refused.items()})
    return _Done({change.user_id: change.cause for change in changes})


_act = partial(
    ManyAct,
    rows=USERS,
    looks=Permission.SWITCH_USERS,
    file=Secret.INVITATION,
    fates=tuple(FATES.values()),
    keep=_keep,
    judge=_judge,
    act_on=_act_on,
    locks=_lock,
    note=note_of_people,
    of_people=True,
    pictures=find_portraits,
)

DEACTIVATE = _act(
    kind=BulkKind.DEACTIVATE,
    permission=Permission.SWITCH_USERS,
    action=BulkAction.DEACTIVATED,
    words=words("user", "Deactivate", "Deactivating", "deactivated"),
    locks=_lock_admins_too,
    opposite=BulkKind.ACTIVATE,
    details=_details_of_work,
    danger=True,
    tells=_suggests_telling,
    cuts=True,
)
ACTIVATE = _act(
    kind=BulkKind.ACTIVATE,
    permission=Permission.SWITCH_USERS,
    action=BulkAction.ACTIVATED,
    words=words("user", "Activate", "Activating", "activated"),
    opposite=BulkKind.DEACTIVATE,
    tells=_suggests_telling,
)
RESEND = _act(
    kind=BulkKind.RESEND,
    permission=Permission.INVITE_USERS,
    action=BulkAction.RESENT,
    words=words("invitation", "Resend", "Resending", "resent", past="Invitations resent"),
)
COPY_LINKS = _act(
    kind=BulkKind.COPY_LINKS,
    permission=Permission.INVITE_USERS,
    action=BulkAction.LINKS_COPIED,
    words=words(
        "link",
        "Copy",
        "Copying",
        "copied",
        button="Copy Links",
        label="Copying links",
        past="Links copied",
    ),
    links=_links,
)
END_DATE = _act(
    kind=BulkKind.END_DATE,
    permission=Permission.EDIT_USERS,
    action=BulkAction.END_DATE_SET,
    words=Words(
        "user",
        "End Date",
        "Set the end date of {n}",
        "Setting the end date of {n}",
        "End date of {n} set",
        "Setting end dates",
        "End dates set",
    ),
    opposite=BulkKind.END_DATE,
    to_undo=_end_before,
    details=_details_of_end,
    asks=Question(
        "End date of the selected users",
        EndDate,
        _keep_end,
        _words_of_end,
        {"end_date": end_hint("the organisation’s time zone"), "end_time": TIME_HINT},
    ),
    tells=_suggests_telling,
)
USER_ACTS = (DEACTIVATE, ACTIVATE, RESEND, COPY_LINKS, END_DATE)
