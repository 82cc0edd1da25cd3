//! The reference for checks: hyper alone, which answers every request with the same few bytes.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustix::process::Signal;
use tokio::net::TcpListener;

use crate::program::{Program, free_port, on_core};

/// The command line argument that makes this program the bare server.
pub(crate) const WORD: &str = "serve-bare";
/// A body as long as that of a check.
const BODY: &str = r#"{"active":true,"client":"00000000000000000000000000000000","expires_at":"2026-01-01T00:00:00Z","session":"00000000000000000000000000000000","user":"00000000000000000000000000000000"}"#;

/// Starts the bare server as a separate process.
pub(crate) fn start(folder: &Path, core: usize) -> Result<(Program, SocketAddr)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let mut command = on_core(&std::env::current_exe()?, Some(core));
    command.arg(WORD).arg(address.to_string());
    let mut program = Program::start("bare hyper", &mut command, &folder.join("bare.log"), Signal::TERM)?;
    program.wait(|| std::net::TcpStream::connect(address).is_ok())?;
    Ok((program, address))
}

/// Runs the bare server, with the same runtime as the real one, until it is stopped.
pub(crate) fn serve(address: &str) -> Result<()> {
    let address: SocketAddr = address.parse()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // A connection ends when its client closes it.
            let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(async move { drop(serving.await) });
        }
    })
}

async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(BODY.as_bytes())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
