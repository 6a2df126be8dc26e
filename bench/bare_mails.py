"""What a delivery costs that asks nobody: a process that claims, renders, splices, pushes and settles a row per mail in
batches of 500. No policy, no groups, no leases, a narrow table; but our own way to find a recipient's values, our own
compiled wording, and the shortest conversation that SMTP allows.

`python -m bench.bare_mails URL CAFE_URL TENANT_ID PORT WORDS` works until nothing is planned any more.
"""

import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from bench.mailing import SENDER
from bench.wording import Reader, Words
from domain import clock
from domain.content import rendering
from domain.content.email import EmailSkeleton, Heading
from domain.content.rendering import Kind
from domain.delivery.contexts import UNSUBSCRIBE, Recipient
from domain.tenant_scope import tenant_scope

BATCH = 500
TABLE = """
    CREATE TABLE bare_mails (
        id bigint PRIMARY KEY, state text NOT NULL DEFAULT 'planned', due_at timestamptz NOT NULL DEFAULT now(),
        provider_ref text, settled_at timestamptz)"""
INDEX = "CREATE INDEX ix_bare_due ON bare_mails (due_at, id) WHERE state = 'planned'"
_CLAIM = """
    WITH due AS (SELECT id FROM bare_mails WHERE state = 'planned' AND due_at <= now()
                  ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE bare_mails m SET state = 'claimed' FROM due WHERE m.id = due.id RETURNING m.id"""
_SETTLE = """
    UPDATE bare_mails m SET state = s.state, provider_ref = s.ref, settled_at = now()
      FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS s (id, state, ref) WHERE m.id = s.id"""


class Writer:
    """Renders and splices one wording."""

    def __init__(self, words: Words) -> None:
        self._subject = rendering.compile(words.subject, Kind.SUBJECT)
        self._text = rendering.compile(words.text, Kind.TEXT)
        self._html = rendering.compile(words.html, Kind.HTML)
        self._skeleton = EmailSkeleton(sender=SENDER, sender_name="Café Aurora")
        self.names = self._subject.names | self._text.names | self._html.names

    def write(self, number: int, to: Recipient) -> bytes:
        """The mail for one recipient."""
        subject = self._subject.render(to.values, locale=to.locale)
        number_at = f"<{number}@aurora.example>"
        heading = Heading(
            to.address, subject, number_at, clock.now(), to_name=to.name, unsubscribe_url=to.values[UNSUBSCRIBE]
        )
        html = self._html.render_quoted(to.values, locale=to.locale)
        return self._skeleton.splice(heading, html=html, text=self._text.render(to.values, locale=to.locale))


class Pipe:
    """One connection on which the next envelope leaves with the text before it."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._sock.makefile("rb")
        self._answers.readline()
        self._sock.sendall(b"EHLO bench.example\r\n")
        while self._answers.readline()[3:4] == b"-":
            pass

    def push(self, mails: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Hand over mails: the server's last word on each."""
        said = []
        for address, mail in mails:
            self._sock.sendall(f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{address}>\r\nDATA\r\n".encode())
            self._expect(3)
            self._sock.sendall(mail.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
            said.append(self._expect(1))
        return said

    def _expect(self, count: int) -> bytes:
        answer = b""
        for _ in range(count):
            answer = self._answers.readline()
            if answer[:1] not in (b"2", b"3"):
                raise RuntimeError(answer.decode())
        return answer


def fill(url: str, words: Words) -> None:
    """A row per mail, anew."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_mails")
        cursor.execute(TABLE)
        with cursor.copy("COPY bare_mails (id) FROM STDIN") as copy:
            for message in words.messages:
                copy.write_row((message.id,))
        cursor.execute(INDEX)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE bare_mails")


def send_all(url: str, pipe: Pipe, words: Words, reader: Reader) -> int:
    """Work until nothing is planned any more: how many mails that were."""
    writer, told, sent = Writer(words), {each.id: each for each in words.messages}, 0
    with psycopg.connect(url) as connection:
        for ids in _batches(connection):
            recipients = reader.recipients([told[each] for each in ids], writer.names)
            said = pipe.push([(to.address, writer.write(number, to)) for number, to in recipients.items()])
            settled = (list(recipients), ["sent"] * len(said), [each.decode().strip() for each in said])
            connection.execute(_SETTLE, settled)
            connection.commit()
            sent += len(said)
    return sent


def _batches(connection: psycopg.Connection) -> Iterator[list[int]]:
    while rows := connection.execute(_CLAIM, (BATCH,)).fetchall():
        connection.commit()
        yield [number for (number,) in rows]


def main() -> None:
    url, cafe_url, tenant_id, port, path = sys.argv[1:]
    words = Words.kept(Path(path))
    engine = create_engine(cafe_url)
    with tenant_scope(int(tenant_id)), Session(engine) as session:
        reader, pipe = Reader(session), Pipe(int(port))
        print("ready", flush=True)
        sys.stdin.readline()
        print(send_all(url, pipe, words, reader), flush=True)


if __name__ == "__main__":
    main()
