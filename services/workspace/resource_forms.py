"""What is asked about a resource: of a link, a code snippet or a note, and of a file."""

from urllib.parse import urlsplit

from pydantic import ValidationInfo, field_validator

from models import ResourceKind
from services.core.form_fields import Option
from services.core.forms import Form, checkbox, choice, lines, text

FILE = ResourceKind.FILE
KINDS = tuple(Option(kind.value, kind.label) for kind in ResourceKind if kind is not FILE)
LONGEST_URL = 2000


class ResourceForm(Form):
    """A resource: `content` is the link's url, the code, or the note in Markdown. `shared` is
    whether the customer sees it."""

    kind: ResourceKind = choice("Kind", KINDS)
    title: str = text("Title")
    content: str = lines(
        "Content", most=100_000, hint="The address of a link, the code, or the note in Markdown."
    )
    language: str = text(
        "Language",
        optional=True,
        most=40,
        hint="Such as Python.",
        only_with=("kind", ResourceKind.CODE.value),
    )
    shared: bool = checkbox("Shared with the customer")

    @field_validator("kind")
    @classmethod
    def _is_typed(cls, kind: ResourceKind) -> ResourceKind:
        if kind is FILE:
            raise ValueError("Drop the file on the page instead.")
        return kind

    @field_validator("content")
    @classmethod
    def _is_a_url(cls, content: str, info: ValidationInfo) -> str:
        if info.data.get("kind") is not ResourceKind.LINK:
            return content
        try:
            parts = urlsplit(content)
        except ValueError:
            parts = urlsplit("")
        is_whole = parts.scheme in {"http", "https"} and parts.netloc and not content.split()[1:]
        if not is_whole or len(content) > LONGEST_URL:
            raise ValueError("A link begins with https:// or http://.")
        return content


class FileForm(Form):
    """What can be changed of a file: its title, and whether the customer sees it."""

    title: str = text("Title")
    shared: bool = checkbox("Shared with the customer")
