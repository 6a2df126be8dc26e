"""PostgreSQL and Redis that come with the package, for the demo, the tests and the first look.

One small supervisor per `REGULARS_HOME` holds both servers as children. The first regulars process starts it, every
process says that it lives, and the supervisor leaves when none does any more.
"""

from web.embedded.servers import Addresses, ServersUnavailable, are_running, ensure, forget, guard, stop

__all__ = ["Addresses", "ServersUnavailable", "are_running", "ensure", "forget", "guard", "stop"]
