"""Reward mails: from planned rows to all of them settled by two real workers, against one bare loop of `smtplib` that
pushes the same finished bytes over one connection into the same sink."""

import smtplib
import time
from collections.abc import Sequence
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from statistics import median

from bench import mailing, sink
from bench.house import House
from bench.mailing import SENDER
from bench.measures import Finding, Ratio, in_turn

WORKERS = 2
ROUNDS, PER_ROUND = 5, 5000


def run(house: House) -> Finding:
    """Measure. The first round warms up, and gives the bytes that the baseline pushes."""
    path = house.home / "mails"
    with house.database("mails") as database, sink.running(keep=path, first=PER_ROUND) as port:
        ours = mailing.open_mailing(
            house, database, mailing.smtp(port), per_round=PER_ROUND, rounds=ROUNDS + 1, redis=2
        )
        with mailing.workers(house, ours.settings, count=WORKERS):
            ours.deliver(0)
            ours.tidy()
            mails = [(_recipient(mail), mail) for mail in sink.kept(path)]
            figures = in_turn(
                ROUNDS, lambda number: ours.deliver(number + 1), lambda _: _push(mails, port), before=house.calm
            )
        ours.make_sure()
    size = round(median(len(mail) for _, mail in mails))
    measure = Ratio("reward mails, planned to settled", "mails/s", *figures, wanted=0.5)
    return Finding("reward_mails", [measure], {"workers": WORKERS, "mails": PER_ROUND * ROUNDS, "bytes": size})


def _push(mails: Sequence[tuple[str, bytes]], port: int) -> float:
    """Mails a second of a loop that does nothing else."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        begins = time.perf_counter()
        for recipient, mail in mails:
            client.sendmail(SENDER, [recipient], mail)
        return len(mails) / (time.perf_counter() - begins)


def _recipient(mail: bytes) -> str:
    return parseaddr(BytesHeaderParser().parsebytes(mail)["To"])[1]
