"""`python -m tests.recipe_followed FOLDER`, in a tree where the recipes were followed: projects are
created, listed, logged, told and shown there. Prints what came of it, for `tests.test_recipes`."""

import asyncio
import csv
import json
import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from nicegui import core

from models import Role
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.audit.list import ENTRIES
from services.audit.reading import list_entries
from services.core.errors import OperatorError, RollcallError
from services.core.events import Event, from_message, to_message
from services.core.settings import Settings, load
from services.database.startup import started
from services.database.transaction import transaction
from services.lists.export import csv_pieces
from services.lists.query import from_url
from services.workspace import events
from tests import factories
from ui import live, work_feed
from ui.server import create_app

# What the recipes add: the type checker knows the tree without it.
WRONG_SETTING = "ROLLCALL_MOST_PROJECTS"


async def _follow(settings: Settings) -> dict[str, Any]:
    projects: Any = import_module("services.workspace.projects")
    async with started(settings) as rollcall:
        heard: set[str] = set()

        async def hear(event: Event) -> None:
            heard.add(type(from_message(to_message(event), 0)).__name__)

        rollcall.bus.subscribe(Event, hear)
        work_feed.subscribe(rollcall.bus)
        tenant = await factories.create_tenant("Acme", "acme")
        user = await factories.create_user(tenant, role=Role.SALES_ENGINEER)
        ada, token = await factories.open_session(user)
        grace = await factories.sign_in(await factories.create_admin(tenant))
        elsewhere = await factories.create_tenant("Other")
        stranger = await factories.sign_in(await factories.create_user(elsewhere))
        form = projects.NewProject(title="Fjord <b>", end_on="2026-12-24")
        await projects.create_project(ada, form)
        screen = await _screen(tenant.id)
        await rollcall.bus.drain()
        query = from_url(projects.PROJECTS, {"q": "fjo"})
        found = await projects.list_projects(grace, query)
        look = partial(viewing, grace, Permission["VIEW_PROJECTS"])
        pieces = [piece async for piece in csv_pieces(look, projects.PROJECTS, query)]
        file = "".join(pieces).removeprefix("\ufeff").splitlines()
        entries = (await list_entries(grace, from_url(ENTRIES, {}))).entries
        return {
            "form": _wrong_fields(projects.NewProject),
            "refused": await _refusal(projects.create_project(grace, form)),
            "list": [(row.title, str(row.due)) for row in found.rows],
            "elsewhere": (await projects.list_projects(stranger, query)).total,
            "log": [
                (entry.action_label, entry.subject)
                for entry in entries
                if entry.action == "project.created"
            ],
            "events": sorted(heard & {"PocStarred", "ProjectCreated", "RowChanged"}),
            "screen": ("poc-page", "rollcall_star") in screen,
            "file": list(csv.reader(file))[:2],
            **await _pages(settings, token),
        }


def _wrong_fields(form: Any) -> list[str]:
    try:
        form()
    except RollcallError as error:
        return sorted(vars(error)["fields"])
    return []


async def _refusal(call: Any) -> str:
    try:
        await call
    except RollcallError as error:
        return str(error)
    return ""


async def _screen(tenant_id: object) -> list[tuple[str, str]]:
    """What an open page of the POC is told when the recipe's event happens."""
    told: list[tuple[str, str]] = []

    async def broadcast(room: live.Room, name: str, _values: object) -> None:
        told.append((room.partition(" ")[0], name))

    vars(live)["broadcast"] = broadcast
    event = vars(events)["PocStarred"](tenant_id=tenant_id, poc_id=uuid4())
    async with transaction() as tx:
        tx.publish(event)
    return told


async def _pages(settings: Settings, token: str) -> dict[str, Any]:
    app, core.loop = create_app(settings), asyncio.get_running_loop()
    to_app = httpx.ASGITransport(app)
    cookies = {f"rollcall-{settings.port}": token, "rollcall": token}
    async with httpx.AsyncClient(
        transport=to_app, base_url=settings.public_url, cookies=cookies
    ) as http:
        page, roles = [(await http.get(f"/t/acme/{path}")).text for path in ("projects", "roles")]
    return {"page": ["Fjord" in page, "<b>" in page], "roles": "Begin projects" in roles}


def _told_of_the_setting() -> str:
    try:
        load()
    except OperatorError as error:
        return str(error).splitlines()[-1].strip()
    return ""


if __name__ == "__main__":
    told = _told_of_the_setting()
    del os.environ[WRONG_SETTING]
    done = asyncio.run(_follow(Settings(_env_file=None, data_dir=Path(sys.argv[1]))))
    sys.stdout.write(json.dumps(done | {"setting": told}))
