// Whole flows of @huggingface/hub against the Hub that HF_ENDPOINT names. It prints `judged` at the end.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const hub = await import(pathToFileURL(createRequire(`${process.env.MODULES}/`).resolve("@huggingface/hub")).href);
const hubUrl = process.env.HF_ENDPOINT;
const mine = { hubUrl, accessToken: process.env.HF_TOKEN };
const hers = { hubUrl, accessToken: process.env.STRANGER };
const weights = new Uint8Array(1_000_000).map((_, place) => place % 251);
const repo = { type: "model", name: "ada/js" };

const all = async (items) => {
	const found = [];
	for await (const item of items) found.push(item);
	return found;
};
const refused = (status) => (error) => error.statusCode === status;

const me = await hub.whoAmI(mine);
assert.equal(me.name, "ada");
assert.equal(me.auth.accessToken.role, "write");
assert.deepEqual(me.orgs.map((org) => org.name), ["lab"]);

const made = await hub.createRepo({ ...mine, repo, license: "mit", files: [{ path: "a.txt", content: new Blob(["a"]) }] });
assert.equal(made.repoUrl, `${hubUrl}/ada/js`);
await assert.rejects(hub.createRepo({ ...mine, repo }), refused(409));

const first = await hub.uploadFiles({
	...mine,
	repo,
	files: [
		{ path: "model.bin", content: new Blob([weights]) },
		{ path: "deep/é x.txt", content: new Blob(["odd"]) },
	],
});
assert.equal(first.commit.url, `${hubUrl}/ada/js/commit/${first.commit.oid}`);

const files = await all(hub.listFiles({ ...mine, repo, recursive: true, expand: true }));
const large = files.find((file) => file.path === "model.bin");
assert.equal(large.lfs.size, weights.length);
assert.equal(large.lastCommit.id, first.commit.oid);
assert.ok(files.some((file) => file.type === "directory" && file.path === "deep"));

const info = await hub.modelInfo({ ...mine, name: "ada/js", additionalFields: ["sha", "cardData", "siblings"] });
assert.equal(info.sha, first.commit.oid);
assert.equal(info.cardData.license, "mit");

const blob = await hub.downloadFile({ ...mine, repo, path: "model.bin" });
assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), weights);
assert.deepEqual(new Uint8Array(await blob.slice(10, 20).arrayBuffer()), weights.slice(10, 20));
assert.equal(await (await hub.downloadFile({ ...mine, repo, path: "deep/é x.txt" })).text(), "odd");
assert.match(await (await hub.downloadFile({ ...mine, repo, path: "model.bin", raw: true })).text(), /^version https:\/\/git-lfs/);
assert.equal(await hub.downloadFile({ ...mine, repo, path: "none" }), null);
assert.equal((await hub.pathsInfo({ ...mine, repo, paths: ["model.bin", "none"], expand: true })).length, 1);
assert.equal(await hub.fileExists({ ...mine, repo, path: "a.txt" }), true);

await assert.rejects(
	hub.commit({ ...mine, repo, title: "late", parentCommit: "0".repeat(40), operations: [{ operation: "delete", path: "a.txt" }] }),
	refused(412),
);
await hub.deleteFile({ ...mine, repo, path: "a.txt" });
assert.equal((await all(hub.listCommits({ ...mine, repo }))).length, 3);
assert.equal(await hub.countCommits({ ...mine, repo, revision: "main" }), 3);

await hub.createBranch({ ...mine, repo, branch: "try" });
await hub.uploadFile({ ...mine, repo, branch: "try", file: { path: "b.txt", content: new Blob(["b"]) } });
assert.ok((await all(hub.listFiles({ ...mine, repo, revision: "try" }))).some((file) => file.path === "b.txt"));
await hub.deleteBranch({ ...mine, repo, branch: "try" });

await assert.rejects(hub.uploadFile({ ...hers, repo, file: { path: "x", content: new Blob(["x"]) } }), refused(403));
const pull = await hub.uploadFile({ ...hers, repo, isPullRequest: true, file: { path: "x.txt", content: new Blob(["x"]) } });
assert.equal(pull.pullRequestUrl, `${hubUrl}/ada/js/discussions/1`);
assert.ok((await all(hub.listFiles({ ...mine, repo, revision: "refs/pr/1" }))).some((file) => file.path === "x.txt"));

assert.deepEqual((await all(hub.listModels({ ...mine, search: { owner: "ada" } }))).map((one) => one.name), ["ada/js"]);
await hub.createRepo({ ...mine, repo: { type: "dataset", name: "lab/rows" }, private: true });
assert.equal((await all(hub.listDatasets({ ...mine, search: { owner: "lab" } }))).length, 1);
assert.equal((await all(hub.listDatasets({ ...hers, search: { owner: "lab" } }))).length, 0);
await assert.rejects(hub.checkRepoAccess({ ...hers, repo: { type: "dataset", name: "lab/rows" } }), refused(404));
await hub.createRepo({ ...mine, repo: { type: "space", name: "ada/page" }, sdk: "static" });
assert.equal((await hub.spaceInfo({ ...mine, name: "ada/page" })).sdk, "static");

await hub.deleteRepo({ ...mine, repo });
assert.equal(await hub.repoExists({ ...mine, repo }), false);
console.log("judged");
