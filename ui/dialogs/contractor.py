"""Says of a user whether they are a contractor."""

from uuid import UUID

from services.access.actor import Actor
from services.users import contractors
from services.users.contractors import ContractorForm
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog


class ContractorDialog:
    """The checkbox of one user."""

    def __init__(self, actor: Actor, toast: Toast, user_id: UUID) -> None:
        self.actor = actor
        self.user_id = user_id
        self.dialog = FormDialog(
            toast,
            "Contractor",
            ContractorForm,
            submit="Save",
            on_submit=self._save,
            body="A review asks about contractors without an end date.",
        )

    def ask(self, is_now: bool, about: About) -> None:
        """Open it with the present state."""
        self.dialog.open({"contractor": is_now}, about=about)

    async def _save(self, form: ContractorForm) -> str:
        await contractors.set_contractor(self.actor, self.user_id, form.contractor)
        return "Noted as a contractor." if form.contractor else "No contractor any more."
