"""The world around Café Aurora, played in one process: mail server, phone network, till, and the inbox that shows it.

python -m demo.outside
"""

import logging
import signal
import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from werkzeug.serving import make_server

from demo import cafe
from demo.greeting import say_when_ready
from demo.inbox import catcher
from demo.inbox.pages import Shopper, Till, create_app
from demo.inbox.store import Store
from demo.places import Places
from demo.visits import LOCATIONS
from models.member import Member
from tests.played.square import CAFE_ORDER, LOCATION, PlayedSquare
from tests.played.twilio import PlayedTwilio, Text
from web.config import Settings
from web.embedded.settings import with_servers

SHOPS = {LOCATION: LOCATIONS[0], "LPLAYEDMUSEUM1": LOCATIONS[1]}  # Square's locations and what they are called
ORDER = sum(quantity * price for _name, quantity, price in CAFE_ORDER) // 100  # points that an order earns
_CLOSEST = text("""
    SELECT external_id, first_name, last_name, available, reward FROM (
      SELECT m.external_id, m.first_name, m.last_name, b.available, r.name AS reward, r.id,
             row_number() OVER (PARTITION BY r.id ORDER BY texts.granted IS TRUE DESC, b.available DESC, m.id) AS turn
        FROM balances b
        JOIN rewards r ON r.currency_id = b.currency_id AND r.messages_enabled AND r.archived_at IS NULL
             AND b.available < r.threshold AND b.available >= r.threshold - :order
        JOIN members m ON m.id = b.member_id AND m.email IS NOT NULL
        JOIN consent_states mails ON mails.member_id = m.id AND mails.channel = 'email' AND mails.topic = 'rewards'
             AND mails.granted
        LEFT JOIN consent_states texts ON texts.member_id = m.id AND texts.channel = 'sms' AND texts.topic = 'rewards'
       WHERE NOT EXISTS (SELECT FROM reward_events e
                          WHERE e.member_id = m.id AND e.reward_id = r.id AND e.state = 'open')
         AND NOT EXISTS (SELECT FROM suppressions s
                          WHERE s.address IN (lower(m.email), m.phone) AND s.lifted_at IS NULL)) AS close
     ORDER BY turn, id LIMIT 3""")


class Phones(PlayedTwilio):
    """The played Twilio, whose texts end in the inbox."""

    def __init__(self, store: Store, *, port: int) -> None:
        super().__init__(port=port, reports=("sent", "delivered"))
        self._store = store

    def took(self, text: Text) -> None:
        """A text reached its phone."""
        self._store.keep_text(sender=text.sender, to=text.to, body=text.body)


class AuroraTill:
    """The till of the café: knows the members, and whose next order unlocks something."""

    def __init__(self, settings: Settings, square: PlayedSquare) -> None:
        self._settings = settings
        self._square = square

    def shoppers(self) -> Sequence[Shopper]:
        """Guests just below a reward who hear about it by e-mail, those with texts first; the rewards take turns."""
        with cafe.acting(self._settings) as session:
            return [
                Shopper(number, f"{first} {last[0]}.", f"has {points} points; the order unlocks “{reward}”")
                for number, first, last, points, reward in session.execute(_CLOSEST, {"order": ORDER})
            ]

    def ring_up(self, customer: str) -> None:
        """Sell two flat whites and a croissant to a member who is registered at the till under our number."""
        known = {each["reference_id"]: each["id"] for each in self._square.customers.values()}
        if customer not in known:
            with cafe.acting(self._settings) as session:
                member = session.scalars(select(Member).where(Member.external_id == customer)).one()
                known[customer] = self._square.enrol(**_as_customer(member))
        self._square.ring_up(customer=known[customer])


def _as_customer(member: Member) -> dict[str, Any]:
    profile = {"given_name": member.first_name, "family_name": member.last_name, "email_address": member.email}
    profile |= {"phone_number": member.phone, "reference_id": member.external_id}
    return {name: value for name, value in profile.items() if value}


def main() -> None:
    """Play the world until SIGTERM."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # who looked at the inbox is no news
    settings = with_servers(Settings())
    opened = cafe.remembered(settings.home)
    if opened is None:
        raise SystemExit("The café is not open yet: start the demo.")
    places, store = Places(opened.port), Store(settings.home / "caught")
    square = PlayedSquare(
        access_token=cafe.SQUARE_TOKEN,
        signature_key=cafe.SQUARE_KEY,
        notification_url=opened.square_hook,
        locations=list(SHOPS),
        port=places.square,
    )
    square.names = SHOPS
    till = AuroraTill(settings, square)
    app = create_app(store, Till(till.shoppers, till.ring_up), product_url=places.url(places.web))
    inbox = make_server("127.0.0.1", places.inbox, app, threaded=True)
    threading.Thread(target=inbox.serve_forever, daemon=True).start()
    mail = catcher.listen(store, places.smtp)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with square, Phones(store, port=places.twilio):
        threading.Thread(target=say_when_ready, args=(places, opened), daemon=True).start()
        ended.wait()
    mail.stop()


if __name__ == "__main__":
    main()
