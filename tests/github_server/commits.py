"""Commits of the bare repository, as GitHub tells them."""

from __future__ import annotations

from pathlib import Path

from intern_action.git.run import Git

FORMAT = "%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%T%x00%P%x00%B"


def pull_commit(bare: Path, sha: str, url: str) -> dict[str, object]:
    """Return a `commit`. No e-mail belongs to an account here, so GitHub knows nobody: `author` is null."""
    told = Git(git_dir=str(bare)).run("show", "--no-patch", f"--format={FORMAT}", sha).text.split("\0")
    name, email, at, committer, committer_email, committed, tree, parents, message = told
    return {
        "url": f"{url}/commits/{sha}",
        "sha": sha,
        "node_id": f"C_{sha[:20]}",
        "html_url": f"{url}/commit/{sha}",
        "comments_url": f"{url}/commits/{sha}/comments",
        "commit": {
            "url": f"{url}/git/commits/{sha}",
            "author": {"name": name, "email": email, "date": at},
            "committer": {"name": committer, "email": committer_email, "date": committed},
            "message": message.strip(),
            "comment_count": 0,
            "tree": {"sha": tree, "url": f"{url}/git/trees/{tree}"},
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": one, "url": f"{url}/commits/{one}", "html_url": f"{url}/commit/{one}"} for one in parents.split()
        ],
    }
