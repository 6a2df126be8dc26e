"""Everything a condition may ask about members. Adding a fact is one entry in the module of its family.

Segments, filters, automations, the editor in the browser and the API read this one registry.
"""

from domain.audience.facts import consents, events, groups, messages, points, profile, purchases, rewards
from domain.audience.facts.fact import Registry

FACTS = Registry(
    (
        *profile.FACTS,
        *purchases.FACTS,
        *points.FACTS,
        *rewards.FACTS,
        *groups.FACTS,
        *messages.FACTS,
        *consents.FACTS,
        *events.FACTS,
    ),
    made_up=(profile.attribute, events.of_type, events.counter),
)
