# One image for worker, portal, migrations and the starter. It needs nothing writable but /tmp.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /app/.venv \
    && /app/.venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent mentoring
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
    PORTAL_HOST=0.0.0.0
RUN python -m compileall -q -x '\.venv' .
USER 10001
CMD ["python", "worker.py"]
