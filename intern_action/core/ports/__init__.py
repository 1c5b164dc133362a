"""The seams: what the house asks of the world. Adapters live in the layers above; `wiring` hands them over.

Paths cross these seams as `str`: core knows no file system.
"""

from __future__ import annotations

from intern_action.core.ports.endpoints import EndpointOrder, Endpoints, EndpointStage, EndpointStatus
from intern_action.core.ports.forge import Forge
from intern_action.core.ports.git import Branch, Checkout, Commits, FileState, Publisher, Push, Snapshot
from intern_action.core.ports.hub import HubReader, HubSnapshot, HubWriter, Uploaded
from intern_action.core.ports.jobs import JobOrder, JobReader, Jobs
from intern_action.core.ports.journals import ControlJournal, JournalFile, JournalHome, JournalStore, Workplace
from intern_action.core.ports.people import Clock, Model, Redactor, Watcher
from intern_action.core.ports.recipes import RecipeBook, RecipeCard
from intern_action.core.ports.sandboxes import (
    HOUSE_LEASE,
    WORKSPACE,
    Progress,
    SandboxDoor,
    Sandboxes,
    SandboxFiles,
    SandboxOrder,
    SandboxStatus,
)
from intern_action.core.ports.servers import BETWEEN, Offer, Said, ServedTool, ToolServers
from intern_action.core.ports.shell import Command, Outcome, Shell, Talk, Talker
from intern_action.core.ports.tools import Desk, Tool, ToolLimits

__all__ = [
    "BETWEEN",
    "HOUSE_LEASE",
    "WORKSPACE",
    "Branch",
    "Checkout",
    "Clock",
    "Command",
    "Commits",
    "ControlJournal",
    "Desk",
    "EndpointOrder",
    "EndpointStage",
    "EndpointStatus",
    "Endpoints",
    "FileState",
    "Forge",
    "HubReader",
    "HubSnapshot",
    "HubWriter",
    "JobOrder",
    "JobReader",
    "Jobs",
    "JournalFile",
    "JournalHome",
    "JournalStore",
    "Model",
    "Offer",
    "Outcome",
    "Progress",
    "Publisher",
    "Push",
    "RecipeBook",
    "RecipeCard",
    "Redactor",
    "Said",
    "SandboxDoor",
    "SandboxFiles",
    "SandboxOrder",
    "SandboxStatus",
    "Sandboxes",
    "ServedTool",
    "Shell",
    "Snapshot",
    "Talk",
    "Talker",
    "Tool",
    "ToolLimits",
    "ToolServers",
    "Uploaded",
    "Watcher",
    "Workplace",
]
