"""The commands of these tests see nothing of the user's shell."""

from tests.commands.conftest import nothing_of_the_users_shell

__all__ = ["nothing_of_the_users_shell"]
