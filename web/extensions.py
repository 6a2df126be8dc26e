"""The Flask extensions, one of each, bound to the application when it is built."""

from flask import request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from htmx_flask import Htmx


def caller_address() -> str:
    """The address a request comes from, as our own proxy saw it."""
    return request.remote_addr or "unknown"


login_manager = LoginManager()
csrf = CSRFProtect()
htmx = Htmx()
babel = Babel()
migrate = Migrate()
limiter = Limiter(caller_address, in_memory_fallback_enabled=True, headers_enabled=False)
