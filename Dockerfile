# syntax=docker/dockerfile:1

FROM node:20-bookworm AS page
WORKDIR /build/clients
COPY clients .
RUN npm ci --ignore-scripts --no-progress && npm run build -w web

FROM rust:1-bookworm AS builder
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY build.rs ./
COPY migrations migrations
COPY src src
COPY --from=page /build/clients/web/dist clients/web/dist
# Cargo wants every member of the workspace to be there, built or not.
COPY benches/Cargo.toml benches/Cargo.toml
COPY benches/src benches/src
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin chatoxide && cp target/release/chatoxide /usr/local/bin/chatoxide

FROM debian:bookworm-slim
# The authorities that a hosted database's certificate is checked against.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home chatoxide \
    && install -d -o chatoxide /data
COPY --from=builder /usr/local/bin/chatoxide /usr/local/bin/chatoxide
USER chatoxide
# The embedded database, when DATABASE_URL names no other.
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 3000
# Asks GET /readyz of the server, whose settings are the environment's. It waits a second longer than DATABASE_TIMEOUT.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 CMD ["/usr/local/bin/chatoxide", "health"]
# JWT_SECRET or JWT_PUBLIC_KEY must be set: with a DATABASE_URL the server does not start without, and demo mode answers only
# inside the container.
ENTRYPOINT ["/usr/local/bin/chatoxide"]
