"""What can be done to many rows of a list: each kind of act is declared once, beside its noun.

The draft, its preview, the batches, the undo and the results are the same for all of them. What a
kind says is which rows, by whose right, what becomes of each, and how that is done.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import BulkAct, BulkKind
from services.access.permissions import Permission, Secret
from services.audit.acting import Act, View
from services.audit.actions import AuditAction
from services.bulk.events import BulkProgressed
from services.core.errors import NotFoundError
from services.core.forms import Form
from services.database.transaction import Transaction
from services.lists.declaration import LiveList

ANYBODY = Permission.USE_OWN_ACCOUNT
"""What a call asks of whoever acts before it knows the act: then it asks what that kind takes."""
NOTHING = "Nothing changes for them."
# How many ids one query asks for.
CHUNK = 500

Values = Mapping[str, Any]
"""A row of an act as it was kept at its beginning: `id`, `name`, and what its kind needs."""
Kept = Mapping[str, Any] | None
"""What was chosen for all rows of an act, as its kind keeps it with the act."""


@dataclass(frozen=True)
class Fate:
    """What becomes of some of the rows: of people, mostly.

    `one` and `many` follow their number, `result` is said of each, and `results` of several if that
    needs other words; `note` says more. Those whom it doesn't change are skipped.
    """

    key: str
    one: str
    many: str
    result: str
    changes: bool = False
    note: str = ""
    results: str = ""

    def result_of(self, count: int) -> str:
        """What became of this many of them; it follows the number."""
        return (self.results if count != 1 and self.results else self.result).lower()


@dataclass(frozen=True)
class Judged:
    """What would become of one row."""

    row_id: UUID
    name: str
    fate: Fate


@dataclass(frozen=True)
class Outcome:
    """What became of one row: the key of its fate, and words.

    `cause` is the audit entry by which the receipt of a deactivation is found; `seen` is the row's
    version afterwards, and `before` what its kind keeps of how it was. With these, the act can be
    undone.
    """

    row_id: UUID
    name: str
    fate: str
    result: str
    changed: bool = False
    cause: UUID | None = None
    seen: int | None = None
    before: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Words:
    """How an act is spoken of; `{n}` is a number with its noun.

    `button` begins it, `acts` says what is done, `doing` while it is done, and `done` afterwards;
    `label` names the progress, and `past` the act in a list of acts.
    """

    noun: str
    button: str
    acts: str
    doing: str
    done: str
    label: str
    past: str


def words(noun: str, verb: str, doing: str, done: str, **own: str) -> Words:
    """The words for an act, made from the three forms of its verb ("Archive", "Archiving",
    "archived"); those in `own` replace them."""
    usual = {
        "button": verb,
        "acts": f"{verb} {{n}}",
        "doing": f"{doing} {{n}}",
        "done": f"{{n}} {done}",
        "label": doing,
        "past": done.capitalize(),
    }
    return Words(noun, **{**usual, **own})


@dataclass(frozen=True)
class Question:
    """What an act asks before anything else: a form, whose answer is for all of its rows.

    `keep` makes of the answer what the act keeps (none: there was no answer), and raises
    `InvalidInputError`; `words` say that on the act's page.
    """

    title: str
    form: type[Form]
    keep: Callable[[Act, Any], Awaitable[Kept]]
    words: Callable[[Mapping[str, Any]], str]
    hints: Mapping[str, str] = field(default_factory=dict)
    """What is said below its fields, if they don't say it themselves."""


async def _locks_nobody(_tx: Transaction, _run: BulkAct, _rows: Any) -> Sequence[UUID]:
    return ()


def says_so(fate: Fate, _ids: Sequence[UUID]) -> str:
    """What a fate itself says."""
    return fate.note or ("" if fate.changes else NOTHING)


def chosen_for(run: BulkAct, values: Values) -> Kept:
    """What was chosen for a row: the same for all; or, if the act undoes another one, what the row
    had before that."""
    kept: Kept = values.get("chosen", run.chosen)
    return kept


def _no_more(_run: BulkAct) -> dict[str, Any]:
    return {}


def what_was_seen(_run: BulkAct, outcome: Outcome) -> dict[str, Any]:
    """What undoing takes of each row at least: how it was left, and by which entry."""
    return {"seen": outcome.seen, "cause": str(outcome.cause) if outcome.cause else None}


