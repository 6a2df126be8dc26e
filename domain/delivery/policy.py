"""Why a message must not leave: one set of questions, asked in SQL when it is planned, claimed and started.

The fragments expect `x`, something that may become or is a message (tenant_id, member_id, channel, topic and what each
says), and `t`, its café. Joined to it are the member `w`, where their consent stands `c`, a suppression `s`.
"""

_BY_PHONE = "('sms', 'voice', 'viber', 'whatsapp')"

ADDRESS = f"CASE WHEN x.channel = 'email' THEN w.email WHEN x.channel IN {_BY_PHONE} THEN w.phone END"
_ADDRESS_KEY = f"CASE WHEN x.channel = 'email' THEN w.email_key WHEN x.channel IN {_BY_PHONE} THEN w.phone END"

PERSON = """
    LEFT JOIN members w ON w.tenant_id = x.tenant_id AND w.id = x.member_id"""
SUPPRESSION = f"""
    LEFT JOIN suppressions s ON s.tenant_id = x.tenant_id AND s.channel = x.channel
          AND s.address = {_ADDRESS_KEY} AND s.lifted_at IS NULL"""
CONSENT = """
    LEFT JOIN consent_states c ON c.tenant_id = x.tenant_id AND c.member_id = x.member_id
          AND c.channel = x.channel AND c.topic = x.topic"""

# Each fragment is a list of WHEN … THEN reason. Without a member there is nobody to ask: a test to the owner.
ERASED = "WHEN w.erased_at IS NOT NULL THEN 'member_erased'"
UNREACHABLE = f"""
    WHEN x.member_id IS NOT NULL AND {ADDRESS} IS NULL THEN 'no_address'
    WHEN x.channel = 'sms' AND NOT w.phone_takes_texts THEN 'invalid_address'"""
UNWANTED = """
    WHEN x.member_id IS NOT NULL AND c.granted IS NULL THEN 'no_consent'
    WHEN NOT c.granted THEN 'unsubscribed'
    WHEN s.id IS NOT NULL THEN 'suppressed'"""
MARKET = """
    WHEN x.channel = 'sms' AND x.member_id IS NOT NULL AND (t.sms_approved_at IS NULL OR w.phone_country IS NULL
         OR NOT jsonb_exists(t.sms_markets, w.phone_country)) THEN 'market_closed'"""

# A message about a reward: what became of the unlock, and whether the reward still speaks.
REWARD = """
    LEFT JOIN reward_events e ON e.tenant_id = x.tenant_id
          AND e.id = CASE WHEN x.occasion LIKE 'reward_event:%' THEN split_part(x.occasion, ':', 2)::bigint END
    LEFT JOIN rewards r ON r.tenant_id = e.tenant_id AND r.id = e.reward_id
    LEFT JOIN reward_channels rc ON rc.tenant_id = r.tenant_id AND rc.reward_id = r.id AND rc.channel = x.channel
    LEFT JOIN templates b ON b.tenant_id = x.tenant_id AND b.id = x.template_id"""
OVERTAKEN = """
    WHEN x.expires_at <= :now THEN 'expired'
    WHEN e.state IN ('redeemed', 'withdrawn') THEN 'event_happened'
    WHEN e.state = 'expired' THEN 'expired'
    WHEN e.id IS NOT NULL AND (NOT r.messages_enabled OR r.archived_at IS NOT NULL OR rc.channel IS NULL)
         THEN 'switched_off'
    WHEN b.archived_at IS NOT NULL THEN 'template_missing'"""
