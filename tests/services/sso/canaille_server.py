"""Runs Canaille, an identity server, with what standard input says; by its own
environment's Python.

Its database is its memory: it begins empty each time, and leaves nothing behind.
"""

import json
import logging
import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from werkzeug.serving import make_server


def main() -> None:
    """Serve until killed."""
    given = json.load(sys.stdin)
    app = create_app(
        {
            "SECRET_KEY": "for tests alone",
            "SERVER_NAME": f"localhost:{given['port']}",
            "PREFERRED_URL_SCHEME": "http",
            # Without scripts: its own break its own policy.
            "CANAILLE": {"DATABASE": "memory", "SMTP": None, "HTMX": False, "JAVASCRIPT": False},
            "CANAILLE_OIDC": {"TRUSTED_DOMAINS": []},  # so that people are asked for their consent
        }
    )
    with app.app_context():
        for person in given["people"]:
            Backend.instance.save(models.User(**person))
        client = models.Client(**given["client"])
        Backend.instance.save(client)
        client.audience = [client]  # as its own form for new clients has it
        Backend.instance.save(client)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_server("127.0.0.1", given["port"], app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