@dataclass(frozen=True, kw_only=True)
class ManyAct:
    """One kind of act on many rows of a list.

    `keep` makes of a row of the table what the act keeps of it. `judge` says what would become of
    the kept rows now, and `act_on` does it to some of them, in one transaction whose act it gets;
    `locks` are the users to lock before that. `opposite` is the kind that undoes this one, and
    `to_undo` what that needs to know of a row. `note` says more of several with one fate, and
    `details` what the log has of the whole besides. `looks` is the permission to see such acts, and
    `file` what the file with their results takes.
    """

    kind: BulkKind
    rows: LiveList[Any]
    permission: Permission
    looks: Permission
    file: Permission | Secret
    action: AuditAction
    words: Words
    fates: Sequence[Fate]
    keep: Callable[[Any], dict[str, Any]]
    judge: Callable[[View, BulkAct, Sequence[Values]], Awaitable[Sequence[Judged]]]
    act_on: Callable[[Act, BulkAct, Sequence[Values]], Awaitable[Sequence[Outcome]]]
    locks: Callable[[Transaction, BulkAct, Sequence[Values]], Awaitable[Collection[UUID]]] = (
        _locks_nobody
    )
    opposite: BulkKind | None = None
    to_undo: Callable[[BulkAct, Outcome], dict[str, Any]] = what_was_seen
    note: Callable[[Fate, Sequence[UUID]], str] = says_so
    details: Callable[[BulkAct], dict[str, Any]] = _no_more
    asks: Question | None = None
    needs_filter: str = ""
    """The filter of the list without which it shows no row that this would change: until it is set,
    this isn't offered."""
    danger: bool = False
    of_people: bool = False
    """Whether the rows are people, who are shown with their faces."""
    tells: Callable[[Transaction, UUID | None], Awaitable[bool | None]] | None = None
    """Whether an organisation suggests that each is told by mail; none: they can't be told."""
    links: Callable[[View, Sequence[UUID]], Awaitable[Mapping[UUID, str]]] | None = None
    """The links to hand over that came of it, by the rows; whoever began it is shown them."""
    pictures: Callable[[Transaction, Sequence[UUID]], Awaitable[Mapping[UUID, str]]] | None = None
    """The digests of the rows' pictures, for those that have one."""
    cuts: bool = False
    """Whether it closes people's open pages, which are counted."""

    def __post_init__(self) -> None:
        _declared[self.kind] = self


_declared: dict[BulkKind, ManyAct] = {}


def kind_of(run: BulkAct | BulkKind) -> ManyAct:
    """What was declared of an act's kind. Raises `NotFoundError` for one that this process doesn't
    know."""
    kind = run if isinstance(run, BulkKind) else run.kind
    if kind not in _declared:
        raise NotFoundError
    return _declared[kind]


def kinds_of(nouns: Collection[str]) -> Sequence[ManyAct]:
    """The kinds of act on the rows of the lists with these nouns."""
    return [one for one in _declared.values() if one.rows.noun in nouns]


def progressed(run: BulkAct) -> BulkProgressed:
    """Tells the pages that show this act that it has got further."""
    noun = kind_of(run).rows.noun
    return BulkProgressed(tenant_id=run.tenant_id, bulk_id=run.id, noun=noun)


async def emails_of(tx: Transaction, act: ManyAct, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """The emails of these rows of an act, where they are people: names alone don't tell who is
    meant."""
    emails: dict[UUID, str] = {}
    model: Any = act.rows.model
    for at in range(0, len(ids) if act.of_people else 0, CHUNK):
        some = col(model.id).in_(ids[at : at + CHUNK])
        emails |= dict((await tx.exec(select(model.id, model.email).where(some))).all())
    return emails


async def rows_by_id(tx: Transaction, model: Any, ids: Sequence[UUID]) -> list[Any]:
    """These rows of a table, in this order; those that exist."""
    rows: dict[UUID, Any] = {}
    for at in range(0, len(ids), CHUNK):
        found = await tx.exec(select(model).where(col(model.id).in_(ids[at : at + CHUNK])))
        rows |= {row.id: row for row in found}
    return [rows[row_id] for row_id in ids if row_id in rows]
