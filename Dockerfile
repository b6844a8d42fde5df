# Build: docker build -t rollcall .
# Run:   docker run --stop-timeout 30 -p 8080:8080 -v rollcall:/data rollcall

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv .venv
RUN .venv/bin/python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt

FROM python:3.11-slim-bookworm
# A fixed number, so that the owner of a volume's files stays the same from image to image.
RUN useradd --uid 10001 --no-create-home --home-dir /app rollcall
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
WORKDIR /app
COPY --from=build /app/.venv ./.venv
COPY main.py ./
COPY models ./models
COPY services ./services
COPY ui ./ui
# Each file comes with the mode that it has in the checkout, where its owner alone may be let to read.
RUN chmod -R a+rX main.py models services ui
# The user who runs it can't write here, and would compile all of this at each start.
RUN .venv/bin/python -m compileall -q main.py models services ui
ENV PATH=/app/.venv/bin:$PATH
ENV PYTHONUNBUFFERED=1
ENV ROLLCALL_DATA_DIR=/data
ENV ROLLCALL_HOST=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 8080
# `urlopen` raises on any answer but a 200, so that the check fails.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('ROLLCALL_PORT', '8080') + '/readyz', timeout=4)"]
# The server stops listening, finishes open requests, and ends.
STOPSIGNAL SIGTERM
CMD ["python", "main.py", "serve"]
