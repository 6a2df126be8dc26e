"""The operator's console, `regulars`."""

from importlib import import_module

import click

from web.cli.console import refusals_said

NOUNS = {
    "web": "web.cli.web_process:web",
    "worker": "web.cli.worker:worker",
    "scheduler": "web.cli.scheduler:scheduler",
    "db": "web.cli.db:db",
    "tenant": "web.cli.tenant:tenant",
    "support": "web.cli.support:support",
    "key": "web.cli.key:key",
    "gateway": "web.cli.gateway:gateway",
    "connector": "web.cli.connector:connector",
    "members": "web.cli.members:members",
    "purchases": "web.cli.purchases:purchases",
    "tags": "web.cli.tags:tags",
    "LoyaltyUpdateConsole": "web.cli.tags:update",
    "due": "web.cli.due:due",
    "doctor": "web.cli.doctor:doctor",
}


class Console(click.Group):
    """The commands, each imported when it is asked for: the console answers quickly whatever the others need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        module, _, name = NOUNS[cmd_name].partition(":")
        return getattr(import_module(module), name)

    def invoke(self, ctx: click.Context) -> object:
        with refusals_said():
            return super().invoke(ctx)


@click.command(cls=Console, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Regulars, the messaging engine of a café loyalty programme.

    Without DATABASE_URL and REDIS_URL, every command uses the embedded servers of REGULARS_HOME and starts them.
    """
