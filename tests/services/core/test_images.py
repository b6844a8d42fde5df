"""Images that people send: only images are accepted, and only their pixels are kept."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from services.core import images
from services.core.errors import InvalidInputError
from services.core.images import read_logo, read_portrait
from services.core.runtime import Runtime

pytestmark = pytest.mark.usefixtures("rollcall")


def _image(kind: str, size: tuple[int, int] = (400, 100), **given: object) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "#12b3b3").save(written, kind, **given)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_logo_is_kept_whole_and_small_as_png(kind: str, rollcall: Runtime) -> None:
    logo = await read_logo(_image(kind))
    with Image.open(BytesIO(logo.content)) as kept:
        assert (kept.format, kept.size) == ("PNG", (256, 64))
    assert logo.media_type == "image/png"


async def test_a_portrait_is_the_middle_of_a_picture_the_right_way_up() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by the camera
    exif[0x010E] = "where it was taken"
    portrait = await read_portrait(_image("JPEG", (300, 500), exif=exif))
    with Image.open(BytesIO(portrait.content)) as kept:
        assert (kept.format, kept.size) == ("WEBP", (192, 192))
        assert not kept.getexif()
    assert b"where it was taken" not in portrait.content


def _bomb(width: int, height: int) -> bytes:
    """A PNG that says it is huge, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_bomb(30_000, 30_000), images.TOO_MANY_PIXELS),
        (_bomb(4_001, 4_000), images.TOO_MANY_PIXELS),
        (_image("GIF"), images.WRONG_KIND),
        (_image("BMP"), images.WRONG_KIND),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", images.WRONG_KIND),
        (b"", images.WRONG_KIND),
        (_image("PNG")[:120], images.DAMAGED),
        (_image("JPEG")[:400], images.DAMAGED),
        (b"\x89PNG\r\n\x1a\n" + bytes(images.MAX_BYTES), images.TOO_LONG),
    ],
    ids=["pixels", "bomb", "gif", "bmp", "svg", "empty", "half a png", "half a jpeg", "bytes"],
)
async def test_what_is_no_fit_image_is_refused_with_what_to_do(data: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await read_logo(data)
    assert str(caught.value) == why


async def test_what_follows_an_image_in_its_file_is_gone() -> None:
    script = b"<script>alert(1)</script>"
    logo = await read_logo(_image("PNG") + script)
    assert script not in logo.content
