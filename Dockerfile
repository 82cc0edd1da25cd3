# A small image: the static binary, and a folder that belongs to the user it runs as. docs/install.md says how to use it.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
# glibc's own allocator is several times as fast as musl's with many threads, so it is glibc that is linked in.
RUN RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --package exeunt --target "$(uname -m)-unknown-linux-gnu" \
 && mkdir -p /image/data \
 && cp "target/$(uname -m)-unknown-linux-gnu/release/exeunt" /image/exeunt

FROM scratch
COPY --from=build /image/exeunt /exeunt
COPY --from=build --chown=65532:65532 /image/data /data
USER 65532:65532
ENV EXEUNT_LISTEN=0.0.0.0:8080 EXEUNT_STORE=sqlite:/data/exeunt.db
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/exeunt"]
CMD ["serve"]
