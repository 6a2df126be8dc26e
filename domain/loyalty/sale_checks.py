"""What keeps a sale from being booked, all of it told at once."""

from datetime import datetime
from decimal import Decimal

from domain import money
from domain.errors import FieldError, Unacceptable
from domain.loyalty import earning
from domain.loyalty.sales import CHANNELS, SCOPES, Sale, time_errors
from domain.loyalty.till import Till
from domain.sentences import say

LARGEST_QUANTITY = Decimal(10) ** 6


def refuse_unacceptable(scene: Till, sale: Sale, *, now: datetime) -> None:
    """Raises `Unacceptable` with everything that keeps this sale from being booked."""
    errors = scene.missing(sale.member, sale.location) + time_errors(sale.occurred_at, now=now)
    if sale.currency != scene.currency:
        errors.append(FieldError("currency", say("This café counts in %(currency)s.", currency=scene.currency)))
    if not 0 <= sale.amount_minor <= money.LARGEST_MINOR:
        errors.append(FieldError("amount", say("An amount is zero or more.")))
    if sale.channel not in CHANNELS:
        errors.append(FieldError("channel", say("Use one of: %(names)s.", names=", ".join(CHANNELS))))
    errors += _line_errors(sale) + _payment_errors(scene, sale)
    if errors:
        raise Unacceptable(say("This purchase cannot be booked."), errors)


def _line_errors(sale: Sale) -> list[FieldError]:
    errors = []
    for i, item in enumerate(sale.items):
        if not 0 < item.quantity <= LARGEST_QUANTITY:
            errors.append(
                FieldError(f"items.{i}.quantity", say("A quantity is more than zero, and at most a million."))
            )
        if abs(item.amount_minor) > money.LARGEST_MINOR:
            errors.append(FieldError(f"items.{i}.amount", say("This is more than can be booked.")))
    for i, discount in enumerate(sale.discounts):
        if discount.scope not in SCOPES:
            errors.append(FieldError(f"discounts.{i}.scope", say("Use one of: %(names)s.", names=", ".join(SCOPES))))
        if not 0 <= discount.amount_minor <= money.LARGEST_MINOR:
            errors.append(FieldError(f"discounts.{i}.amount", say("A discount is zero or more.")))
    return errors


def _payment_errors(scene: Till, sale: Sale) -> list[FieldError]:
    if sale.redeem is None:
        return []
    if sale.member is None:
        return [FieldError("redeem", say("Only a member can pay with points."))]
    errors = []
    if sale.redeem.currency not in scene.currencies:
        errors.append(FieldError("redeem.currency", say("There is no point currency of this code.")))
    if not 0 < sale.redeem.points <= earning.MOST_POINTS:
        errors.append(FieldError("redeem.points", say("Pay with at least one point.")))
    return errors
