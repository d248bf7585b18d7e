# codelab-gen alone: a static program, no shell, no libc, no root.
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/project" IMAGE --check --all
# `docker build .` compiles it; `docker build --target given .`, as releases do, takes the one of dist/image/ARCHITECTURE.

FROM scratch AS settings
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="codelab-gen" \
      org.opencontainers.image.description="One typed YAML profile becomes the .env, docker-compose.yml and init-postgres.sh of a Docker Compose deployment" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
WORKDIR /project
USER 65532:65532
ENTRYPOINT ["/codelab-gen"]

# before the stage that compiles: the classic builder builds every stage down to its target
FROM settings AS given
ARG TARGETARCH
COPY dist/image/${TARGETARCH}/ /

FROM rust:1.95-alpine AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock build.rs ./
COPY src src
COPY templates templates
COPY profiles profiles
COPY benches benches
ENV CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
RUN cargo build --release --locked

FROM settings
COPY --from=build /source/target/release/codelab-gen /
