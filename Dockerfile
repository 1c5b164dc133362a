# The agent and control, without anything that trains: Debian's own Python, base.lock with its hashes, bytecode compiled.
#
#   docker build -t intern-action .
#
# BASE is a tag, not a digest: give a digest (or your own mirror, with your certificates in it) by --build-arg BASE=...
ARG BASE=debian:bookworm-slim
FROM ${BASE}

# git for our own repositories, ca-certificates for the model's and the Hub's addresses. Versions are the release's own.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/intern-action
COPY base.lock ./
RUN python3 -m venv venv \
    && venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --no-deps -r base.lock

COPY pyproject.toml README.md LICENSE ./
COPY configs configs
COPY intern_action intern_action
COPY tests/hub_server tests/hub_server
RUN venv/bin/pip install --no-cache-dir --no-index --no-deps --no-build-isolation . \
    && venv/bin/pip check \
    && venv/bin/python -m compileall -q venv/lib \
    && ln -s /opt/intern-action/venv/bin/intern-action /opt/intern-action/venv/bin/ml-intern /usr/local/bin/ \
    && rm -rf build intern_action configs

ENTRYPOINT ["intern-action"]
CMD ["--help"]
