"""Which of a channel's gateways is on duty, how much it may send, and when it rests.

A gateway that does not take what it is given, message after message, rests: a minute, then longer each time. Meanwhile
the next position of its channel is on duty. After the rest it is tried with a few; one that is taken ends the trouble.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.gateway import GatewayAccount

TROUBLE = 10  # messages in a row that were not taken
FEW = 10  # what a gateway in trouble is tried with
SLOW = timedelta(seconds=20)  # a group that takes longer is as bad as one that is not taken
BURST = timedelta(seconds=5)  # what was not used of an allowance is kept so long

# The fragments expect a gateway `g`. A rest that would last longer than any was given by a clock that ran ahead.
_RESTED = """
    ({gateway}.rests_until IS NULL OR {gateway}.rests_until <= :now
     OR {gateway}.rests_until > CAST(:now AS timestamptz) + interval '20 minutes')"""
ON_DUTY = f"""
    g.stopped_at IS NULL AND {_RESTED.format(gateway="g")}
    AND NOT EXISTS (SELECT FROM gateways b WHERE b.channel = g.channel AND b.position < g.position
                       AND b.stopped_at IS NULL AND {_RESTED.format(gateway="b")})"""

# What a hand-over does to its gateway: one that took something is well, one in trouble comes to rest.
FARED = f"""
    UPDATE gateways
       SET trouble = CASE WHEN :was_taken THEN 0 ELSE trouble + :not_taken END,
           rests = CASE WHEN :was_taken THEN 0 ELSE rests + CAST(trouble + :not_taken >= {TROUBLE} AS int) END,
           rests_until = CASE WHEN NOT :was_taken AND trouble + :not_taken >= {TROUBLE}
                              THEN CAST(:now AS timestamptz) + least(interval '1 minute' * 2 ^ least(rests, 8),
                                                                     interval '15 minutes') END
     WHERE id = :gateway_id AND (:not_taken > 0 OR :was_taken AND (trouble > 0 OR rests_until IS NOT NULL))"""  # noqa: S608 (our own number)

_ALLOW = text("""
    UPDATE gateways SET allowance_at = clock_timestamp(),
           allowance = least(per_minute * greatest(EXTRACT(epoch FROM CAST(:burst AS interval)) / 60, 1.0 / per_minute),
                             allowance + coalesce(EXTRACT(epoch FROM clock_timestamp() - allowance_at), 60)
                                         * per_minute / 60)
     WHERE id = :gateway_id AND per_minute IS NOT NULL
 RETURNING floor(allowance)::int""")
_USE = text("UPDATE gateways SET allowance = allowance - :used WHERE id = :gateway_id")


def room(session: Session, account: GatewayAccount, *, wanted: int) -> int:
    """How many messages this gateway may take now, at most `wanted`. Holds its row where a rate is kept."""
    if account.trouble >= TROUBLE:
        wanted = min(wanted, FEW)
    if account.per_minute is None:
        return wanted
    allowed = session.scalar(_ALLOW, {"gateway_id": account.id, "burst": BURST})
    return wanted if allowed is None else min(wanted, allowed)


def use(session: Session, account: GatewayAccount, used: int) -> None:
    """So many of them leave."""
    if account.per_minute is not None and used:
        session.execute(_USE, {"gateway_id": account.id, "used": used})


def fared(*, taken: int, not_taken: int, took: timedelta, now: datetime) -> dict[str, object]:
    """The values of `FARED`: how many messages of a group were taken or refused, how many not, and how long it took."""
    if took > SLOW:
        taken, not_taken = 0, taken + not_taken
    return {"was_taken": taken > 0, "not_taken": not_taken if taken == 0 else 0, "now": now}
