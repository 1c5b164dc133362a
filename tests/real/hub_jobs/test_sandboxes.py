"""Sandboxes on the Hub that listens, through the official client's own sandbox API, over TLS and the name of the job."""

from __future__ import annotations

import dataclasses

import pytest

from tests.fakes.hub_client import HubClient
from tests.fakes.waiting import until
from tests.hub_server import HubServer
from tests.hub_server.front import Front
from tests.hub_server.job_runs import Jobs


@pytest.fixture
def sandboxes(client: HubClient, hub: HubServer) -> HubClient:
    return dataclasses.replace(client, environment=hub.world.part(Front).environment())


def test_a_sandbox_runs_commands_and_keeps_files(sandboxes: HubClient) -> None:
    told = sandboxes("""
        from huggingface_hub import Sandbox
        with Sandbox.create(image="python:3.12", env={"GREETING": "a b"}, secrets={"KEY": "k"}) as box:
            tell(id=box.id)
            box.files.write("/app/train.py", "import os, sys; print(os.environ['GREETING'], os.environ['KEY'], sys.argv[1:])")
            ran = box.run(["python", "train.py", "--lr", "1e-4"], cwd="/app", timeout=30)
            failed = box.run("echo out; echo err >&2; exit 3", check=False)
            late = box.run("sleep 60", timeout=0.3, check=False)
            heard = []
            box.run("cat; echo done", stdin="given ", on_stdout=heard.append)
            tell(ran=[ran.exit_code, ran.stdout, ran.stderr], failed=[failed.exit_code, failed.stdout, failed.stderr],
                 late=[late.timed_out, late.ok], heard="".join(heard), secret=box.run("env | grep -c SBX_", check=False).stdout)
        tell(stage=api.inspect_job(job_id=box.id).status.stage, labels=api.inspect_job(job_id=box.id).labels["hf-sandbox"])
    """)
    assert told["ran"] == [0, "a b k ['--lr', '1e-4']\n", ""]
    assert told["failed"] == [3, "out\n", "err\n"]
    assert told["late"] == [True, False]
    assert told["heard"] == "given done\n"
    assert told["secret"] == "0\n"
    assert (told["stage"], told["labels"]) == ("CANCELED", "1")


def test_the_files_of_a_sandbox_are_read_written_listed_and_deleted(sandboxes: HubClient) -> None:
    told = sandboxes("""
        import os
        from huggingface_hub import Sandbox
        with Sandbox.create() as box:
            files, large = box.files, os.urandom(5_000_000)
            files.write("/data/large.bin", large)
            files.write("/data/large.bin", large[:3_000_000])
            files.write("/data/run.sh", "echo hi", mode="755")
            files.mkdir("/data/more/deep")
            open("here.txt", "w").write("from here")
            files.upload("here.txt", "/data/there.txt")
            files.download("/data/there.txt", "back.txt")
            tell(same=files.read("/data/large.bin") == large[:3_000_000], back=open("back.txt").read(),
                 listed=[[one.name, one.type] for one in files.list("/data")], mode=files.stat("/data/run.sh").mode,
                 ran=box.run("./run.sh", cwd="/data").stdout)
            files.delete("/data", recursive=True)
            box.run("ln -s /etc etc")
            try:
                files.read("/etc/passwd")
            except SandboxError as refused:
                tell(link=str(refused))
            tell(exists=files.exists("/data"))
    """)
    assert told["same"] is True
    assert told["back"] == "from here"
    assert told["listed"] == [["large.bin", "file"], ["more", "dir"], ["run.sh", "file"], ["there.txt", "file"]]
    assert (told["mode"], told["ran"], told["exists"]) == ("0755", "hi\n", False)
    assert "symlinks are not followed" in str(told["link"])


def test_a_sandbox_is_found_again_and_its_processes_with_it(sandboxes: HubClient) -> None:
    first = sandboxes("""
        from huggingface_hub import Sandbox
        box = Sandbox.create()
        process = box.run("echo started; sleep 300", background=True)
        tell(id=box.id, process=process.id)
    """)
    told = sandboxes(f"""
        from huggingface_hub import Sandbox
        box = Sandbox.connect("ada/{first["id"]}")
        (process,) = box.processes()
        tell(id=process.id, running=process.running, killed=process.kill(), again=process.kill())
        (process,) = box.processes()
        tell(after=[process.running, process.exit_code])
        box.kill()
        tell(stage=api.inspect_job(job_id=box.id).status.stage, said=list(api.fetch_job_logs(job_id=box.id)))
    """)
    assert (told["id"], told["running"], told["killed"], told["again"]) == (first["process"], True, True, False)
    assert told["after"] == [False, -9]
    assert told["stage"] == "CANCELED"
    assert "started" in str(told["said"])


def test_two_sandboxes_at_a_time_are_two(sandboxes: HubClient) -> None:
    told = sandboxes("""
        from concurrent.futures import ThreadPoolExecutor
        from huggingface_hub import Sandbox
        with ThreadPoolExecutor(2) as pool:
            boxes = list(pool.map(lambda _: Sandbox.create(), range(2)))
        for number, box in enumerate(boxes):
            box.files.write("name", str(number))
        tell(names=[box.run("cat name").stdout for box in boxes])
        for box in boxes:
            box.kill()
    """)
    assert told == {"names": ["0", "1"]}


def test_a_sandbox_that_nobody_uses_ends(sandboxes: HubClient, jobs: Jobs) -> None:
    sandboxes("""
        from huggingface_hub import Sandbox
        Sandbox.create(idle_timeout=1)
    """)
    (folder,) = jobs.folders.everywhere()
    until(lambda: folder.status().stage == "COMPLETED")


def test_only_who_may_see_the_job_gets_to_its_port(sandboxes: HubClient, hub: HubServer) -> None:
    hub.accounts.add_user("mallory")
    told = sandboxes(f"""
            from huggingface_hub import Sandbox
        box = Sandbox.create()
        def status(url, token, key="x"):
            return http.get(url, headers={{"Authorization": f"Bearer {{token}}", "X-Sandbox-Token": key}}).status_code
        url = box._server.base_url + "/v1/processes"
        tell(nobody=http.get(url).status_code, stranger=status(url, "{hub.accounts.add_token("mallory")}"),
             without_key=status(url, "{hub.token}"), owner=status(url, "{hub.token}", box._server._sandbox_token),
             other_port=status(url.replace("49983", "22"), "{hub.token}"))
        try:
            http.get("https://huggingface.co")
        except http.ProxyError as refused:
            tell(elsewhere=str(refused))
        box.kill()
    """)
    assert (told["nobody"], told["stranger"], told["without_key"], told["owner"], told["other_port"]) == (
        401,
        403,
        401,
        200,
        404,
    )
    assert str(told["elsewhere"]).startswith("403")
