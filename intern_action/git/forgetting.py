"""A folder taken out of a branch and out of its history: what is left begins anew as one commit."""

from __future__ import annotations

from datetime import datetime

from intern_action.git.remote import Remote, branch_ref
from intern_action.git.run import OURS, GitFailed, LostRace


def forget_folder(remote: Remote, branch: str, folder: str, *, message: str, at: datetime) -> bool:
    """Take a top folder out of a branch of a remote; return whether it was there. May be repeated.

    The branch then has one commit without a parent, or is gone when nothing else was on it: in the commits before, the folder
    would stay readable. This is the one place where a ref of ours does not go to a child of its value, and it is compared with
    what was read all the same. Servers keep objects that nothing names for some weeks.

    Raises:
        LostRace: somebody wrote there meanwhile.
        GitFailed: the remote refused.
    """
    ref = branch_ref(branch)
    head = remote.ref(ref)
    if head is None:
        return False
    remote.fetch(head, ref=ref)
    listed = remote.git.run("ls-tree", "-z", head).out.split(b"\0")[:-1]
    left = [line for line in listed if line.partition(b"\t")[2] != folder.encode()]
    if left == listed:
        return False
    if not left:
        remote.drop(ref, head)
        return True
    tree = remote.git.run("mktree", "-z", stdin=b"".join(line + b"\0" for line in left)).text
    commit = remote.git.run("commit-tree", tree, "-m", message, env=OURS.stamp(at)).text
    _put(remote, ref, commit, head, at)
    return True


def _put(remote: Remote, ref: str, commit: str, head: str, at: datetime) -> None:
    lease = f"--force-with-lease={ref}:{head}"
    order = ("push", "--porcelain", "--no-verify", lease, "--", remote.url, f"{commit}:{ref}")
    done = remote.git.ask(*order, env=OURS.stamp(at))
    now = remote.ref(ref) if done.code else commit
    if now == commit:
        return  # where only the answer was lost, too
    if now != head:
        raise LostRace(f"{ref} was moved by somebody else meanwhile")
    raise GitFailed(f"git push that takes a folder out of {ref} failed: {done.words}")
