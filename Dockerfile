# syntax=docker/dockerfile:1
# codelab-gen alone: a static program, no shell, no libc, no root.
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/project" IMAGE --check --all

FROM rust:1.95-alpine AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock build.rs ./
COPY src src
COPY templates templates
COPY profiles profiles
COPY benches benches
ENV CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
RUN cargo build --release --locked \
    && mkdir -p /root-of-image/project \
    && cp target/release/codelab-gen /root-of-image/

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="codelab-gen" \
      org.opencontainers.image.description="One typed YAML profile becomes the .env, docker-compose.yml and init-postgres.sh of a Docker Compose deployment" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /root-of-image/ /
WORKDIR /project
USER 65532:65532
ENTRYPOINT ["/codelab-gen"]
