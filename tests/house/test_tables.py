"""Tables: every café's rows behind its wall, keys that begin with the café, migrations that agree with the models."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, create_engine, text

from models.database import db
from models.tables import PLATFORM

TENANT_TABLES = [table for table in db.metadata.sorted_tables if table.name not in PLATFORM]
each_tenant_table = pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: table.name)

WALLS = text("""
    SELECT relname, relrowsecurity, relforcerowsecurity,
           EXISTS (SELECT 1 FROM pg_policies WHERE tablename = relname
                      AND 'regulars_app' = ANY(roles) AND cmd = 'ALL'
                      AND qual LIKE '%tenant_id = (current_setting(''app.tenant_id''%')
      FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace""")


@pytest.fixture(scope="module")
def owner(servers, worker_number):
    """The owner's connection to a migrated database."""
    with servers.database(f"house_{worker_number}") as database:
        engine = create_engine(database.owner_url)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


def test_there_are_tenant_tables():
    assert len(TENANT_TABLES) > 20


@each_tenant_table
def test_a_tenant_tables_primary_key_begins_with_the_cafe(table):
    assert next(iter(table.primary_key.columns)).name == "tenant_id"


@each_tenant_table
def test_a_tenant_tables_unique_keys_begin_with_the_cafe(table):
    keys = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    keys += [each for each in table.indexes if each.unique]

    assert [key.name for key in keys if next(iter(key.columns)).name != "tenant_id"] == []


@each_tenant_table
def test_a_tenant_tables_foreign_keys_begin_with_the_cafe(table):
    keys = [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]

    assert [key.name for key in keys if next(iter(key.columns)).name != "tenant_id"] == []


def test_every_tenant_table_has_a_wall_that_fails_closed(owner):
    walls = {name: (on, forced, policy) for name, on, forced, policy in owner.execute(WALLS)}

    assert {table.name: walls[table.name] for table in TENANT_TABLES} == {
        table.name: (True, True, True) for table in TENANT_TABLES
    }


def test_every_table_of_the_database_has_a_model(owner):
    names = {row.relname for row in owner.execute(WALLS)} - {"alembic_version"}

    assert names == set(db.metadata.tables)


def test_models_and_migrations_agree(owner):
    context = MigrationContext.configure(owner, opts={"compare_type": True})

    assert compare_metadata(context, db.metadata) == []


def test_the_apps_role_owns_nothing_and_cannot_pass_the_walls(owner):
    role = owner.execute(
        text("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname='regulars_app'")
    )
    owned = owner.execute(text("SELECT count(*) FROM pg_class WHERE relowner = 'regulars_app'::regrole"))

    assert role.one() == (False, False, False)
    assert owned.scalar() == 0


def test_functions_that_look_across_cafes_are_not_open_to_everybody(owner):
    functions = owner.execute(
        text("""
            SELECT proname, proconfig::text, has_function_privilege('public', oid, 'EXECUTE')
              FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace""")
    ).all()

    assert functions
    assert [name for name, settings, open_to_all in functions if open_to_all or "search_path" not in settings] == []
