"""What an operator's numbers mean: the status of an answer, the state in a receipt (SMPP 3.4, 5.1.3 and appendix B)."""

from collections.abc import Mapping
from types import MappingProxyType

from smpplib import consts

from domain.delivery.ports import ReportKind, SendOutcome
from gateways.verdict import Verdict

BUSY = frozenset({consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL})
"""Too much at once: nothing was taken, and the whole bind pauses."""

_BAD_NUMBER = frozenset({consts.SMPP_ESME_RINVDSTADR, consts.SMPP_ESME_RINVDSTTON, consts.SMPP_ESME_RINVDSTNPI})
_SET_UP = frozenset(
    {
        consts.SMPP_ESME_RBINDFAIL,
        consts.SMPP_ESME_RINVPASWD,
        consts.SMPP_ESME_RINVSYSID,
        consts.SMPP_ESME_RINVSYSTYP,
        # The sender is a setting of the account: every message would fare the same until a person acts.
        consts.SMPP_ESME_RINVSRCADR,
        consts.SMPP_ESME_RINVSRCTON,
        consts.SMPP_ESME_RINVSRCNPI,
    }
)
_NOT_NOW = frozenset(
    {
        consts.SMPP_ESME_RINVBNDSTS,
        consts.SMPP_ESME_RALYBND,  # another worker of ours holds the last bind, or a killed one still does
        consts.SMPP_ESME_RSYSERR,
        consts.SMPP_ESME_RX_T_APPN,
        consts.SMPP_ESME_RSUBMITFAIL,
        consts.SMPP_ESME_RDELIVERYFAILURE,
        consts.SMPP_ESME_RUNKNOWNERR,
    }
)

STATES: Mapping[int, str] = MappingProxyType(
    {
        consts.SMPP_MESSAGE_STATE_ENROUTE: "ENROUTE",
        consts.SMPP_MESSAGE_STATE_DELIVERED: "DELIVRD",
        consts.SMPP_MESSAGE_STATE_EXPIRED: "EXPIRED",
        consts.SMPP_MESSAGE_STATE_DELETED: "DELETED",
        consts.SMPP_MESSAGE_STATE_UNDELIVERABLE: "UNDELIV",
        consts.SMPP_MESSAGE_STATE_ACCEPTED: "ACCEPTD",
        consts.SMPP_MESSAGE_STATE_UNKNOWN: "UNKNOWN",
        consts.SMPP_MESSAGE_STATE_REJECTED: "REJECTD",
    }
)
KINDS: Mapping[str, ReportKind] = MappingProxyType(
    {
        "ENROUTE": ReportKind.SENT,
        "ACCEPTD": ReportKind.SENT,
        "DELIVRD": ReportKind.DELIVERED,
        "EXPIRED": ReportKind.FAILED,
        "UNKNOWN": ReportKind.FAILED,
        "UNDELIV": ReportKind.FAILED,  # or bounced, when the operator's error says that the number is to blame
        "DELETED": ReportKind.FAILED,
        "REJECTD": ReportKind.FAILED,
    }
)


def judge(status: int) -> Verdict:
    """What an answer other than 0 means: it was not taken, for now or for good."""
    detail = f"error 0x{status:02X}: {consts.DESCRIPTIONS.get(status, 'the operator knows what it means')}"
    if status in _SET_UP:
        return Verdict(SendOutcome.GATEWAY_DOWN, detail)
    if status in BUSY or status in _NOT_NOW:
        return Verdict(SendOutcome.TRY_LATER, detail)
    return Verdict(SendOutcome.REFUSED, detail, suppress="invalid_address" if status in _BAD_NUMBER else None)
