"""The entity that the recipes of docs/changing.md speak of, as somebody who follows them writes it:
whole files that are new, and lines that go into files which are there."""

from collections.abc import Mapping, Sequence

MODEL = '''
"""A project of an organisation."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field

from models.workspace.base import WorkRow


class Project(WorkRow, table=True):
    """Something that an organisation is about to do."""

    __tablename__ = "project"
    __table_args__ = (Index("ix_project_tenant_title", "tenant_id", "title_key", "id"),)

    title: str = Field(max_length=200)
    title_key: str = Field(max_length=1000)
    end_on: date | None = Field(default=None)
'''

MIGRATION = '''
"""Projects."""

import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "<newest>"


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "project",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid()),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("title_key", sa.String(1000), nullable=False),
        sa.Column("end_on", sa.Date()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_project_tenant_title", "project", ["tenant_id", "title_key", "id"])
'''

SERVICE = '''
"""Projects: their list, their form, and what is done with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from models import Project
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.actions import AuditAction
from services.audit.acting import acting, viewing
from services.database.transaction import Transaction
from services.core.events import Event
from services.core.forms import Form, day, text
from services.database.looking import looks_first
from services.core.names import fold
from services.lists.declaration import Column, LiveList, TextSearch, by
from services.lists.events import RowChanged
from services.lists.opening import Opened, read_opening
from services.lists.query import ListQuery
from services.lists.slices import Slice, read_slice
from services.workspace.rights import stamp


class ProjectAction(AuditAction):
    """What is done to projects."""

    CREATED = "project.created", "Project created"


@dataclass(frozen=True, kw_only=True)
class ProjectCreated(Event):
    """Somebody has created a project."""

    tenant_id: UUID
    project_id: UUID


class NewProject(Form):
    """A project to be created."""

    title: str = text("Title", most=200)
    end_on: date = day("End Date")


@dataclass(frozen=True)
class ProjectRow:
    """What the list shows of a project."""

    id: UUID
    version: int
    title: str
    key: str


async def _rows(tx: Transaction, projects: Sequence[Project]) -> list[ProjectRow]:
    return [
        ProjectRow(
            id=project.id,
            version=project.version,
            title=project.title,
            key=project.title_key,
        )
        for project in projects
    ]


PROJECTS = LiveList[ProjectRow](
    noun="project",
    plural="projects",
    model=Project,
    columns=(
        Column("title", "Title", sort=by(Project.title_key), cell="title", search=True, opens=True),
    ),
    search=TextSearch(Project.title_key),
    rows=_rows,
)


async def list_projects(principal: Principal, query: ListQuery) -> Slice[ProjectRow]:
    """A page of the projects of the tenant in which the principal works."""
    async with viewing(principal, Permission.VIEW_PROJECTS) as view:
        return await read_slice(view.tx, PROJECTS, query, view.tenant_id)


async def open_projects(principal: Principal, url: Mapping[str, Any]) -> Opened[ProjectRow]:
    """The same by a url's parameters: what its page begins with."""
    async with viewing(principal, Permission.VIEW_PROJECTS) as view:
        return await read_opening(view, PROJECTS, url)


@looks_first
async def create_project(principal: Principal, form: NewProject) -> UUID:
    """Create a project; returns its id."""
    async with acting(principal, Permission.CREATE_PROJECTS) as act:
        project = act.add(
            Project(**stamp(act), **form.model_dump(), title_key=fold(form.title))
        )
        await act.record(ProjectAction.CREATED, project)
        ids = {"tenant_id": project.tenant_id}
        act.publish(RowChanged(noun=PROJECTS.noun, row_id=project.id, **ids))
        act.publish(ProjectCreated(project_id=project.id, **ids))
        return project.id
'''

