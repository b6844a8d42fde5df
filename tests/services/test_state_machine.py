"""Whatever people do in whatever order, these hold: one active account per email, no live session
or link of an inactive user, every change in the audit log, whose chain is whole.

`make test` tries 10 histories on SQLite and 5 on PostgreSQL; `make soak` 25 and 10.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from models import LinkPurpose, Role, Tenant
from services.access.actor import Actor
from services.access.one_time_links import LIFETIMES
from services.audit.check import verify
from services.core.errors import (
    ConflictError,
    DeadLinkError,
    InvalidInputError,
    SignInFailedError,
    TooManyAttemptsError,
)
from services.sessions import sessions
from services.sign_in.sign_in import sign_in
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.conftest import BOTH
from tests.factories import CALLER, PASSWORD
from tests.machines import Machine, explore, maker
from tests.sizes import size

pytestmark = [pytest.mark.slow, pytest.mark.stress]

EMAILS = ("ada@example.com", "ADA@example.com", "grace@example.com")


class Directory(Machine):
    """A tenant with one admin who invites, resends, activates and deactivates."""

    people = Bundle("people")
    visits = Bundle("visits")

    def __init__(self) -> None:
        super().__init__()
        self.changes = 0  # as many entries as the log must have
        self.links: dict[UUID, str] = {}

    @initialize()
    def begin(self) -> None:
        self.tenant: Tenant = self.run(factories.create_tenant())
        self.admin_user = self.run(factories.create_admin(self.tenant))
        self.enter_admin()

    def enter_admin(self) -> None:
        self.admin: Actor = self.run(factories.sign_in(self.admin_user))

    @rule(target=people, email=st.sampled_from(EMAILS))
    def invite(self, email: str) -> Any:
        taken = any(u.active for u in self.run(books.users_with(email.lower())))
        form = InvitationForm(
            first_name="Ada", last_name="L", email=email, role=Role.SALES_ENGINEER.value
        )
        try:
            invited = self.run(invitations.invite(self.admin, form))
        except InvalidInputError:
            assert taken
            return multiple()
        assert not taken
        self.changes += 2  # its link is handed out, as no mail server is set
        self.remember_link(invited.user_id)
        return invited.user_id

    def remember_link(self, user_id: UUID) -> None:
        user = self.run(books.user_of(user_id))
        self.links[user_id] = self.run(factories.token_of(user, LinkPurpose.INVITATION))

    @rule(person=people)
    def resend(self, person: UUID) -> None:
        user = self.run(books.user_of(person))
        try:
            self.run(invitations.resend(self.admin, person))
        except ConflictError:
            assert not user.active or not user.invited
            return
        assert user.active
        assert user.invited
        self.changes += 2  # its link is handed out, as no mail server is set
        self.remember_link(person)

    @rule(target=visits, person=people)
    def accept(self, person: UUID) -> Any:
        live = bool(self.run(books.live_links_of(person)))
        link = self.links[person]
        try:
            signed_in = self.run(invitations.accept(self.tenant.slug, link, PASSWORD, CALLER))
        except DeadLinkError:
            assert not live
            return multiple()
        assert live
        self.changes += 2  # accepted, and signed in
        return signed_in.token

    @rule(target=visits, person=people)
    def enter(self, person: UUID) -> Any:
        user = self.run(books.user_of(person))
        try:
            signed_in = self.run(sign_in(self.tenant.slug, user.email, PASSWORD, CALLER))
        except TooManyAttemptsError:
            return multiple()
        except SignInFailedError:
            # The address may belong to a newer account by now, which is the one that is asked.
            active = [u for u in self.run(books.users_with(user.email_key)) if u.active]
            assert not any(u.password_hash for u in active)
            self.changes += 1
            return multiple()
        self.changes += 1
        return signed_in.token

    @rule(token=consumes(visits))
    def leave(self, token: str) -> None:
        if self.run(sessions.find_session_id(token)) is None:
            return
        visit = self.run(sessions.recognise(token, self.tenant.slug, CALLER))
        self.run(sessions.sign_out(visit.actor))
        self.changes += 1
        assert self.run(sessions.find_session_id(token)) is None

    @rule(person=people)
    def deactivate(self, person: UUID) -> None:
        change = self.run(accounts.set_active(self.admin, person, active=False))
        self.changes += change.changed

    @rule(person=people)
    def activate(self, person: UUID) -> None:
        user = self.run(books.user_of(person))
        others = [u for u in self.run(books.users_with(user.email_key)) if u.id != person]
        try:
            change = self.run(accounts.set_active(self.admin, person, active=True))
        except ConflictError:
            assert any(other.active for other in others)
            return
        self.changes += change.changed

    @rule(days=st.sampled_from([1, 8, 15]))
    def let_time_pass(self, days: int) -> None:
        self.step(timedelta(days=days))
        self.enter_admin()  # nobody's session lasts that long
        if timedelta(days=days) > LIFETIMES[LinkPurpose.INVITATION]:
            for person in self.links:
                assert self.run(books.live_links_of(person)) == []

    @invariant()
    def one_active_account_per_email(self) -> None:
        for email in {email.lower() for email in EMAILS}:
            assert sum(u.active for u in self.run(books.users_with(email))) <= 1

    @invariant()
    def an_inactive_user_has_no_way_in(self) -> None:
        for person in self.links:
            if not self.run(books.user_of(person)).active:
                assert self.run(books.live_sessions_of(person)) == []
                assert self.run(books.live_links_of(person)) == []

    @invariant()
    def every_change_is_in_the_log(self) -> None:
        if not hasattr(self, "tenant"):
            return
        assert len(self.run(books.audit_of(self.tenant))) == self.changes
        assert self.run(verify())[1] is None


@pytest.mark.parametrize("kind", BOTH)
def test_invariants_hold(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    explore(
        Directory, maker(request, kind, tmp_path), size(10, 25) if kind == "sqlite" else size(5, 10)
    )
