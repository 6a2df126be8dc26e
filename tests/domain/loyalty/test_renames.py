from domain.loyalty import locations, rewards
from models.segment import Segment
from models.tag import Tag


def leaf(**where):
    return {"fact": "purchases.count", "op": "gte", "value": 1, "where": where}


def test_conditions_follow_a_shop_that_is_called_otherwise(session, make):
    shop = make.location(name="Old Town")
    rule = make.earning_rule(condition={"fact": "purchase.location", "op": "in", "value": ["old town", "Annex"]})
    odd = {"op": "ne", "value": "Old Town"}
    segment = Segment(name="Locals", definition={"all": [leaf(location="old town"), {"not": leaf(location=odd)}]})
    tag = Tag(name="local", definition={"any": [leaf(location=["Old Town", "Annex"]), leaf(channel="Old Town")]})
    session.add_all([segment, tag])
    session.flush()

    locations.update(session, shop.id, {"name": "Altstadt"})

    assert rule.condition["value"] == ["Altstadt", "Annex"]
    odd = {"op": "ne", "value": "Altstadt"}
    assert segment.definition == {"all": [leaf(location="Altstadt"), {"not": leaf(location=odd)}]}
    assert tag.definition == {"any": [leaf(location=["Altstadt", "Annex"]), leaf(channel="Old Town")]}


def test_conditions_follow_a_reward_that_is_called_otherwise(session, make, now):
    reward = make.reward(name="Free coffee")
    question = {"fact": "rewards.unlocked", "op": "eq", "value": 1}
    segment = Segment(name="Winners", definition=question | {"where": {"reward": "free coffee"}})
    session.add(segment)
    session.flush()

    rewards.update(session, reward.id, {"name": "Free melange"}, now=now)

    assert segment.definition == question | {"where": {"reward": "Free melange"}}
