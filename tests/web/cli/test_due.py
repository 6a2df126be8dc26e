FIGURES = {"at", "planned", "sent", "skipped", "cancelled", "failed", "unsure", "recomputed"}


def test_it_tells_what_it_did(console, aurora):
    said = console("due", "--json")

    assert said.code == 0
    assert said.json.keys() == FIGURES


def test_the_clock_of_the_rules_can_be_set_in_development(console, aurora):
    assert console("due", "--at", "2026-03-04T14:05:00+01:00", "--json").json["at"] == "2026-03-04T13:05:00+00:00"


def test_in_production_the_clock_is_not_set(console, aurora):
    secrets = {"SECRET_KEY": "a-long-random-text-1", "CREDENTIALS_KEY": "a-long-random-text-2"}

    said = console("due", "--at", "2026-03-04T14:05:00+01:00", REGULARS_ENV="production", **secrets)

    assert (said.code, said.out) == (1, "")
    assert "REGULARS_ENV=development" in said.err


def test_an_instant_needs_its_offset(console):
    assert console("due", "--at", "2026-03-04T14:05:00").code == 2
    assert console("due", "--at", "noon").code == 2
