# Vitruvian's server in a container. It could not be built where it was written; tests/unit/test_container.py reads it.
#
#   docker build -t vitruvian .
#   docker run -p 8080:8080 -v vitruvian:/data vitruvian                          # prints the one-time set-up token
#   docker run -p 8080:8080 vitruvian serve --host 0.0.0.0 --demo                 # a living demonstration
#   docker run vitruvian serve --host 0.0.0.0 --db postgresql://vitruvian@db/vitruvian --behind-tls

ARG PYTHON=3.12
ARG NODE=22

# 1. The browser client: node is needed here only.
FROM node:${NODE}-slim AS client
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

# 2. The wheel, and every package it needs at the versions that were tested.
FROM python:${PYTHON}-slim AS wheel
WORKDIR /build
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt pyproject.toml README.md LICENSE NOTICE ./
COPY src ./src
COPY --from=client /build/src/vitruvian/web ./src/vitruvian/web
# The client is there already: the hook that would build it stays out.
RUN pip install -c constraints.txt hatchling \
 && HATCH_BUILD_NO_HOOKS=true pip wheel --no-deps --no-build-isolation -w /wheels . \
 && pip install -c constraints.txt "$(ls /wheels/*.whl)[fit,sample,postgres,parquet]" \
 && pip uninstall -y hatchling

# 3. What runs: no compiler, no node, no root.
FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data vitruvian
COPY --from=wheel /venv /venv
ENV PATH=/venv/bin:$PATH VITRUVIAN_HOME=/data PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
USER vitruvian
WORKDIR /data
VOLUME /data
EXPOSE 8080 2575
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health/live', timeout=4)"]
STOPSIGNAL SIGINT
ENTRYPOINT ["vitruvian"]
CMD ["serve", "--host", "0.0.0.0"]
