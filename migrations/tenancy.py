"""The walls around a café's rows, put up by migrations."""

from alembic import context, op


def app_role() -> str:
    """The role the app connects as, quoted."""
    return f'"{context.config.attributes["app_role"]}"'


def wall_off(table: str, *, app_may: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Row-level security that fails closed for `table`; the owner's role may look, for functions that only count."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    own = "tenant_id = current_setting('app.tenant_id')::bigint"
    op.execute(f"CREATE POLICY own_cafe ON {table} TO {app_role()} USING ({own})")
    op.execute(f"CREATE POLICY owner_looks ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(f"GRANT {app_may} ON {table} TO {app_role()}")


def open_to_app(table: str) -> None:
    """A platform table: it answers which café, before one is bound."""
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app_role()}")


def let_app_read_its_version() -> None:
    """The app tells whether the tables are as new as it needs them."""
    op.execute(f"GRANT SELECT ON alembic_version TO {app_role()}")


def count_across_cafes(name: str, arguments: str, returns: str, query: str) -> None:
    """A function that looks across cafés and tells nothing but whose turn it is: ids, instants and counts."""
    op.execute(
        f"CREATE FUNCTION {name}({arguments}) RETURNS TABLE ({returns}) LANGUAGE sql STABLE SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ {query} $$"
    )
    signature = ", ".join(part.split()[1] for part in arguments.split(",") if part.strip())
    op.execute(f"REVOKE ALL ON FUNCTION {name}({signature}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name}({signature}) TO {app_role()}")


def let_owner_change(name: str, *, tables: tuple[str, ...], arguments: str, statements: str) -> None:
    """A function by which the app may change rows of its own café that it can otherwise only add, in one way only.

    `statements` must say in which case; the café's wall holds inside the function too.
    """
    own = "tenant_id = current_setting('app.tenant_id')::bigint"
    for table in tables:
        op.execute(f"DROP POLICY IF EXISTS owner_changes ON {table}")
        op.execute(f"CREATE POLICY owner_changes ON {table} FOR UPDATE TO CURRENT_USER USING ({own})")
    op.execute(
        f"CREATE FUNCTION {name}({arguments}) RETURNS void LANGUAGE sql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ {statements} $$"
    )
    signature = ", ".join(part.split()[1] for part in arguments.split(","))
    op.execute(f"REVOKE ALL ON FUNCTION {name}({signature}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name}({signature}) TO {app_role()}")


def let_app_refresh(name: str, *tables: str) -> None:
    """A function by which the app has the database look anew at how its tables are filled.

    A café that just grew by thousands is unknown to statistics of an hour ago, and every plan about it goes astray.
    """
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ BEGIN ANALYZE {', '.join(tables)}; END $$"
    )
    op.execute(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name}() TO {app_role()}")
