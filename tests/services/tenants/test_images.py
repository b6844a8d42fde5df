"""Images that people send: only images are accepted, and only their pixels are kept."""

import asyncio
import struct
import zlib
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from services.access.actor import Actor
from services.core.errors import InvalidInputError, TooMuchAtOnceError
from services.database.runtime import Runtime
from services.tenants import images
from services.tenants.images import read_logo, read_portrait
from tests.conftest import ONE_DATABASE

WHO = Actor(session_id=uuid4(), user_id=uuid4(), tenant_id=None)
pytestmark = [pytest.mark.usefixtures("rollcall"), ONE_DATABASE]  # nothing is stored


def _image(kind: str, size: tuple[int, int] = (400, 100), **given: object) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "#12b3b3").save(written, kind, **given)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_logo_is_kept_whole_and_small_as_png(kind: str, rollcall: Runtime) -> None:
    logo = await read_logo(WHO, _image(kind))
    with Image.open(BytesIO(logo.content)) as kept:
        assert (kept.format, kept.size) == ("PNG", (256, 64))
    assert logo.media_type == "image/png"


async def test_a_portrait_is_the_middle_of_a_picture_the_right_way_up() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by the camera
    exif[0x010E] = "where it was taken"
    portrait = await read_portrait(WHO, _image("JPEG", (300, 500), exif=exif))
    with Image.open(BytesIO(portrait.content)) as kept:
        assert (kept.format, kept.size) == ("WEBP", (192, 192))
        assert not kept.getexif()
    assert b"where it was taken" not in portrait.content


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _bomb(width: int, height: int, more: bytes = b"", content: bytes = b"") -> bytes:
    """A PNG that says it is huge, and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + more
        + _chunk(b"IDAT", zlib.compress(content))
        + _chunk(b"IEND", b"")
    )


def _with_text(megabytes: int) -> bytes:
    """A small PNG with a text that is long once it is unpacked."""
    text = zlib.compress(bytes(megabytes * 1_000_000), 9)
    return _bomb(1, 1, _chunk(b"iTXt", b"k\0\1\0\0\0" + text), bytes(4))


def _scans(count: int) -> bytes:
    """A progressive JPEG that says its last scan so often that it has so many."""
    whole = _image("JPEG", progressive=True)
    scan = whole[whole.rfind(images._SCAN) : -2]
    return whole[:-2] + scan * (count - whole.count(images._SCAN)) + whole[-2:]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_bomb(30_000, 30_000), images.TOO_MANY_PIXELS),
        (_bomb(4_001, 4_000), images.TOO_MANY_PIXELS),
        (_bomb(1, 10_001), images.TOO_MANY_PIXELS),
        (_scans(images.MAX_SCANS + 1), images.DAMAGED),
        (_image("WEBP", exif=b"Exif\0\0II\x2b\0\x08\0\0\0"), images.DAMAGED),
        (_image("GIF"), images.WRONG_KIND),
        (_image("BMP"), images.WRONG_KIND),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", images.WRONG_KIND),
        (b"", images.WRONG_KIND),
        (_image("PNG")[:120], images.DAMAGED),
        (_image("JPEG")[:400], images.DAMAGED),
        (b"\x89PNG\r\n\x1a\n" + bytes(images.MAX_BYTES), images.TOO_LONG),
    ],
    ids=[
        "pixels",
        "bomb",
        "rows",
        "scans",
        "exif",
        "gif",
        "bmp",
        "svg",
        "empty",
        "half a png",
        "half a jpeg",
        "bytes",
    ],
)
async def test_what_is_no_fit_image_is_refused_with_what_to_do(data: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await read_logo(WHO, data)
    assert str(caught.value) == why


async def test_a_text_that_is_huge_once_it_is_unpacked_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        await read_logo(WHO, _with_text(200))
    assert str(caught.value) == images.DAMAGED


async def test_what_follows_an_image_in_its_file_is_gone() -> None:
    script = b"<script>alert(1)</script>"
    logo = await read_logo(WHO, _image("PNG") + script)
    assert script not in logo.content


async def test_a_progressive_jpeg_of_many_scans_is_read() -> None:
    assert (await read_logo(WHO, _scans(images.MAX_SCANS))).media_type == "image/png"


async def test_one_user_has_one_image_read_at_a_time_and_others_one_after_the_other() -> None:
    other = Actor(session_id=uuid4(), user_id=uuid4(), tenant_id=None)
    first, again, others = await asyncio.gather(
        read_logo(WHO, _image("PNG")),
        read_portrait(WHO, _image("PNG")),
        read_portrait(other, _image("PNG")),
        return_exceptions=True,
    )
    assert isinstance(again, TooMuchAtOnceError)
    assert (type(first), type(others)) == (images.Encoded, images.Encoded)
    await read_portrait(WHO, _image("PNG"))
