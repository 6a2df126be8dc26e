"""For machines that watch."""

from tests.web.conftest import change


def test_a_living_process_says_so(client):
    assert client.get("/healthz").json == {"ok": True}


def test_ready_means_database_redis_and_migrations(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"ok": True, "checks": {"database": True, "redis": True, "migrations": True}}


def test_an_old_schema_is_not_ready(client, database):
    change(database.owner_url, "UPDATE alembic_version SET version_num = 'older'")
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["checks"] == {"database": True, "redis": True, "migrations": False}


def test_without_redis_it_is_not_ready_but_alive(app, client):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"redis_url": "redis://127.0.0.1:9/0"})

    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_metrics_are_for_neighbours_only(client):
    assert b"regulars_http_request_seconds" in client.get("/metrics").data
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 404
