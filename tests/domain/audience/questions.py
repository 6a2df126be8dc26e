"""Questions as tests write them."""


def leaf(fact, op, value=None, **more):
    """One question of a tree."""
    return {"fact": fact, "op": op} | ({} if value is None else {"value": value}) | more
