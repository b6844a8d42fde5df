"""The rules that an organisation's admins set for its people: how often they are reviewed."""

from dataclasses import dataclass
from enum import StrEnum

from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.audit.writing import Action
from services.core.form_fields import Option
from services.core.forms import Form, choice
from services.core.looking import looks_first
from services.tenants.events import TenantChanged


class ReviewEvery(StrEnum):
    """How many days there may be between two reviews."""

    NEVER = "0"
    MONTH = "30"
    QUARTER = "90"
    HALF_YEAR = "180"
    YEAR = "365"

    @property
    def days(self) -> int | None:
        """The days; none where nobody is reminded."""
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


@dataclass(frozen=True)
class Rules:
    """The rules as they are."""

    review_every: ReviewEvery


async def get_rules(actor: Principal) -> Rules:
    """The rules of the organisation in which the actor works."""
    async with viewing(actor, Permission.MANAGE_ORGANISATION) as view:
        days = (await view.get_tenant()).review_every_days
        return Rules(ReviewEvery(str(days or 0)))


@looks_first
async def edit_rules(actor: Principal, form: RulesForm) -> None:
    """Set the rules of the organisation."""
    async with acting(actor, Permission.MANAGE_ORGANISATION) as act:
        tenant = await act.get_tenant(lock=True)
        before, days = tenant.review_every_days, form.review_every.days
        if before == days:
            return
        tenant.review_every_days = days
        words = REVIEWED[form.review_every].lower()
        await act.record(Action.TENANT_EDITED, tenant_id=tenant.id, changes=f"Review: {words}")
        act.publish(TenantChanged(tenant_id=tenant.id))
