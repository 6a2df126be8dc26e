"""Acting for one café."""

from collections.abc import Iterator
from contextlib import contextmanager

from models.tenancy import current_tenant_id


@contextmanager
def tenant_scope(tenant_id: int) -> Iterator[None]:
    """Everything inside acts for this café. Enter it before the first query: the café is bound when a transaction
    begins, and stays with that transaction."""
    token = current_tenant_id.set(tenant_id)
    try:
        yield
    finally:
        current_tenant_id.reset(token)


def bound_tenant_id() -> int:
    """The café we act for; an error when there is none."""
    tenant_id = current_tenant_id.get()
    if tenant_id is None:
        raise LookupError("no café is bound here: enter tenant_scope first")
    return tenant_id
