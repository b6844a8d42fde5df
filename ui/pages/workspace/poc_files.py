"""Files of POCs and templates: the urls that they are posted to and read from."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import Depends, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from nicegui import app
from starlette.requests import ClientDisconnect

from services.access.permissions import Permission
from services.core.errors import (
    NotFoundError,
    RollcallError,
    SessionEndedError,
    TooMuchAtOnceError,
)
from services.sessions.sessions import Visit
from services.workspace import files
from services.workspace.files import OpenFile
from ui.identity import require
from ui.input import as_uuid
from ui.live import keep_pace
from ui.page import add_file
from ui.paths import home_path
from ui.public import status_of

NAME_HEADER = "X-File-Name"
REFUSED_AFTER = 1.0
"""Seconds until somebody is told that they upload too much at once: a script that tries again as
soon as it is told would keep the server busy with refusals."""
MayView = Annotated[Visit, Depends(require(Permission.VIEW_ALL_POCS))]
_recognise = require(Permission.COMMENT)
_recognise_author = require(Permission.ADD_TEMPLATE_RESOURCES)


def register() -> None:
    """Route them."""
    app.post("/t/{slug}/pocs/{poc_id}/files", include_in_schema=False)(upload)
    app.post("/t/{slug}/templates/{group_id}/files", include_in_schema=False)(upload_to_template)
    add_file("/t/{slug}/files/{resource_id}", frames=1)(download)


def upload_url(visit: Visit, poc_id: UUID) -> str:
    """Where files of a POC are posted to."""
    return f"{home_path(visit.tenant_slug)}/pocs/{poc_id}/files"


def template_upload_url(visit: Visit, group_id: UUID) -> str:
    """Where files of a group template are posted to."""
    return f"{home_path(visit.tenant_slug)}/templates/{group_id}/files"


def files_url(visit: Visit) -> str:
    """The path under which files are read, each by its id."""
    return f"{home_path(visit.tenant_slug)}/files"


async def upload(request: Request) -> Response:
    """Take one file, the request's body, and answer a script: a refusal is only its sentence."""

    async def take() -> None:
        visit = await _uploader(request, _recognise)
        poc_id = as_uuid(request.path_params["poc_id"])
        if poc_id is None:
            raise NotFoundError("This POC doesn't exist.")
        await files.upload(visit.actor, poc_id, _name(request), request.stream())

    return await _answer(take)


async def upload_to_template(request: Request) -> Response:
    """The same for a group template."""

    async def take() -> None:
        visit = await _uploader(request, _recognise_author)
        group_id = as_uuid(request.path_params["group_id"])
        if group_id is None:
            raise NotFoundError("This template doesn't exist.")
        await files.upload_to_template(
            visit.actor, _name(request), request.stream(), group_template_id=group_id
        )

    return await _answer(take)


async def _answer(take: Callable[[], Awaitable[None]]) -> Response:
    try:
        await take()
    except RollcallError as error:
        if isinstance(error, TooMuchAtOnceError):
            await asyncio.sleep(REFUSED_AFTER)
        return PlainTextResponse(str(error), status_of(error))
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it but the access log
    return Response(status_code=201)


def _name(request: Request) -> str:
    return unquote(request.headers.get(NAME_HEADER, ""))


async def download(visit: MayView, resource_id: str) -> Response:
    """A file, to be saved; the browser never shows it."""
    wanted = as_uuid(resource_id)
    if wanted is None:
        raise NotFoundError("This file doesn't exist, or was archived.")
    return file_response(await files.open_file(visit.actor, wanted))


def file_response(file: OpenFile) -> StreamingResponse:
    """A file as an attachment, under its own name, kept by no cache."""
    return StreamingResponse(
        file.pieces,
        media_type=file.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "Content-Length": str(file.size),
            "Cache-Control": "no-store",
        },
    )


async def _uploader(request: Request, recognise: Callable[[Request], Awaitable[Visit]]) -> Visit:
    """Who uploads. A person who isn't signed in is told so: a script can't follow to the sign-in
    page."""
    try:
        visit = await recognise(request)
    except HTTPException as error:
        raise SessionEndedError from error
    await keep_pace(visit.actor.session_id, visit.actor.holder_id)
    return visit
