# One image for worker, portal, migrations and the starter. It needs nothing writable but /tmp.
# How to pin the base image to a digest: docs/security.md.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt .
# Without pip: nothing is installed where it runs.
RUN python -m venv --without-pip /app/.venv \
    && pip --python /app/.venv/bin/python install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11.14-slim-bookworm
RUN groupadd --system --gid 10001 mentoring \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent mentoring
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY activities activities
COPY console console
COPY content content
COPY demo demo
COPY domain domain
COPY examples examples
COPY portal portal
COPY runtime runtime
COPY store store
COPY workflows workflows
COPY starter.py worker.py ./
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp \
    PORTAL_HOST=0.0.0.0 \
    WATCH_PORT=9464
RUN python -m compileall -q -x '\.venv' .
USER 10001:10001
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"WATCH_PORT\"]}/readyz', timeout=8)"]
CMD ["python", "worker.py"]
