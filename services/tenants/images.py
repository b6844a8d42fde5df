"""Images that people send: recognised by their content, and encoded again before they are stored.

So nothing of the original file reaches another browser: no hidden data (where a photo was taken,
for example), and nothing made to attack an image reader.
"""

import asyncio
import hashlib
import io
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.errors import InvalidInputError, TooMuchAtOnceError
from services.core.lazily import lazily
from services.database import runtime
from services.database.write_queue import Who

if TYPE_CHECKING:
    import PIL
    from PIL import Image, ImageOps
else:
    PIL, Image, ImageOps = lazily("PIL"), lazily("PIL.Image"), lazily("PIL.ImageOps")

MAX_BYTES = 2 * 1024 * 1024
# Decoded, this takes some 150 MB for a moment; ...
MAX_PIXELS = 16_000_000
# ... and each row takes some more: most for a picture of 16 million rows of one pixel.
MAX_SIDE = 10_000
# A progressive JPEG has some ten scans, and each of them may cost as much as a whole picture.
MAX_SCANS = 40
_SCAN = b"\xff\xda"  # nothing else in a JPEG's data looks like it
FORMATS = ("PNG", "JPEG", "WEBP")
WRONG_KIND = "This is no PNG, JPEG or WebP picture. Save it as one of these, then choose it again."
TOO_LONG = "This picture is too large: 2 MB at most. Make it smaller, then choose it again."
TOO_MANY_PIXELS = (
    "This picture has too many pixels: 16 million at most, and 10,000 on a side. Make it smaller."
)
# The errors of decoders for data that they can't decode, for example a text that would take too
# much memory.
DECODERS_RAISE = (OSError, SyntaxError, EOFError, ValueError, LookupError, TypeError, struct.error)
DAMAGED = "This picture is damaged or incomplete. Save it once more, then choose it again."


@dataclass(frozen=True)
class Encoded:
    """An image as it is kept and served."""

    content: bytes = field(repr=False)
    media_type: str
    digest: str


class _UnfitError(Exception):
    """An image that isn't taken; its text is the sentence that says why."""


class _Turn:
    """The turns to decode: one image at a time, because each may take much memory; and one of each
    user, so that nobody keeps others waiting."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.senders: set[UUID | None] = set()


async def read_logo(who: Who, data: bytes) -> Encoded:
    """A logo: whole, at most 256 pixels wide or high, as PNG, which mail programs show.

    Raises `InvalidInputError`, and `TooMuchAtOnceError` while another image of theirs is read.
    """
    return await _read(who, data, square=False)


async def read_portrait(who: Who, data: bytes) -> Encoded:
    """A person's picture: its middle, 192 pixels wide and high. Raises what `read_logo` raises."""
    return await _read(who, data, square=True)


async def _read(who: Who, data: bytes, *, square: bool) -> Encoded:
    if len(data) > MAX_BYTES:
        raise InvalidInputError({"picture": TOO_LONG})
    turn, sender = runtime.current().part(_Turn), who.holder_id
    if sender in turn.senders:
        raise TooMuchAtOnceError
    turn.senders.add(sender)
    try:
        async with turn.lock:
            return await asyncio.to_thread(_encode, data, square)
    except _UnfitError as error:
        raise InvalidInputError({"picture": str(error)}) from error
    finally:
        turn.senders.discard(sender)


def _encode(data: bytes, square: bool) -> Encoded:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            # This is known before anything is decoded.
            if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
                raise _UnfitError(TOO_MANY_PIXELS)
            if image.format == "JPEG" and data.count(_SCAN) > MAX_SCANS:
                raise _UnfitError(DAMAGED)
            ImageOps.exif_transpose(image, in_place=True)  # a copy would take as much again
            shown = image.convert("RGBA")
    except Image.DecompressionBombError as error:
        raise _UnfitError(TOO_MANY_PIXELS) from error
    except PIL.UnidentifiedImageError as error:
        raise _UnfitError(WRONG_KIND) from error
    except DECODERS_RAISE as error:
        raise _UnfitError(DAMAGED) from error
    written = io.BytesIO()
    if square:
        ImageOps.fit(shown, (192, 192)).save(written, "WEBP", quality=85)
    else:
        shown.thumbnail((256, 256))
        shown.save(written, "PNG", optimize=True)
    content = written.getvalue()
    media_type = "image/webp" if square else "image/png"
    return Encoded(content, media_type, hashlib.sha256(content).hexdigest())
