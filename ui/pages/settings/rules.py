"""Settings, Reviews and end dates: the rules for people."""

from dataclasses import asdict

from services.sessions.sessions import Visit
from services.tenants.rules import Rules, RulesForm, edit_rules, get_rules
from ui.components.toast import Toast
from ui.forms.page_form import Card, PageForm

CARDS = (
    Card("reviews", "Reviews", ("review_every",)),
    Card("stays", "End dates", ("usual_stay_days", "longest_stay_days")),
    Card("telling", "Telling people", ("tells_people",)),
)


class RulesSection:
    """The form of the rules."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast

    async def build(self) -> None:
        """Lay the section out."""
        rules = await get_rules(self.actor)
        self.form = PageForm(self.toast, RulesForm, CARDS, _values(rules), on_submit=self._save)

    async def refresh(self) -> None:
        """Show what is saved by now."""
        self.form.follow(_values(await get_rules(self.actor)))

    async def _save(self, form: RulesForm) -> str:
        await edit_rules(self.actor, form)
        self.form.show(_values(await get_rules(self.actor)))
        return "The rules are saved."


def _values(rules: Rules) -> dict[str, object]:
    return asdict(rules)
