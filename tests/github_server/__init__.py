"""A GitHub of the tests: its API, judged by GitHub's own description of it, and git over HTTP, with tokens and permissions."""

from tests.github_server.faults import Cut, Lost, Refuse
from tests.github_server.server import GitHubServer

__all__ = ["Cut", "GitHubServer", "Lost", "Refuse"]
