# Two images on Debian and Debian's own Python, from one file:
#
#   docker build -t intern-action .                           control and the agent, without anything that trains
#   docker build -t intern-action:train --target train .      the same, and what a smoke test needs: the CPU build of torch
#
# BASE is what both stand on, pinned; a build with BASE=debian:bookworm-slim takes the newest.
# BUILD_BASE is where wheels are installed. It may be another one, with your certificates and your pip.conf in it: neither comes along.
ARG BASE=debian:bookworm-slim@sha256:96e378d7e6531ac9a15ad505478fcc2e69f371b10f5cdf87857c4b8188404716
ARG BUILD_BASE=${BASE}

# ── the system: git for our repositories, Python, certificates ─────────────────────────────────────────────────────────
FROM ${BASE} AS system
# Versions are the release's own. git declares perl for what is never called here (send-email, add -p): perl's modules stay out,
# and so do git's servers and its clients of old protocols.
# hadolint ignore=DL3008
RUN printf 'path-exclude %s\n' \
        '/usr/lib/*/perl/*' '/usr/share/perl/*' '/usr/share/perl5/*' '/usr/lib/*/libperl.so*' \
        '/usr/lib/git-core/git-http-backend' '/usr/lib/git-core/git-http-fetch' '/usr/lib/git-core/git-http-push' \
        '/usr/lib/git-core/git-imap-send' '/usr/lib/git-core/git-daemon' '/usr/lib/git-core/scalar' '/usr/bin/scalar' \
        > /etc/dpkg/dpkg.cfg.d/less \
    && apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/* /etc/dpkg/dpkg.cfg.d/less

# ── what is installed: base.lock with its hashes ───────────────────────────────────────────────────────────────────────
FROM ${BUILD_BASE} AS installed
# hadolint ignore=DL3008,DL3009
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils ca-certificates python3 python3-pip python3-venv
WORKDIR /opt/intern-action
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY base.lock ./
RUN python3 -m venv --without-pip venv \
    && python3 -m pip --python venv/bin/python install --no-compile --require-hashes --only-binary :all: --no-deps -r base.lock

# ── this program, in a stage of its own: another word in it does not install everything again ──────────────────────────
FROM installed AS program
COPY pyproject.toml README.md LICENSE ./
COPY configs configs
COPY intern_action intern_action
COPY tests/hub_server tests/hub_server
RUN python3 -m pip --python venv/bin/python install --no-compile --no-index --no-deps --no-build-isolation --root /out . \
    && python3 -m compileall -q -s /out --invalidation-mode unchecked-hash /out/opt/intern-action/venv/lib \
    && mkdir -p /out/usr/local/bin \
    && ln -s /opt/intern-action/venv/bin/intern-action /opt/intern-action/venv/bin/ml-intern /out/usr/local/bin/

# ── less of it: what is never loaded here, and sources of others beside their bytecode ─────────────────────────────────
FROM installed AS slim
WORKDIR /opt/intern-action/venv/lib/python3.11/site-packages
# Of litellm goes its server for others (all but what importing it loads), its second engine, and tokenizers, which are switched
# off in intern_action/llm; of the client for Amazon stays what Bedrock needs.
RUN python3 -m pip --python ../../../bin/python check \
    && python3 -m pip --python ../../../bin/python uninstall -q -y editables hatchling pathspec pluggy tomlkit trove-classifiers \
    && rm -rf tokenizers litellm/rust_bridge/_native.abi3.so \
        litellm/litellm_core_utils/tokenizers/ec7223a39ce59f226a68acc30dc1af2788490e15 \
        litellm/litellm_core_utils/tokenizers/fb374d419588a4632f3f557e76b4b70aebbca790 \
        litellm/proxy/_experimental/out litellm/proxy/_lazy_openapi_snapshot.json litellm/proxy/client litellm/proxy/guardrails \
        litellm/proxy/lens litellm/proxy/management_endpoints litellm/proxy/roi_calculator litellm/proxy/swagger \
    && find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name 'sso*' ! -name sts ! -name 'bedrock*' -exec rm -rf {} + \
    && find . -name '*.so' -exec strip --strip-unneeded {} + \
    && python3 -OO -m compileall -q -b -j 0 boto3 botocore litellm openai \
    && python3 -m compileall -q -b -j 0 -x '/(boto3|botocore|litellm|openai)/' . \
    && find . -name '*.py' ! -path ./nanoarrow/_static_version.py -delete

# ── the same, and what trains: train.lock ──────────────────────────────────────────────────────────────────────────────
FROM installed AS trained
# Where pip finds the CPU build of torch that train.lock names, when BUILD_BASE's own pip does not know.
ARG PIP_EXTRA_INDEX_URL
COPY train.lock ./
RUN python3 -m pip --python venv/bin/python install --no-compile --require-hashes --only-binary :all: --no-deps -r train.lock \
    && python3 -m pip --python venv/bin/python check
# Not their own tests, some of which are written for another Python, nor every kind of model there is.
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        -x '/(tests?|testing|torch/(_inductor|onnx)|transformers/models)/' venv/lib \
    && venv/bin/python -c 'from transformers import AutoTokenizer, BertForSequenceClassification, LlamaForCausalLM, Trainer'

FROM system AS train
COPY --from=trained /opt/intern-action/venv /opt/intern-action/venv
COPY --from=program /out/ /
LABEL org.opencontainers.image.title=intern-action org.opencontainers.image.licenses=Apache-2.0
ENTRYPOINT ["intern-action"]
CMD ["--help"]

# It runs as root, so that what the model steers can run as somebody else (intern_action/shell).
FROM system AS intern
COPY --from=slim /opt/intern-action/venv /opt/intern-action/venv
COPY --from=program /out/ /
LABEL org.opencontainers.image.title=intern-action org.opencontainers.image.licenses=Apache-2.0
ENTRYPOINT ["intern-action"]
CMD ["--help"]
