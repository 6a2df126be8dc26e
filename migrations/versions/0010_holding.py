"""Members are found and held in one order by whoever books for them, and nobody is merged between the two."""

from alembic import op

revision = "0010"
down_revision = "0009"

# A statement that waited sees the rows as they were before: who is who is read by a second one, after the wait.
HOLD_MEMBERS = """
    CREATE FUNCTION hold_members(fields text[], names text[]) RETURNS TABLE (field text, name text, member_id bigint)
    LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM pg_advisory_xact_lock_shared(hashtextextended('identities:' || current_setting('app.tenant_id'), 0)),
              pg_advisory_xact_lock_shared(hashtextextended('summaries:' || current_setting('app.tenant_id'), 0));
      RETURN QUERY
        WITH named AS MATERIALIZED (
          SELECT a.field, a.name, coalesce(
                   CASE a.field
                     WHEN 'external_id' THEN
                       (SELECT id FROM members WHERE erased_at IS NULL AND external_id = a.name)
                     WHEN 'email' THEN (SELECT id FROM members WHERE erased_at IS NULL AND email_key = a.name)
                     WHEN 'phone' THEN (SELECT id FROM members WHERE erased_at IS NULL AND phone = a.name)
                     WHEN 'card' THEN (SELECT id FROM members WHERE erased_at IS NULL AND card = a.name) END,
                   (SELECT l.member_id FROM member_aliases l WHERE l.kind = a.field AND l.value = a.name)) AS id
            FROM unnest(fields, names) AS a (field, name)),
        held AS MATERIALIZED (
          SELECT id FROM members WHERE erased_at IS NULL AND id = ANY(ARRAY(SELECT id FROM named))
           ORDER BY id FOR NO KEY UPDATE)
        SELECT named.field, named.name, held.id FROM named JOIN held ON held.id = named.id;
    END $$"""


def upgrade() -> None:
    op.execute(HOLD_MEMBERS)


def downgrade() -> None:
    op.execute("DROP FUNCTION hold_members(text[], text[])")
