"""A small training run as a job on the Hub that listens: it learns, and puts its model there with its own token."""

from __future__ import annotations

from tests.fakes.hub_client import HubClient
from tests.hub_server import HubServer
from tests.hub_server.accounts import Scope

TRAIN = """
import json
import torch
from huggingface_hub import HfApi
from safetensors.torch import save_file

torch.manual_seed(7)
x = torch.randn(256, 2)
y = (x @ torch.tensor([2.0, -1.0]) + 0.5 > 0).float()
weight, bias = torch.zeros(2, requires_grad=True), torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([weight, bias], lr=0.5)
for step in range(200):
    loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ weight + bias, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(json.dumps({"step": step, "loss": round(loss.item(), 3)}), flush=True)
accuracy = ((x @ weight + bias > 0).float() == y).float().mean().item()
save_file({"weight": weight.detach(), "bias": bias.detach()}, "model.safetensors")
open("README.md", "w").write(f"---\\nlicense: mit\\n---\\naccuracy {accuracy:.2f}\\n")
done = HfApi().upload_folder(repo_id="ada/separator", folder_path=".", allow_patterns=["*.md", "*.safetensors"])
print("accuracy", accuracy, flush=True)
"""


def test_a_job_trains_and_uploads_with_a_token_for_one_repository(client: HubClient, hub: HubServer) -> None:
    scope = Scope(entity="ada/separator", type="model", permissions=frozenset({"repo.content.read", "repo.write"}))
    narrow = hub.accounts.add_token("ada", "fineGrained", scopes=[scope])
    told = client(f"""
        api.create_repo("ada/separator")
        job = api.run_job(image="pytorch/pytorch", command=["uv", "run", "--with", "torch==2.13.0", "python", "-c", {TRAIN!r}],
                          secrets={{"HF_TOKEN": "{narrow}"}}, flavor="a10g-small", timeout="10m")
        lines = list(api.fetch_job_logs(job_id=job.id, follow=True))
        info = api.model_info("ada/separator")
        tell(stage=api.inspect_job(job_id=job.id).status.stage, lines=lines, files=sorted(api.list_repo_files("ada/separator")),
             licence=info.card_data and info.card_data.license)
    """)
    lines = [str(line) for line in told["lines"]] if isinstance(told["lines"], list) else []
    assert told["stage"] == "COMPLETED", "\n".join(lines)
    assert next(line for line in lines if line.startswith("{")) == '{"step": 0, "loss": 0.693}'
    assert float(lines[-1].partition(" ")[2]) > 0.9
    assert told["files"] == [".gitattributes", "README.md", "model.safetensors"]
    assert told["licence"] == "mit"
