"""Images that people send: recognised by their content, and encoded anew before they are stored.

So nothing of the original file reaches another browser: no hidden data (where a photo was taken,
for example), and nothing made to attack an image reader.
"""

import asyncio
import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.core import runtime
from services.core.errors import InvalidInputError
from services.core.lazily import lazily

if TYPE_CHECKING:
    import PIL
    from PIL import Image, ImageOps
else:
    PIL, Image, ImageOps = lazily("PIL"), lazily("PIL.Image"), lazily("PIL.ImageOps")

MAX_BYTES = 2 * 1024 * 1024
# Decoded, this takes 64 MB for a moment.
MAX_PIXELS = 16_000_000
FORMATS = ("PNG", "JPEG", "WEBP")
WRONG_KIND = "This is no PNG, JPEG or WebP picture. Save it as one of these, then choose it again."
TOO_LONG = "This picture is too large: 2 MB at most. Make it smaller, then choose it again."
TOO_MANY_PIXELS = "This picture has too many pixels: 16 million at most. Make it smaller."
DAMAGED = "This picture is damaged or incomplete. Save it once more, then choose it again."


@dataclass(frozen=True)
class Encoded:
    """An image as it is kept and served."""

    content: bytes = field(repr=False)
    media_type: str
    digest: str


class _Turn:
    """One image at a time: each may take much memory."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()


async def read_logo(data: bytes) -> Encoded:
    """A logo: whole, at most 256 pixels wide or high, as PNG, which mail programs show.

    Raises `InvalidInputError`.
    """
    return await _read(data, square=False)


async def read_portrait(data: bytes) -> Encoded:
    """A person's picture: its middle, 192 pixels wide and high. Raises `InvalidInputError`."""
    return await _read(data, square=True)


async def _read(data: bytes, *, square: bool) -> Encoded:
    if len(data) > MAX_BYTES:
        raise InvalidInputError({"picture": TOO_LONG})
    async with runtime.current().part(_Turn).lock:
        try:
            return await asyncio.to_thread(_encode, data, square)
        except ValueError as error:
            raise InvalidInputError({"picture": str(error)}) from error


def _encode(data: bytes, square: bool) -> Encoded:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:  # this is known before anything is decoded
                raise ValueError(TOO_MANY_PIXELS)
            upright = ImageOps.exif_transpose(image)
            shown = upright.convert("RGBA")
    except Image.DecompressionBombError as error:
        raise ValueError(TOO_MANY_PIXELS) from error
    except PIL.UnidentifiedImageError as error:
        raise ValueError(WRONG_KIND) from error
    except (OSError, SyntaxError, EOFError) as error:  # the errors that decoders raise
        raise ValueError(DAMAGED) from error
    written = io.BytesIO()
    if square:
        ImageOps.fit(shown, (192, 192)).save(written, "WEBP", quality=85)
    else:
        shown.thumbnail((256, 256))
        shown.save(written, "PNG", optimize=True)
    content = written.getvalue()
    media_type = "image/webp" if square else "image/png"
    return Encoded(content, media_type, hashlib.sha256(content).hexdigest())
