FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir --prefix=/install ".[redis,llm,mcp,client,otel]"

FROM python:3.13-slim
# The embedded PostgreSQL's folder belongs to this account; with a DATABASE_URL it stays empty.
RUN useradd --create-home --uid 10001 recalld && install -d -o recalld -g recalld /var/lib/recalld
COPY --from=build /install /usr/local
USER recalld
ENV RECALLD_DATA_DIR=/var/lib/recalld RECALLD_HOST=0.0.0.0 RECALLD_PORT=8300
VOLUME /var/lib/recalld
EXPOSE 8300
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8300/healthz', timeout=2)"]
ENTRYPOINT ["recalld"]
CMD ["serve"]
