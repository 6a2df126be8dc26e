"""Every table, so that whoever holds the database knows them all."""

from models.audit import AuditEntry
from models.connector import ConnectorAccount, InboundHook
from models.consent import Consent, ConsentState, Suppression
from models.currency import Currency
from models.earning_rule import EarningRule
from models.event import Event
from models.gateway import GatewayAccount
from models.idempotency import IdempotencyKey
from models.key import ApiKey, HookToken
from models.ledger import Balance, LedgerEntry, Lot
from models.location import Location
from models.member import Member
from models.message import Message, Report
from models.purchase import Purchase, PurchaseItem, Refund
from models.reward import Redemption, Reward, RewardChannel, RewardEvent
from models.template import Template, TemplateVersion
from models.tenant import Tenant
from models.user import Membership, User, UserSession

PLATFORM = {"tenants", "users", "memberships", "user_sessions", "api_keys", "hook_tokens"}

__all__ = [
    "PLATFORM",
    "ApiKey",
    "AuditEntry",
    "Balance",
    "ConnectorAccount",
    "Consent",
    "ConsentState",
    "Currency",
    "EarningRule",
    "Event",
    "GatewayAccount",
    "HookToken",
    "IdempotencyKey",
    "InboundHook",
    "LedgerEntry",
    "Location",
    "Lot",
    "Member",
    "Membership",
    "Message",
    "Purchase",
    "PurchaseItem",
    "Redemption",
    "Refund",
    "Report",
    "Reward",
    "RewardChannel",
    "RewardEvent",
    "Suppression",
    "Template",
    "TemplateVersion",
    "Tenant",
    "User",
    "UserSession",
]
