"""What GitHub answers about how a repository is set up: fields and types of its OpenAPI description, checked at the door."""

from __future__ import annotations

import base64
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Rights(_Answer):
    """What whoever a token belongs to may do, in GitHub's own words."""

    admin: bool = False
    maintain: bool = False
    push: bool = False


class Owner(_Answer):
    """`simple-user`."""

    login: str
    type: str = ""


class RepositoryState(_Answer):
    """`full-repository`. GitHub leaves `permissions` out for an App's token."""

    full_name: str
    html_url: str
    default_branch: str
    private: bool
    archived: bool = False
    has_issues: bool = True
    owner: Owner
    pushed_at: AwareDatetime | None = None
    permissions: Rights | None = None


class ActionsRights(_Answer):
    """`actions-repository-permissions`."""

    enabled: bool
    allowed_actions: Literal["all", "local_only", "selected"] = "all"


class WorkflowRights(_Answer):
    """`actions-get-default-workflow-permissions`."""

    default_workflow_permissions: Literal["read", "write"]
    can_approve_pull_request_reviews: bool


class Workflow(_Answer):
    """`workflow`."""

    name: str
    path: str
    state: str


class WorkflowPage(_Answer):
    """One page of the workflows."""

    workflows: tuple[Workflow, ...]


class ContentFile(_Answer):
    """`content-file`; over a megabyte GitHub sends no content, which is no workflow's size."""

    content: str
    encoding: str

    @property
    def data(self) -> bytes:
        """The bytes."""
        return base64.b64decode(self.content)


class BranchRule(_Answer):
    """One active rule for a branch, whoever set it: the repository, or its organisation."""

    type: str
    ruleset_source_type: str = ""
    ruleset_source: str = ""


class Switch(_Answer):
    """`{"enabled": true}`."""

    enabled: bool = False


class Protection(_Answer):
    """`branch-protection`, as far as it can refuse a push of ours."""

    required_pull_request_reviews: dict[str, object] | None = None
    required_signatures: Switch = Switch()
    restrictions: dict[str, object] | None = None
    lock_branch: Switch = Switch()
    allow_force_pushes: Switch = Switch()
    allow_deletions: Switch = Switch()


class BranchState(_Answer):
    """`branch-with-protection`."""

    name: str
    protected: bool


class Writer(_Answer):
    """`collaborator`."""

    login: str
    type: str


class Named(_Answer):
    """A secret: its value is told to nobody."""

    name: str


class SecretPage(_Answer):
    """One page of the names of secrets."""

    secrets: tuple[Named, ...]


class BranchPolicy(_Answer):
    """Which branches may use an environment."""

    protected_branches: bool
    custom_branch_policies: bool


class EnvironmentRule(_Answer):
    """One rule of an environment: `required_reviewers`, `wait_timer`, `branch_policy`."""

    type: str


class Environment(_Answer):
    """`environment`."""

    name: str
    protection_rules: tuple[EnvironmentRule, ...] = Field(default=())
    deployment_branch_policy: BranchPolicy | None = None
