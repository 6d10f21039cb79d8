# The scanner alone, for the hook `keywright-docker` and for pipelines that run in containers.
FROM rust:1.94-slim-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY src src
COPY rules rules
COPY hooks hooks
COPY tests/bench/walk.rs tests/bench/walk.rs
RUN cargo build --release --locked --no-default-features --bin keywright && strip target/release/keywright

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/target/release/keywright /usr/local/bin/keywright
ENTRYPOINT ["keywright"]
