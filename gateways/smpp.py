"""Texts through an operator's message centre (SMPP 3.4): one bind kept open, several submits unanswered at a time.

What the operator tells back comes over a bind of its own, see `smpp_receiver.py`.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from smpplib import consts

from domain import clock
from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from gateways.address import SMPP
from gateways.http_gateway import text_of
from gateways.provider import Provider, Surroundings
from gateways.smpp_config import MOST_AT_ONCE, SmppConfig, centre_of
from gateways.smpp_ids import spelt
from gateways.smpp_link import Broken, Centre, Link, Unreachable, bound, reason
from gateways.smpp_receiver import SmppReceiver
from gateways.smpp_text import write
from gateways.smpp_window import Passage, Way, Window
from gateways.verdict import Verdict
from models.message import Channel

_ASK_AFTER = 5.0  # seconds of silence, after which a kept bind is asked whether it lives
_IDLE_SECONDS = 10.0  # then the bind is let go of: operators count them, and another worker may want it
_LONGEST_VALIDITY = 7 * 86400


class SmppGateway:
    """One bind per process, made when there is something to send and let go of when there is nothing for a while."""

    channel: str = Channel.SMS
    group_size = MOST_AT_ONCE

    def __init__(
        self,
        config: SmppConfig,
        centre: Centre,
        *,
        pause: Callable[[float], None] = time.sleep,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._config = config
        self._centre = centre
        self._way = Way(config.window, centre.patience.answer, lambda ref: spelt(ref, config.id_form), pause)
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._used_at = 0.0
        self._goodbye: threading.Timer | None = None

    def send(self, outgoing: Sequence[Outgoing]) -> list[SendResult]:
        """Hand over a group, in its order; results come in that order."""
        if not outgoing:
            return []
        now = clock.now()
        with self._lock:
            passages = [Passage(each, self._parts(each, now)) for each in outgoing]
            rest = self._hand_over(passages)
            self._keep_for_a_while()
        return [each.result(rest) for each in passages]

    def close(self) -> None:
        """Unbind."""
        with self._lock:
            self._let_go()

    def _hand_over(self, passages: Sequence[Passage]) -> Verdict:
        try:
            window = Window(self._ready_link(), self._way)
            rest = window.hand_over(passages)
        except Unreachable as error:
            return error.verdict
        except Broken as error:
            self._drop()
            return Verdict(SendOutcome.TRY_LATER, reason(error))
        if window.is_spoilt:
            self._let_go()
        return rest

    def _ready_link(self) -> Link:
        """The kept bind if it lives, else a new one. Raises `Unreachable`."""
        link = self._link
        if link is not None and (not link.is_quiet or time.monotonic() - self._used_at > _ASK_AFTER):
            try:
                link.ask("enquire_link", seconds=self._way.seconds)
            except OSError:
                self._drop()
        if self._link is None:
            self._link = bound(self._centre, "bind_transmitter")
        return self._link

    def _keep_for_a_while(self) -> None:
        self._used_at = time.monotonic()
        if self._goodbye is not None:
            self._goodbye.cancel()
        self._goodbye = threading.Timer(self._idle_seconds, self._let_go_if_idle)
        self._goodbye.daemon = True
        self._goodbye.start()

    def _let_go_if_idle(self) -> None:
        with self._lock:
            if time.monotonic() - self._used_at >= self._idle_seconds:
                self._let_go()

    def _let_go(self) -> None:
        if self._goodbye is not None:
            self._goodbye.cancel()
        if self._link is not None:
            self._link.close()
            self._link = None

    def _drop(self) -> None:
        if self._link is not None:
            self._link.abandon()
            self._link = None

    def _parts(self, outgoing: Outgoing, now: datetime) -> list[dict[str, Any]]:
        """The fields of one `submit_sm` for each part."""
        written = write(text_of(outgoing), self._config.alphabet, number=outgoing.message_id)
        common = self._config.source | {
            "dest_addr_ton": consts.SMPP_TON_INTL,
            "dest_addr_npi": consts.SMPP_NPI_ISDN,
            "destination_addr": outgoing.to.lstrip("+"),
            "esm_class": written.esm_class,
            "data_coding": written.data_coding,
            "registered_delivery": consts.SMPP_SMSC_DELIVERY_RECEIPT_BOTH,
            "validity_period": _validity(outgoing.expires_at, now),
        }
        return [common | {"short_message": part} for part in written.parts]


def _validity(expires_at: datetime | None, now: datetime) -> str:
    """How long the operator may try, as a relative time; "" for as long as it likes."""
    if expires_at is None:
        return ""
    left = min(max(int((expires_at - now).total_seconds()), 60), _LONGEST_VALIDITY)
    days, seconds = divmod(left, 86400)
    return f"0000{days:02}{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}000R"


def _open(config: SmppConfig, around: Surroundings) -> SmppGateway:
    return SmppGateway(config, centre_of(config, around.trusted_hosts))


def _listen(config: SmppConfig, around: Surroundings) -> SmppReceiver:
    return SmppReceiver(config, centre_of(config, around.trusted_hosts))


PROVIDER = Provider(channels=(Channel.SMS,), config=SmppConfig, ports=SMPP, open=_open, listen=_listen)
