"""Far away: a mail server and a provider of texts that need 50 ms for every message, and one worker."""

from bench import mailing, sink, text_sink
from bench.house import House
from bench.mailing import Gateway
from bench.measures import Finding, Floor

SECONDS = 0.05
MAILS, TEXTS, ROUNDS = 8_000, 4_000, 3
NUMBER, ACCOUNT = "+43720000000", "AC" + "0" * 32


def run(house: House) -> Finding:
    """Measure both; what is in flight at once is the group's size: 100 mails, 40 texts."""
    with sink.running(seconds=SECONDS) as port:
        mails = _rounds(house, mailing.smtp(port, connections="100"), MAILS, redis=5)
    with text_sink.running(SECONDS) as port:
        texts = _rounds(house, _twilio(port), TEXTS, redis=6)
    measures = [
        Floor("mails to a server 50 ms away, one worker", "mails/s", mails, at_least=800),
        Floor("texts to a provider 50 ms away, one worker", "texts/s", texts, at_least=500),
    ]
    return Finding("distant", measures, {"mails": MAILS * ROUNDS, "texts": TEXTS * ROUNDS})


def _rounds(house: House, gateway: Gateway, per_round: int, *, redis: int) -> list[float]:
    """Messages a second of each round; the first warms up."""
    with house.database(f"distant_{gateway.channel}") as database:
        ours = mailing.open_mailing(house, database, gateway, per_round=per_round, rounds=ROUNDS + 1, redis=redis)
        with mailing.workers(house, ours.settings, count=1):
            ours.deliver(0)
            ours.tidy()
            figures = [ours.deliver(number + 1) for number in range(ROUNDS)]
        ours.make_sure()
    return figures


def _twilio(port: int) -> Gateway:
    settings = {
        "account_sid": ACCOUNT,
        "auth_token": "secret",
        "from": NUMBER,
        "url": f"http://127.0.0.1:{port}",
        "connections": "40",
    }
    return Gateway("sms", "twilio", settings)
