"""A CSV file to be saved, as an answer."""

from collections.abc import AsyncIterator

from fastapi.responses import Response, StreamingResponse


def csv_answer(content: str | AsyncIterator[str], name: str) -> Response:
    """A file of this name, without its ending: at once, or piece by piece as it is read."""
    kind = Response if isinstance(content, str) else StreamingResponse
    return kind(
        content,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "no-store",
        },
    )
