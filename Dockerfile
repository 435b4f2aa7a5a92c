# The image of every process of ours: web, worker, beat and the one-shot migration.
# Nothing secret is in it: what a process must know, it reads from its environment.

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt ./
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes -r requirements.txt

FROM packages AS site
RUN apt-get update \
    && apt-get install -y --no-install-recommends gettext \
    && rm -rf /var/lib/apt/lists/*
COPY . .
# The settings want their secrets; these serve this step alone and stay in no layer.
RUN export OTI_MODE=production OTI_NO_SERVICES=1 SECRET_KEY=build BASE_URL=https://build.invalid \
        STRIPE_SECRET_KEY=build STRIPE_WEBHOOK_SECRET=build \
    && /venv/bin/python manage.py compilemessages --verbosity 0 \
    && /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q -j 0 booking destination events members oti

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OTI_MODE=production \
    MEDIA_ROOT=/media \
    PRIVATE_ROOT=/private
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin velay \
    && install -d -o velay -g velay /media /private
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=site /app /app
USER velay
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "oti.deploy.probe", "web"]
# Its own temporary files in memory: a slow disk must not look like a dead worker.
CMD ["gunicorn", "oti.wsgi", "--bind", "0.0.0.0:8000", "--preload", "--workers", "2", \
    "--threads", "4", "--worker-class", "gthread", "--worker-tmp-dir", "/dev/shm", \
    "--graceful-timeout", "20", "--no-control-socket"]
