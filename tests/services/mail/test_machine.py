"""However the mail server answers, whatever crashes or is resent: each mail is sent with one
Message-ID, and only once unless a crash hides that it was sent, and its state on the screen is
true.

`make test` tries 5 histories on SQLite and 3 on PostgreSQL; `make soak` 10 and 4.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule
from sqlmodel import select

from models import MailState, OutgoingMail
from services.access.actor import COMMAND_LINE, Operator
from services.core.errors import ConflictError, RollcallError
from services.database.transaction import reading
from services.mail import delivery, queue
from services.mail.queue import LEASE, PAUSES
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.conftest import BOTH
from tests.deliveries import deliver_next
from tests.machines import Machine, explore, maker
from tests.mail_server import OK, receiving_mail
from tests.racing import race
from tests.sizes import size

pytestmark = [pytest.mark.slow, pytest.mark.stress]

MOODS = (OK, "451 Try again later", "554 Not here")


class Outbox(Machine):
    """An admin who invites, a mail server of many moods, and workers that may die."""

    people = Bundle("people")

    @initialize()
    def begin(self) -> None:
        self.server = self.run(self.stack.enter_async_context(receiving_mail()))
        given = self.runtime.settings
        given.mail_server, given.mail_port = "127.0.0.1", self.server.port
        given.mail_from, given.mail_starttls = "rollcall@example.com", False
        self.tenant = self.run(factories.create_tenant())
        self.by = Operator("Test", self.tenant.id)
        self.sent_unseen: Counter[str] = Counter()  # deliveries that a crash kept from the books

    @rule(target=people)
    def invite(self) -> UUID:
        number = len(self.run(books.active_users())) + len(self.server.received)
        email = f"user{number}.{len(self.run(self._mails()))}@example.com"
        form = InvitationForm(first_name="A", last_name="B", email=email, role="administrator")
        return self.run(invitations.invite(self.by, form)).user_id

    @rule(person=people)
    def resend(self, person: UUID) -> None:
        try:
            self.run(invitations.resend(self.by, person))
        except ConflictError:
            assert not self.run(books.user_of(person)).active

    @rule(person=people, active=st.booleans())
    def switch(self, person: UUID, active: bool) -> None:
        self.run(accounts.set_active(COMMAND_LINE, person, active))

    @rule(mood=st.sampled_from(MOODS), drop=st.booleans(), rude=st.booleans())
    def change_mood(self, mood: str, drop: bool, rude: bool) -> None:
        self.server.answer, self.server.drop, self.server.rude = mood, drop, rude

    @rule(person=people, refused=st.booleans())
    def refuse_an_address(self, person: UUID, refused: bool) -> None:
        self.server.refused.clear()
        if refused:
            email = self.run(books.user_of(person)).email
            self.server.refused[email] = "550 No such person here"

    @rule()
    def deliver(self) -> None:
        self.run(deliver_next())

    @rule()
    def deliver_twice_at_once(self) -> None:
        async def both() -> None:
            await race(deliver_next(), deliver_next())

        self.run(both())

    @rule()
    def die_before_sending(self) -> None:
        self.run(queue.take())

    @rule()
    def die_after_sending(self) -> None:
        async def send_and_die() -> None:
            leased = await queue.take()
            letter = await delivery._render(leased) if leased else None
            if letter is None:
                return
            before = len(self.server.received)
            with suppress(RollcallError):
                await delivery._send(letter, self.runtime.settings)
            self.sent_unseen[letter.message_id] += len(self.server.received) - before

        self.run(send_and_die())

    @rule(
        by=st.sampled_from([PAUSES[0], PAUSES[2], LEASE, timedelta(hours=4), timedelta(hours=-1)])
    )
    def let_time_pass(self, by: timedelta) -> None:
        self.step(by)

    @rule()
    def calm_down(self) -> None:
        """The server works again, and enough time passes: all waiting mails are sent."""
        self.change_mood(OK, drop=False, rude=False)
        self.server.refused.clear()
        for wait in (LEASE, *PAUSES):
            self.step(wait + timedelta(seconds=1))
            while self.run(deliver_next()):
                pass
        assert not [m for m in self.run(self._mails()) if m.state is MailState.WAITING]

    async def _mails(self) -> list[OutgoingMail]:
        async with reading() as tx:
            return list(await tx.exec(select(OutgoingMail)))

    @invariant()
    def the_books_tell_what_happened(self) -> None:
        if not hasattr(self, "by"):
            return
        arrived = Counter(str(mail.message["Message-ID"]) for mail in self.server.received)
        mails = {mail.message_id: mail for mail in self.run(self._mails())}
        assert arrived.keys() <= mails.keys()
        for message_id, mail in mails.items():
            seen = arrived[message_id] - self.sent_unseen[message_id]
            assert seen == (mail.state is MailState.SENT)
            assert mail.state is not MailState.FAILED or mail.last_answer
            assert mail.attempts <= len(PAUSES) + 1
            if mail.state is MailState.WAITING and mail.user_id is not None:
                user = self.run(books.user_of(mail.user_id))
                assert user.active, "nobody who was shut out is written to"
        for received in self.server.received:
            assert mails[str(received.message["Message-ID"])].recipient in received.recipients


@pytest.mark.parametrize("kind", BOTH)
def test_each_mail_goes_out_once_and_its_state_is_true(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    explore(Outbox, maker(request, kind, tmp_path), size(5, 10) if kind == "sqlite" else size(3, 4))
