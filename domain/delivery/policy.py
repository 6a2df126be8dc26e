"""Why a message must not leave: one set of questions, asked in SQL when it is planned, claimed and started.

The fragments expect `x`, something that may become or is a message (member_id, channel, topic and what each says), and
`t`, its café. Joined to it are the member `w`, where their consent stands `c`, a suppression `s`. Row-level security
keeps all of them within one café, so nothing here compares `tenant_id`: the planner would count it twice.
"""

_BY_PHONE = "('sms', 'voice', 'viber', 'whatsapp')"

ADDRESS = f"CASE WHEN x.channel = 'email' THEN w.email WHEN x.channel IN {_BY_PHONE} THEN w.phone END"
_ADDRESS_KEY = f"CASE WHEN x.channel = 'email' THEN w.email_key WHEN x.channel IN {_BY_PHONE} THEN w.phone END"

PERSON = """
    LEFT JOIN members w ON w.id = x.member_id"""
SUPPRESSION = f"""
    LEFT JOIN suppressions s ON s.channel = x.channel AND s.lifted_at IS NULL
          AND s.address = {_ADDRESS_KEY}"""
CONSENT = """
    LEFT JOIN consent_states c ON c.member_id = x.member_id AND c.channel = x.channel AND c.topic = x.topic"""

# Each fragment is a list of WHEN … THEN reason. Without a member there is nobody to ask: a test to the owner.
ERASED = "WHEN w.erased_at IS NOT NULL THEN 'member_erased'"
UNREACHABLE = f"""
    WHEN x.member_id IS NOT NULL AND {ADDRESS} IS NULL THEN 'no_address'
    WHEN x.channel = 'sms' AND NOT w.phone_takes_texts THEN 'invalid_address'"""
UNWANTED = """
    WHEN x.member_id IS NOT NULL AND c.granted IS NULL THEN 'no_consent'
    WHEN NOT c.granted THEN 'unsubscribed'
    WHEN s.id IS NOT NULL THEN 'suppressed'"""
# A guest who wants quiet for a while took their yes back until then.
PAUSED = "WHEN c.paused_until > :now THEN 'unsubscribed'"
MARKET = """
    WHEN x.channel = 'sms' AND x.member_id IS NOT NULL AND (t.sms_approved_at IS NULL OR w.phone_country IS NULL
         OR NOT jsonb_exists(t.sms_markets, w.phone_country)) THEN 'market_closed'
    WHEN x.channel = 'viber' AND x.member_id IS NOT NULL
         AND jsonb_exists(t.viber_closed, coalesce(w.phone_country, w.country, t.country)) THEN 'market_closed'"""

# WhatsApp lets a café write first only in words it has approved; within a day of the guest's own, in any. `b` is the
# template.
WORDING = """
    WHEN x.channel = 'whatsapp' AND x.member_id IS NOT NULL AND b.approved_as IS NULL AND NOT EXISTS (
         SELECT FROM events a
          WHERE a.member_id = x.member_id AND a.type = 'message.answered' AND a.properties ->> 'channel' = x.channel
            AND a.occurred_at > CAST(:now AS timestamptz) - interval '24 hours') THEN 'template_missing'"""

# Who hears nothing, so that it shows what a message brings: drawn once, when it is planned, and asked last, of those
# who would have heard. The same guests on all channels and every time, others for another cause. `x` says its `cause`
# and `control_group_percent`.
CONTROL_GROUP = """
    WHEN x.member_id IS NOT NULL
         AND (hashtextextended(x.cause || ' ' || x.member_id, 0) & 9223372036854775807) % 100 < x.control_group_percent
         THEN 'control_group'"""

# Whatever speaks, a guest hears so much and no more of what they did not ask for: the café says how many messages in 24
# hours and in seven days, on all channels together. Rewards and reminders count, but are never held. Of two claimed at
# once the earlier goes first. `x` is a message here.
FREQUENCY = """
    WHEN x.topic = 'promotional' AND x.member_id IS NOT NULL AND (
         SELECT count(*) >= t.promotional_per_week
                OR count(*) FILTER (WHERE heard.at > n.now - interval '24 hours') >= t.promotional_per_day
           FROM (SELECT CAST(:now AS timestamptz) AS now) n
           JOIN LATERAL (
                SELECT CASE o.state WHEN 'claimed' THEN n.now ELSE coalesce(o.sent_at, o.started_at) END AS at
                  FROM messages o
                 WHERE o.member_id = x.member_id AND o.created_at > n.now - interval '21 days'
                   AND (o.state IN ('attempting', 'sent', 'delivered', 'bounced', 'unsure')
                        OR (o.state = 'claimed' AND o.id < x.id))) heard
                ON heard.at > n.now - interval '7 days') THEN 'frequency_cap'"""

# A message about a reward (`x.reward_event_id`): what became of the unlock, and whether the reward still speaks.
REWARD = """
    LEFT JOIN reward_events e ON e.id = x.reward_event_id
    LEFT JOIN rewards r ON r.id = e.reward_id
    LEFT JOIN reward_channels rc ON rc.reward_id = r.id AND rc.channel = x.channel
    LEFT JOIN templates b ON b.id = x.template_id"""
OVERTAKEN = """
    WHEN x.expires_at <= :now THEN 'expired'
    WHEN e.state IN ('redeemed', 'withdrawn') THEN 'event_happened'
    WHEN e.state = 'expired' OR e.valid_until <= :now THEN 'expired'
    WHEN e.id IS NOT NULL AND (NOT r.messages_enabled OR r.archived_at IS NOT NULL OR rc.channel IS NULL)
         THEN 'switched_off'
    WHEN b.archived_at IS NOT NULL THEN 'template_missing'"""
