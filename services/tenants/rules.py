"""The rules that an organisation's admins set for its people: how often they are reviewed,
how long they stay, whether they are told what is done to their account."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationInfo, field_validator

from models import Tenant
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.core.form_fields import Option
from services.core.forms import Form, checkbox, choice, number
from services.database.looking import looks_first
from services.tenants.actions import TenantAction
from services.tenants.events import TenantChanged

MOST_DAYS = 3_650


class ReviewEvery(StrEnum):
    """How many days there may be between two reviews."""

    NEVER = "0"
    MONTH = "30"
    QUARTER = "90"
    HALF_YEAR = "180"
    YEAR = "365"

    @property
    def days(self) -> int | None:
        """The days; none if nobody is reminded."""
        return int(self.value) or None


REVIEWED = {
    ReviewEvery.NEVER: "No rule",
    ReviewEvery.MONTH: "Every 30 days",
    ReviewEvery.QUARTER: "Every 90 days",
    ReviewEvery.HALF_YEAR: "Every 180 days",
    ReviewEvery.YEAR: "Every 365 days",
}


class RulesForm(Form):
    """The rules for people."""

    review_every: ReviewEvery = choice(
        "Review",
        [Option(every, words) for every, words in REVIEWED.items()],
        hint="Tenant Admins are reminded by mail when the last review is older.",
    )
    usual_stay_days: int | None = number(
        "Default Stay",
        optional=True,
        least=1,
        most=MOST_DAYS,
        half=True,
        hint="In days. Invitations suggest an end so many days later. Empty: no end.",
    )
    longest_stay_days: int | None = number(
        "Longest Stay",
        optional=True,
        least=1,
        most=MOST_DAYS,
        half=True,
        hint="In days from now, whenever an end is set or extended. Not for Tenant Admins.",
    )
    tells_people: bool = checkbox(
        "Tell people by email what is done to their account",
        hint="Each dialog can choose otherwise. What none asks goes by this: an activation, a "
        "month more, an end that has come.",
    )

    @field_validator("longest_stay_days")
    @classmethod
    def _allows_the_usual(cls, longest: int | None, info: ValidationInfo) -> int | None:
        usual = info.data.get("usual_stay_days")
        if longest is not None and usual is not None and usual > longest:
            raise ValueError("The longest stay can’t be shorter than the default one.")
        return longest


@dataclass(frozen=True)
class Rules:
    """The rules as they are."""

    review_every: ReviewEvery
    usual_stay_days: int | None = None
    longest_stay_days: int | None = None
    tells_people: bool = False


async def get_rules(actor: Principal) -> Rules:
    """The rules of the organisation in which the actor works."""
    async with viewing(actor, Permission.MANAGE_ORGANISATION) as view:
        return _rules_of(await view.get_tenant())


@looks_first
async def edit_rules(actor: Principal, form: RulesForm) -> None:
    """Set the rules of the organisation. This changes nobody's end date."""
    async with acting(actor, Permission.MANAGE_ORGANISATION) as act:
        tenant = await act.get_tenant(lock=True)
        before = _rules_of(tenant)
        tenant.review_every_days = form.review_every.days
        tenant.usual_stay_days = form.usual_stay_days
        tenant.longest_stay_days = form.longest_stay_days
        tenant.tells_people = form.tells_people
        after = _rules_of(tenant)
        if after == before:
            return
        said, said_before = _words_of(after), _words_of(before)
        changes = [f"{name}: {words}" for name, words in said.items() if words != said_before[name]]
        await act.record(TenantAction.EDITED, tenant_id=tenant.id, changes=". ".join(changes))
        act.publish(TenantChanged(tenant_id=tenant.id))


def _rules_of(tenant: Tenant) -> Rules:
    return Rules(
        ReviewEvery(str(tenant.review_every_days or 0)),
        tenant.usual_stay_days,
        tenant.longest_stay_days,
        tenant.tells_people,
    )


def _words_of(rules: Rules) -> dict[str, str]:
    """The rules as the log says them."""
    return {
        "Review": REVIEWED[rules.review_every].lower(),
        "Default stay": _days(rules.usual_stay_days),
        "Longest stay": _days(rules.longest_stay_days),
        "Telling people": "by email" if rules.tells_people else "only where that is chosen",
    }


def _days(days: int | None) -> str:
    return f"{days:,} days" if days else "none"
