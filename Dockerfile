# The application for amd64 and arm64: docker build --tag yoto .
# Both stages have the same base, since the virtual environment of the first runs in the second.

FROM docker.io/library/python:3.13-slim-trixie AS build
WORKDIR /build
COPY requirements.lock requirements-regorus.lock requirements-frontend.lock ./
# Only what the lock files name, with the hashes that they name; nothing is compiled.
RUN python -m venv --without-pip /opt/yoto && \
    python -m pip --python /opt/yoto/bin/python install --no-cache-dir \
      --require-hashes --only-binary :all: -r requirements.lock
# The faster engine for Rego has a wheel for amd64 alone: elsewhere policies run on regopy.
RUN test "$(uname -m)" != x86_64 || \
    python -m pip --python /opt/yoto/bin/python install --no-cache-dir \
      --require-hashes --only-binary :all: -r requirements-regorus.lock
# What the pages draw charts with, by npm from a wheel that stays in this stage.
COPY package.json package-lock.json ./
COPY tools/__init__.py tools/frontend.py tools/
RUN python -m tools.frontend
COPY app app
COPY yoto yoto
COPY migrations migrations
COPY LICENSE config.py run.py wsgi.py ./
RUN mkdir /app && \
    cp -a app yoto migrations LICENSE config.py run.py wsgi.py /app/ && \
    python -m compileall -q /app

FROM docker.io/library/python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Yoto" \
      org.opencontainers.image.description="Permissions and resilience for Flask applications" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim-trixie"
COPY --from=build /opt/yoto /opt/yoto
COPY --from=build /app /app
WORKDIR /app
# Nothing is written but what lies in /tmp, so the file system may be read-only. All secrets are
# given when a container starts.
ENV PATH=/opt/yoto/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    YOTO_ENVIRONMENT=production \
    YOTO_ASYNC_MODE=threading \
    YOTO_INSTANCE_PATH=/tmp/yoto \
    YOTO_HOST=0.0.0.0 \
    YOTO_PORT=5000
USER 10001:10001
EXPOSE 5000
# Ready, not only alive: what starts after a healthy node may send it requests.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/readyz' % os.environ['YOTO_PORT'], timeout=4)"]
# Without a shell between, SIGTERM reaches the supervisor.
CMD ["python", "run.py", "--workers", "2"]