PAGE = '''
"""The projects of an organisation."""

from typing import Annotated

from fastapi import Depends

from services.access.permissions import Permission
from services.sessions.sessions import Visit
from services.workspace import projects
from services.workspace.projects import PROJECTS
from ui.frame import enter, frame
from ui.identity import require
from ui.page import add_page
from ui.paths import home_path
from ui.tables.feed import list_room
from ui.tables.live_table import LiveTable, opened

MayView = Annotated[Visit, Depends(require(Permission.VIEW_PROJECTS))]


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/projects")(projects_page)


async def projects_page(visit: MayView) -> None:
    """Build the page."""
    enter(visit, list_room(PROJECTS.noun, visit.actor.tenant_id))
    opening = await opened(visit, PROJECTS, projects.open_projects, projects.list_projects)
    with frame(visit, "Projects", current="projects"):
        LiveTable(
            visit, opening, title="Projects", base_url=f"{home_path(visit.tenant_slug)}/projects"
        )
'''

ENTITY_FILES = {
    "models/workspace/project.py": MODEL,
    "models/migrations/versions/0099_projects.py": MIGRATION,
    "services/workspace/projects.py": SERVICE,
    "ui/pages/workspace/projects.py": PAGE,
}
Steps = Sequence[tuple[str, str]]
"""For one file: what is there once, and what is written in its place."""
ENTITY_LINES: Mapping[str, Steps] = {
    "models/__init__.py": [
        (
            "from models.workspace.resource import",
            "from models.workspace.project import Project\n<as it was>",
        ),
        ("__all__ = [\n", '<as it was>    "Project",\n'),
    ],
    "services/access/permissions.py": [
        (
            "class Permission(StrEnum):\n",
            (
                "<as it was>"
                '    VIEW_PROJECTS = "View projects"\n'
                '    CREATE_PROJECTS = "Begin projects"\n'
            ),
        ),
        ("_SEE_THE_WORK = frozenset({", "<as it was>P.VIEW_PROJECTS, "),
        ("{P.RUN_POCS, ", "<as it was>P.CREATE_PROJECTS, "),
    ],
    "ui/pages/workspace/__init__.py": [
        ("import customer, home,", "import projects, customer, home,"),
        ("for page in (home,", "for page in (projects, home,"),
    ],
}
EVENT: Mapping[str, Steps] = {
    "services/workspace/events.py": [
        (
            "class MemberChanged(PocEvent):\n",
            (
                'class PocStarred(PocEvent):\n    """Somebody likes a POC."""\n\n\n'
                "@dataclass(frozen=True, kw_only=True)\n<as it was>"
            ),
        ),
    ],
    "ui/work_feed.py": [
        ("    MemberChanged,\n", "<as it was>    PocStarred,\n"),
        (
            "    bus.subscribe(TaskChanged, _show_task)\n",
            "<as it was>    bus.subscribe(PocStarred, _show_star)\n",
        ),
        (
            "async def _show_task(",
            (
                "async def _show_star(event: PocStarred) -> None:\n"
                '    await live.broadcast(poc_room(event.poc_id), "rollcall_star", {})\n\n\n'
                "<as it was>"
            ),
        ),
    ],
}
COLUMN: Mapping[str, Steps] = {
    "services/workspace/projects.py": [
        ("    key: str\n", "<as it was>    due: date | None = None\n"),
        ("            key=project.title_key,\n", "<as it was>            due=project.end_on,\n"),
        ("opens=True),\n", '<as it was>        Column("due", "Due", cell="date"),\n'),
    ],
}
SETTING: Mapping[str, Steps] = {
    "services/core/settings.py": [
        (
            "    secret: SecretStr | None = Field(\n",
            (
                '    most_projects: int = Field(9, ge=1, description="How many there may be.")\n'
                "<as it was>"
            ),
        ),
    ],
}
WHAT_COMES_OF_IT: Mapping[str, object] = {
    "form": ["end_on", "title"],
    "refused": "Your role doesn't allow this. Ask your admin.",
    "list": [["Fjord <b>", "2026-12-24"]],
    "elsewhere": 0,
    "log": [["Project created", "Fjord <b>"]],
    "events": ["PocStarred", "ProjectCreated", "RowChanged"],
    "screen": True,
    "file": [["Title", "Due"], ["Fjord <b>", "2026-12-24"]],
    "page": [True, False],
    "roles": True,
    "setting": 'ROLLCALL_MOST_PROJECTS must be a whole number from 1 (it is "many").',
}
