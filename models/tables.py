"""Every table, so that whoever holds the database knows them all."""

from models.audit import AuditEntry
from models.connector import ConnectorAccount, InboundHook
from models.consent import Consent, ConsentState, Suppression, Wording
from models.console import Console, ConsoleRun
from models.currency import Currency
from models.earning_rule import EarningRule
from models.event import Event
from models.gateway import GatewayAccount
from models.idempotency import IdempotencyKey
from models.imports import Import, ImportChange, ImportPart, ImportRemark
from models.key import ApiKey, HookToken
from models.ledger import Balance, LedgerEntry, Lot
from models.link import Link
from models.location import Location
from models.member import Member
from models.merge import DistinctPair, MemberAlias, MemberMerge
from models.message import Message, Report
from models.message_part import MessagePart
from models.prompt_day import PromptDay
from models.purchase import Purchase, PurchaseItem, Refund
from models.reward import Redemption, Reward, RewardChannel, RewardEvent
from models.segment import Segment, SegmentMember, SegmentSize
from models.sender_domain import SenderDomain
from models.sign_up import SignUp
from models.summary import AudienceDay, MemberSummary, PurchaseDay
from models.tag import MemberTag, Tag
from models.template import Template, TemplateVersion
from models.tenant import Tenant
from models.user import Membership, User, UserSession

PLATFORM = {"tenants", "users", "memberships", "user_sessions", "api_keys", "hook_tokens", "prompt_days"}

__all__ = [
    "PLATFORM",
    "ApiKey",
    "AudienceDay",
    "AuditEntry",
    "Balance",
    "ConnectorAccount",
    "Consent",
    "ConsentState",
    "Console",
    "ConsoleRun",
    "Currency",
    "DistinctPair",
    "EarningRule",
    "Event",
    "GatewayAccount",
    "HookToken",
    "IdempotencyKey",
    "Import",
    "ImportChange",
    "ImportPart",
    "ImportRemark",
    "InboundHook",
    "LedgerEntry",
    "Link",
    "Location",
    "Lot",
    "Member",
    "MemberAlias",
    "MemberMerge",
    "MemberSummary",
    "MemberTag",
    "Membership",
    "Message",
    "MessagePart",
    "PromptDay",
    "Purchase",
    "PurchaseDay",
    "PurchaseItem",
    "Redemption",
    "Refund",
    "Report",
    "Reward",
    "RewardChannel",
    "RewardEvent",
    "Segment",
    "SegmentMember",
    "SegmentSize",
    "SenderDomain",
    "SignUp",
    "Suppression",
    "Tag",
    "Template",
    "TemplateVersion",
    "Tenant",
    "User",
    "UserSession",
    "Wording",
]
