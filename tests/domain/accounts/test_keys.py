"""Keys to the API."""

import pytest

from domain.accounts import keys
from domain.errors import NotFound, Unacceptable
from models.key import ApiKey


def test_a_key_is_kept_only_as_a_hash(session, tenant):
    token, row = keys.create(session, tenant_id=tenant.id, scopes=["members:read"])

    assert token not in [getattr(row, column.key) for column in ApiKey.__table__.columns]
    assert keys.find(session, token) is row
    assert keys.find(session, token + "x") is None


def test_a_key_does_what_its_scopes_say(session, tenant):
    _token, row = keys.create(session, tenant_id=tenant.id, scopes=["members:read"])

    assert keys.allows(row, "members:read")
    assert not keys.allows(row, "members:write")


@pytest.mark.parametrize("scopes", [[], ["members:delete"], ["*", "all"]])
def test_a_scope_that_does_not_exist_is_refused(session, tenant, scopes):
    with pytest.raises(Unacceptable):
        keys.create(session, tenant_id=tenant.id, scopes=scopes)


def test_a_revoked_key_opens_nothing(session, tenant, now):
    token, row = keys.create(session, tenant_id=tenant.id, scopes=["*"])
    keys.revoke(session, tenant_id=tenant.id, key_id=row.id, now=now)

    assert keys.find(session, token) is None
    assert keys.of_tenant(session, tenant.id) == []


def test_another_cafes_key_cannot_be_revoked(session, tenant, make, now):
    other = make.tenant()
    _token, row = keys.create(session, tenant_id=tenant.id, scopes=["*"])

    with pytest.raises(NotFound):
        keys.revoke(session, tenant_id=other.id, key_id=row.id, now=now)
