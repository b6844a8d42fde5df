"""An unattended first start."""

from pathlib import Path

import httpx

from tests.browser.server import serving

PASSWORD = "a long sentence to sign in with"


async def test_the_settings_make_the_first_admin_and_tenant_once(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    settings = {
        "ROLLCALL_ADMIN_EMAIL": "robin@example.com",
        "ROLLCALL_ADMIN_PASSWORD_FILE": str(tmp_path / "password"),
        "ROLLCALL_ADMIN_TENANT": "Söhne & Co",
    }
    for _ in range(2):
        async with serving(tmp_path / "data", settings=settings) as server:
            assert server.setup_url is None
            async with httpx.AsyncClient(
                base_url=server.url, headers={"Origin": server.url}, timeout=60
            ) as http:
                form = {"email": "robin@example.com", "password": PASSWORD}
                answer = await http.post("/platform/login", data=form)
                assert answer.headers["location"] == "/platform/tenants"
                assert (await http.get("/t/sohne-co/users")).status_code == 200
                assert (await http.get("/t/sohne-co-2/login")).status_code == 404
