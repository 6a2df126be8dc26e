"""django-post_office with the same mails: a queue of its own in the same PostgreSQL, sent by two processes.

Tuned: large batches, no log rows, contexts stored and rendered on delivery, connections kept open, no debug mode.
`python -m bench.post_office URL CAFE_URL TENANT_ID PORT WORDS` fills the queue, says so, and sends when it is told to.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from bench.mailing import SENDER
from bench.wording import Reader, Words
from domain.delivery.contexts import EVERYTHING, UNSUBSCRIBE, Recipient
from domain.tenant_scope import tenant_scope

PROCESSES = 2
BATCH = 1000


def set_up(url: str, port: int) -> None:
    """Django with nothing but the queue."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={"default": _database(url)},
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        POST_OFFICE={
            "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
            "BATCH_SIZE": BATCH,
            "LOG_LEVEL": 0,
            "THREADS_PER_PROCESS": 2,
        },
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    django.setup()
    call_command("migrate", verbosity=0)


def fill(words: Words, recipients: Iterable[Recipient]) -> None:
    """A queued mail per recipient, from one template."""
    from post_office import mail
    from post_office.models import EmailTemplate

    template = EmailTemplate.objects.create(
        name="reward",
        subject=_in_django(words.subject),
        content=_in_django(words.text),
        html_content=_in_django(words.html),
    )
    mail.send_many(
        [
            {
                "recipients": [to.address],
                "sender": SENDER,
                "template": template,
                "context": _nested(to.values),
                "headers": {"List-Unsubscribe": f"<{to.values[UNSUBSCRIBE]}>"},
                "render_on_delivery": True,
            }
            for to in recipients
        ]
    )


def send_all() -> None:
    """Send until nothing is queued, as its console command does."""
    from post_office.lockfile import default_lockfile
    from post_office.mail import send_queued_mail_until_done

    send_queued_mail_until_done(default_lockfile, PROCESSES, 0)


def _in_django(source: str) -> str:
    return re.sub(r"\| date\('long'\)", '|date:"j F Y"', source)


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in values.items():
        family, _, word = name.partition(".")
        if word:
            nested.setdefault(family, {})[word] = str(value)
    return nested


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url.replace("postgresql+psycopg", "postgresql"))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": None,
    }


def main() -> None:
    url, cafe_url, tenant_id, port, path = sys.argv[1:]
    words = Words.kept(Path(path))
    with tenant_scope(int(tenant_id)), Session(create_engine(cafe_url)) as session:
        recipients = Reader(session).recipients(words.messages, EVERYTHING)
    set_up(url, int(port))
    fill(words, recipients.values())
    print("ready", flush=True)
    sys.stdin.readline()
    send_all()
    print("done", flush=True)


if __name__ == "__main__":
    main()
