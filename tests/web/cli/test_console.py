"""What every command has in common."""

import json
import subprocess
import sys

import pytest

from tests.waiting import until
from web import embedded
from web.cli import NOUNS, main
from web.cli.console import for_people


@pytest.mark.parametrize("noun", NOUNS)
def test_every_command_explains_itself(console, noun):
    assert console(noun, "--help").code == 0


def test_every_command_that_ends_offers_json(console):
    endless = {"web", "worker", "scheduler"}
    commands = [(noun, main.get_command(None, noun)) for noun in NOUNS if noun not in endless]
    leaves = [leaf for _, command in commands for leaf in getattr(command, "commands", {"": command}).values()]

    assert [leaf.name for leaf in leaves if "--json" not in {each for p in leaf.params for each in p.opts}] == []


def test_wrong_usage_ends_with_2(console):
    assert console("tenant", "create").code == 2
    assert console("nothing").code == 2


def test_a_refusal_ends_with_1_and_says_why_on_stderr_only(console):
    said = console("key", "create", "--tenant", "nobody", "--scope", "*", "--json")

    assert (said.code, said.out) == (1, "")
    assert said.err == "There is no café nobody.\n"


def test_a_database_that_does_not_answer_is_a_sentence(console):
    said = console("support", "create", "a@example.com", DATABASE_URL="postgresql://app@127.0.0.1:1/regulars")

    assert said.code == 1
    assert said.err.startswith("The database does not answer:")


def test_a_database_without_tables_says_what_to_run(console, servers):
    said = console("support", "create", "a@example.com", DATABASE_URL=servers.addresses.admin_url)

    assert (said.code, said.err) == (1, "The database has no tables yet. Run: regulars db upgrade\n")


def test_production_without_secrets_names_them(console):
    said = console("doctor", REGULARS_ENV="production", SECRET_KEY=None, CREDENTIALS_KEY=None)

    assert said.code == 1
    assert "SECRET_KEY" in said.err
    assert "CREDENTIALS_KEY" in said.err


def test_answers_for_people_are_lines():
    answer = {"id": 7, "scopes": ["a", "b"], "missing": None, "checks": [{"name": "redis", "ok": True}]}

    assert list(for_people(answer)) == ["id: 7", "scopes: a, b", "checks:", "  name redis  ok True"]


def test_the_first_command_starts_the_embedded_servers_and_the_last_one_ends_them(environment, tmp_path):
    home = tmp_path / "home"
    alone = {**environment, "REGULARS_HOME": str(home)}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        del alone[name]

    def regulars(*arguments: str) -> dict:
        command = [sys.executable, "-m", "web.cli", *arguments, "--json"]
        return json.loads(subprocess.run(command, env=alone, capture_output=True, check=True).stdout)

    try:
        assert regulars("db", "upgrade")["revision"]
        assert regulars("tenant", "create", "--name", "A", "--slug", "a", "--owner", "o@example.com")["tenant"] == "a"
        until(lambda: not embedded.are_running(home), what="the end of the servers")
    finally:
        embedded.forget(home)
