"""Somebody's picture or initials."""

from uuid import UUID

from ui.components.component import Component
from ui.looks import version_of


class PersonAvatar(Component, script="person_avatar.js", imports=["table_rows.js", "avatar.js"]):
    """The picture of a person, by its digest; their initials if they have none; with a dot if they
    are here."""

    def __init__(
        self, person_id: UUID, name: str, picture: str, look: str = "", *, online: bool = False
    ) -> None:
        super().__init__()
        self._props["person"] = str(person_id)
        self._props["name"] = name
        self._props["picture"] = version_of(picture)
        self._props["look"] = look
        self._props["online"] = online
