"""What the environment tells the product, read and judged once at the start."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "development-only-secret"
WEAK_SECRETS = {DEVELOPMENT_SECRET, "change-me", "changeme", "secret", "default", "development", "test", "dev"}
SHORTEST_SECRET = 16

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class ConfigurationError(Exception):
    """The environment does not allow a start. The message is one sentence per thing to change."""


class Settings(BaseSettings):
    """The environment variables of the product, by their own names.

    `secret_key` and `credentials_key` are newest first: the first one signs and encrypts, all of them read.
    """

    # The prefix keeps `home` from being read out of the machine's own HOME.
    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True, env_prefix="REGULARS_"
    )

    home: Path = Field(PROJECT / "var", validation_alias="REGULARS_HOME")
    env: Literal["development", "production"] = Field("development", validation_alias="REGULARS_ENV")
    database_url: str | None = Field(None, validation_alias="DATABASE_URL")
    database_owner_url: str | None = Field(None, validation_alias="DATABASE_OWNER_URL")
    redis_url: str | None = Field(None, validation_alias="REDIS_URL")
    secret_key: CommaSeparated = Field((DEVELOPMENT_SECRET,), validation_alias="SECRET_KEY")
    credentials_key: CommaSeparated = Field((DEVELOPMENT_SECRET,), validation_alias="CREDENTIALS_KEY")
    public_url: str = Field("http://localhost:8000", validation_alias="PUBLIC_URL")
    smtp_url: str | None = Field(None, validation_alias="SMTP_URL")
    outbound_allow: CommaSeparated = Field((), validation_alias="OUTBOUND_ALLOW")

    @field_validator("secret_key", "credentials_key", "outbound_allow", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _without_a_slash_at_the_end(cls, value: str) -> str:
        address = urlsplit(value)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("PUBLIC_URL must be an address like https://regulars.example.")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _secrets_exist(self) -> Self:
        for name in ("secret_key", "credentials_key"):
            if not getattr(self, name):
                raise ValueError(f"{name.upper()} is empty. Set it to a long random text.")
        return self

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        refusals = list(_production_refusals(self)) if self.is_production else []
        if refusals:
            raise ValueError(" ".join(refusals))
        return self

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def public_host(self) -> str:
        """The host of `PUBLIC_URL`, without its port."""
        return urlsplit(self.public_url).hostname or "localhost"


def _production_refusals(settings: Settings) -> list[str]:
    refusals = [
        f"{name.upper()} is missing or a default. Set it to a long random text before starting in production."
        for name in ("secret_key", "credentials_key")
        if any(key in WEAK_SECRETS or len(key) < SHORTEST_SECRET for key in getattr(settings, name))
    ]
    refusals += [
        f"{name.upper()} is missing. Production needs a server of its own."
        for name in ("database_url", "redis_url")
        if not getattr(settings, name)
    ]
    if settings.outbound_allow:
        refusals.append("OUTBOUND_ALLOW is for development only. Remove it before starting in production.")
    return refusals


def load() -> Settings:
    """Read the environment. Raises `ConfigurationError` that names the variable and what to do."""
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigurationError(" ".join(map(_sentence, error.errors()))) from None


def _sentence(problem: dict) -> str:
    said = problem.get("ctx", {}).get("error")
    if said:
        return str(said)
    name = ".".join(map(str, problem["loc"]))
    return f"{name}: {problem['msg']}."


def driver_url(url: str) -> str:
    """The same address, with the driver we use named for SQLAlchemy."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url
