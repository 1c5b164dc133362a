"""Payloads as GitHub sends them, cut down to what matters and a little besides."""

from __future__ import annotations

from typing import Any

AT = "2026-11-26T02:00:00Z"
REPOSITORY = {"full_name": "Ours/Repo", "private": False}


def an_account(login: str = "ada", kind: str = "User") -> dict[str, Any]:
    return {"login": login, "type": kind, "id": 5, "site_admin": False}


def a_comment(body: str | None = "/intern train X on Y", **changes: object) -> dict[str, Any]:
    who = an_account(str(changes.get("by", "ada")), str(changes.get("type", "User")))
    return {
        "action": changes.get("action", "created"),
        "comment": {
            "id": changes.get("id", 99),
            "body": body,
            "user": who,
            "author_association": "OWNER",
            "created_at": AT,
            "updated_at": AT,
            "performed_via_github_app": changes.get("app"),
        },
        "issue": {
            "number": 12,
            "title": "The filter",
            "body": "lets spam through",
            "user": an_account("eve"),
            "state": "open",
            **({"pull_request": {"url": "u"}} if changes.get("pull") else {}),
        },
        "repository": {"full_name": changes.get("repository", "Ours/Repo"), "private": False},
        "sender": changes.get("sender", who),
    }


def a_label(name: str = "intern", **changes: object) -> dict[str, Any]:
    return {
        "action": changes.get("action", "labeled"),
        "issue": {
            "number": changes.get("number", 12),
            "title": changes.get("title", "Train X on Y"),
            "body": changes.get("body", "with epochs=3"),
            "user": an_account("eve"),
            "labels": [{"name": "intern-big"}],
            "state": "open",
            "created_at": AT,
            "updated_at": AT,
        },
        "label": {"id": 7, "name": name, "color": "d73a4a", "default": False},
        "repository": REPOSITORY,
        "sender": an_account(str(changes.get("by", "ada")), str(changes.get("type", "User"))),
    }


def a_line_comment(
    body: str | None = "why not 16?", comment: dict[str, object] | None = None, **changes: object
) -> dict[str, Any]:
    said = {
        "id": 50,
        "body": body,
        "user": an_account(str(changes.get("by", "grace")), str(changes.get("type", "User"))),
        "path": "training/train.py",
        "line": 3,
        "original_line": 4,
        "commit_id": "b" * 40,
        "original_commit_id": "a" * 40,
        "created_at": AT,
    }
    return {
        "action": changes.get("action", "created"),
        "comment": {**said, **(comment or {})},
        "pull_request": {"number": 13, "title": "t"},
        "repository": REPOSITORY,
        "sender": an_account("grace"),
    }


def a_review(action: str = "submitted") -> dict[str, Any]:
    return {
        "action": action,
        "review": {"id": 1, "state": "approved", "body": None, "user": an_account("grace")},
        "pull_request": {"number": 13},
        "repository": REPOSITORY,
        "sender": an_account("grace"),
    }


def a_pull_request(action: str) -> dict[str, Any]:
    return {"action": action, "number": 13, "pull_request": {"number": 13}, "repository": REPOSITORY}


def a_run(action: str = "completed", pulls: tuple[int, ...] = (13,)) -> dict[str, Any]:
    run = {"id": 1, "event": "pull_request_review", "pull_requests": [{"number": number} for number in pulls]}
    return {"action": action, "workflow_run": run, "repository": REPOSITORY}


def a_dispatch(action: str = "intern", **client: object) -> dict[str, Any]:
    return {"action": action, "branch": "main", "client_payload": client, "repository": REPOSITORY}


def a_button(**inputs: object) -> dict[str, Any]:
    return {"inputs": inputs or None, "ref": "refs/heads/main", "repository": REPOSITORY, "sender": an_account()}
