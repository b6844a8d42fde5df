"""Files with a version in their address: kept for good, and compressed once."""

import http.client
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from nicegui import __version__
from starlette.responses import PlainTextResponse

from tests.ui.live.client import harness
from ui.assets import STYLE_URL, url_of
from ui.components.component import SCRIPTS
from ui.headers import Compression

OURS = [STYLE_URL, url_of("live.js"), url_of("logo.svg")]
NICEGUI = f"/_nicegui/{__version__}/static/nicegui.js"
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with harness(tmp_path_factory.mktemp("assets") / "log") as url:
        yield url


@pytest.mark.parametrize("path", [*OURS, NICEGUI])
async def test_a_browser_keeps_them_for_good(base: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        for headers in ({}, PLAIN):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", [STYLE_URL, NICEGUI])
async def test_compressed_they_are_the_same(base: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        plain = await client.get(path, headers=PLAIN)
        assert "content-encoding" not in plain.headers
        for _ in range(2):  # when first asked for, and from then on
            answer = await client.get(path)
            assert answer.headers["content-encoding"] == "gzip"
            assert "accept-encoding" in answer.headers["vary"].lower()
            assert int(answer.headers["content-length"]) < len(plain.content) / 2
            assert answer.content == plain.content
            assert answer.headers["content-type"] == plain.headers["content-type"]
            for name in ("content-security-policy", "vary", "x-content-type-options"):
                assert len(answer.headers.get_list(name)) <= 1


@pytest.mark.parametrize("path", [STYLE_URL, NICEGUI])
async def test_head_tells_what_a_get_would(base: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        for headers in ({}, PLAIN):
            told = await client.head(path, headers=headers)
            got = await client.get(path, headers=headers)
            assert (told.status_code, told.content) == (200, b"")
            for name in ("content-length", "content-type", "content-encoding", "cache-control"):
                assert told.headers.get(name) == got.headers.get(name), name


@pytest.mark.parametrize("codings", ["gzip;q=0", "br, GZIP; q=0.000, *", "xgzip"])
async def test_who_refuses_gzip_gets_none(base: str, codings: str) -> None:
    a_page = Compression(PlainTextResponse("a page " * 200), minimum_size=500)
    compressed = {"Accept-Encoding": "br;q=0, gzip;q=0.5"}
    async with (
        httpx.AsyncClient(base_url=base, timeout=60) as served,
        httpx.AsyncClient(base_url=base, transport=httpx.ASGITransport(a_page)) as building,
    ):
        for client, path in ((served, STYLE_URL), (served, NICEGUI), (building, "/page")):
            answer = await client.get(path, headers={"Accept-Encoding": codings})
            assert "content-encoding" not in answer.headers
            taken = await client.get(path, headers=compressed)
            assert taken.headers["content-encoding"] == "gzip"


async def test_an_earlier_version_s_file_is_not_found_and_not_kept(base: str) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        for path in ("/static/live.0123456789ab.js", "/static/live.js"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert "immutable" not in answer.headers.get("cache-control", "")


async def test_a_part_of_one_is_answered_as_such(base: str) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        await client.get(NICEGUI)
        answer = await client.get(NICEGUI, headers={"Range": "bytes=0-9"})
        assert (answer.status_code, len(answer.content)) == (206, 10)


@pytest.mark.parametrize("path", ["/t/acme/users", "/t/acme/login", "/platform/login"])
def test_a_page_with_a_slash_too_many_leads_to_the_page(base: str, path: str) -> None:
    answer = httpx.get(f"{base}{path}/?status=active", timeout=60)
    assert (answer.status_code, answer.headers["Location"]) == (307, f"{path}?status=active")


def test_a_slash_too_many_leads_to_no_other_host(base: str) -> None:
    answer = httpx.get(f"{base}//elsewhere.example/", timeout=60)
    assert answer.headers["Location"] == "/elsewhere.example"


async def test_what_a_browser_has_is_not_sent_again(base: str) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        etag = (await client.get(NICEGUI, headers=PLAIN)).headers["etag"]
        answer = await client.get(NICEGUI, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        NICEGUI.replace("/static/", "/static/./"),
        NICEGUI.replace("/static/", "/static/././"),
        NICEGUI.replace("/static/", "/static//"),
        NICEGUI.replace("/static/", "/static/x/../"),
        NICEGUI.replace("/static/", "/static/%2e/"),
        NICEGUI.replace("/static/", "/static/%2F"),
        NICEGUI.replace("nicegui.js", "nicegui%2Ejs"),
        NICEGUI.replace("nicegui.js", "NiceGUI.js"),
        NICEGUI.replace("/_nicegui/", "/./_nicegui/"),
        NICEGUI + "?x=1",
        NICEGUI + "/",
        NICEGUI.removesuffix("/nicegui.js"),
        NICEGUI.removesuffix("nicegui.js"),
        NICEGUI.replace("/_nicegui/", "/_NiceGUI/"),
        "/_nicegui_ws",
        NICEGUI.replace("/static/", "/esm/%2e/"),
        STYLE_URL.replace("/static/", "/static/./"),
        STYLE_URL.replace("/static/", "/static//"),
        STYLE_URL.replace(".css", "%2Ecss"),
        STYLE_URL + "?x=1",
        STYLE_URL + "/",
        "/static",
        "/static/",
    ],
)
def test_a_file_has_one_url(base: str, path: str) -> None:
    split = urlsplit(base)
    connection = http.client.HTTPConnection(split.hostname or "", split.port or 0)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    assert answer.status == 404, answer.getheader("Location")
    assert "immutable" not in answer.headers.get("Cache-Control", "")
    connection.close()


@pytest.mark.parametrize(
    "headers",
    [{"If-None-Match": '"x"'}, {"If-Modified-Since": "x"}, {"Range": "bytes=0-1", "If-Range": "x"}],
)
async def test_no_header_has_a_file_compressed_anew(base: str, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        await client.get(NICEGUI)
        answers = [await client.get(NICEGUI, headers=headers) for _ in range(2)]
    for answer in answers:
        # As it is kept, or as it lies on the disk; nothing compresses at any other level.
        kept = answer.headers.get("content-encoding") == "gzip"
        assert ("content-length" in answer.headers, answer.status_code) == (True, 200), answer
        assert kept or "range" in {name.lower() for name in headers}


def test_a_list_is_drawn_without_the_browsers_own_formatting_which_it_would_load_first() -> None:
    asking = re.compile(r"toLocale(Date|Time)?String|\bIntl\b")
    scripts = [path for path in SCRIPTS.values() if path.parent.name == "tables"]
    scripts.append(SCRIPTS["users_table.js"])
    assert [path.name for path in scripts if asking.search(path.read_text(encoding="utf-8"))] == []
