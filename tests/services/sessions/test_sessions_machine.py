"""However sessions begin, are used, expire and are ended, and whatever the clock does: exactly
those that should be are alive, and none that was over lives again.

`make test` tries 5 histories on SQLite and 3 on PostgreSQL; `make soak` 8 and 4.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, rule

from models import SEEN_EVERY, LinkPurpose
from services.access.actor import COMMAND_LINE, Actor
from services.audit.check import verify
from services.core import clock
from services.core.errors import SessionEndedError, SignInFailedError
from services.operations import expiry
from services.sessions import sessions
from services.sign_in import password_change
from services.sign_in.sign_in import sign_in
from services.users import accounts
from tests import books, factories
from tests.conftest import BOTH
from tests.factories import CALLER, PASSWORD
from tests.machines import Machine, explore, maker
from tests.sizes import size

pytestmark = [pytest.mark.slow, pytest.mark.stress]

PASSWORDS = (PASSWORD, "an entirely other sentence")


@dataclass
class Known:
    """What must be true of a session."""

    begun: datetime
    seen: datetime
    over: bool = False


class Sessions(Machine):
    """Ada, in any number of browsers, and whoever ends her sessions."""

    tokens = Bundle("tokens")

    @initialize()
    def begin(self) -> None:
        self.tenant = self.run(factories.create_tenant())
        self.ada = self.run(factories.create_user(self.tenant))
        self.known: dict[str, Known] = {}
        self.password, self.active = 0, True

    def _add(self, token: str) -> str:
        self.known[token] = Known(clock.now(), clock.now())
        return token

    def _is_alive(self, token: str) -> bool:
        known, given = self.known[token], self.runtime.settings
        until = min(known.seen + given.session_idle, known.begun + given.session_max)
        return not known.over and clock.now() < until

    def _seen(self, token: str) -> None:
        known = self.known[token]
        if clock.now() - known.seen >= SEEN_EVERY:
            known.seen = clock.now()

    def _actor(self, token: str) -> Actor | None:
        try:
            return self.run(sessions.recognise(token, self.tenant.slug, CALLER)).actor
        except SessionEndedError:
            return None

    def _end_all(self, *, but: str = "") -> None:
        for token, known in self.known.items():
            known.over |= token != but

    @rule(target=tokens)
    def enter(self) -> object:
        password = PASSWORDS[self.password]
        try:
            done = self.run(sign_in(self.tenant.slug, self.ada.email, password, CALLER))
        except SignInFailedError:
            assert not self.active
            return multiple()
        assert self.active
        return self._add(done.token)

    @rule(token=tokens)
    def look(self, token: str) -> None:
        actor = self._actor(token)
        if actor is not None:
            self.run(sessions.touch(actor))
            self._seen(token)

    @rule(token=tokens)
    def leave(self, token: str) -> None:
        if (actor := self._actor(token)) is not None:
            self.run(sessions.sign_out(actor))
            self.known[token].over = True

    @rule(token=tokens, other=tokens)
    def revoke_one(self, token: str, other: str) -> None:
        actor, theirs = self._actor(token), self._actor(other)
        if actor is not None and theirs is not None:
            self.run(sessions.revoke(actor, self.ada.id, theirs.session_id))
            self._seen(token)
            self.known[other].over = True

    @rule(token=tokens)
    def revoke_the_others(self, token: str) -> None:
        if (actor := self._actor(token)) is not None:
            self.run(sessions.revoke(actor, self.ada.id))
            self._seen(token)
            self._end_all(but=token)

    @rule()
    def be_signed_out_everywhere(self) -> None:
        self.run(sessions.revoke(COMMAND_LINE, self.ada.id))
        self._end_all()

    @rule(token=tokens)
    def change_the_password(self, token: str) -> None:
        if (actor := self._actor(token)) is not None:
            old, new = PASSWORDS[self.password], PASSWORDS[1 - self.password]
            self.run(password_change.change_password(actor, old, new))
            self.password = 1 - self.password
            self._seen(token)
            self._end_all(but=token)

    @rule(target=tokens)
    def reset_the_password(self) -> object:
        if not self.active:
            return multiple()
        (link,) = self.run(factories.issue_links([self.ada], LinkPurpose.RESET))
        new = PASSWORDS[1 - self.password]
        done = self.run(password_change.reset(self.tenant.slug, link, new, CALLER))
        self.password = 1 - self.password
        self._end_all()
        return self._add(done.token)

    @rule(active=st.booleans())
    def switch(self, active: bool) -> None:
        self.run(accounts.set_active(COMMAND_LINE, self.ada.id, active))
        self.active = active
        if not active:
            self._end_all()

    @rule(hours=st.sampled_from([-1, 1, 5, 13, 24 * 3, 24 * 15]))
    def let_time_pass(self, hours: int) -> None:
        self.step(timedelta(hours=hours))
        for token, known in self.known.items():
            known.over |= not self._is_alive(token)
        self.run(expiry.settle())

    @invariant()
    def exactly_those_are_alive_that_should_be(self) -> None:
        if not hasattr(self, "known"):
            return
        alive = {token for token in self.known if self._is_alive(token)}
        assert {token for token in self.known if self._actor(token)} == alive
        assert len(self.run(sessions.list_open(COMMAND_LINE, self.ada.id))) == len(alive)
        assert self.active or not alive

    def teardown(self) -> None:
        assert self.run(verify())[1] is None
        super().teardown()

    @invariant()
    def what_is_over_says_why(self) -> None:
        if hasattr(self, "known"):
            for row in self.run(books.sessions_of(self.ada.id)):
                assert (row.ended_at is None) == (row.end_reason is None)


@pytest.mark.parametrize("kind", BOTH)
def test_sessions_live_and_end_as_they_should(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    explore(
        Sessions,
        maker(request, kind, tmp_path),
        size(5, 8) if kind == "sqlite" else size(3, 4),
        steps=20,
    )
