ADD = ("connector", "add", "--tenant", "aurora", "--system", "square", "--set", "access_token=token")


def test_a_connected_system_gets_the_address_of_its_hook(console, aurora):
    said = console(*ADD, "signature_key=key", "--json", PUBLIC_URL="https://regulars.example")

    assert said.json["system"] == "square"
    assert said.json["hook_url"].startswith("https://regulars.example/hooks/square/")


def test_a_missing_setting_is_named(console, aurora):
    said = console(*ADD)

    assert said.code == 1
    assert "signature_key" in said.err


def test_a_system_nobody_knows_is_refused(console, aurora):
    assert console(*ADD[:5], "abacus", *ADD[6:]).code == 1
