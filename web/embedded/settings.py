"""Settings that name no servers get the embedded ones."""

from web.config import ConfigurationError, Settings
from web.embedded import servers


def with_servers(settings: Settings) -> Settings:
    """The settings with a database and a Redis in them: those named, else the embedded ones."""
    if not uses_embedded(settings):
        return settings
    if settings.is_production:
        raise ConfigurationError("DATABASE_URL and REDIS_URL are missing. Production needs servers of its own.")
    embedded = servers.ensure(settings.home)
    changes = {} if settings.redis_url else {"redis_url": embedded.redis_url}
    if not settings.database_url:  # a database and the owner of its tables belong together
        changes |= {"database_url": embedded.database_url, "database_owner_url": embedded.database_owner_url}
    return settings.model_copy(update=changes)


def uses_embedded(settings: Settings) -> bool:
    """Do these settings, as the environment gave them, leave a server to us?"""
    return not (settings.database_url and settings.redis_url)
