"""What a start needn't wait for."""

import subprocess
import sys

from alembic.script import ScriptDirectory

from services.database import migrations
from tests.conftest import REAL, REAL_NOBODY

# Each of these takes from a hundredth to a tenth of a second, and most starts need none of them.
LATER = (
    "PIL alembic authlib email_validator.deliverability fastapi_mail httpx icalendar joserfc "
    "markdown_it psycopg python_calamine ua_parser webauthn zxcvbn"
)
LOADED = f"""
import sys
import main, ui.server
print(*sorted(name for name in {LATER.split()} if name in sys.modules))
"""


def test_serving_loads_no_library_before_it_is_used() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True)
    assert loaded.stdout.split() == []


def test_the_numbers_of_the_schemas_are_those_that_alembic_reads() -> None:
    scripts = ScriptDirectory.from_config(migrations._config())
    read = [script.revision for script in scripts.walk_revisions()]
    assert list(migrations._known()) == read[::-1]


def test_what_an_unknown_accounts_password_is_compared_with_costs_as_much_as_any_hash() -> None:
    assert not REAL.check_needs_rehash(REAL_NOBODY)
