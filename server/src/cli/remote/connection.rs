//! One HTTP/1.1 connection to the server. Redirects are not followed: the key is for this server only.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::target::Target;
use super::tls;
use crate::cli::exit::{Exit, Failure, Outcome};

/// Seconds to connect.
const CONNECT_SECS: u64 = 10;

/// A connection, kept open between requests.
pub(super) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    pub(super) async fn open(target: &Target, authorities: Option<&Path>) -> Outcome<Self> {
        let connecting = TcpStream::connect(&target.addresses[..]);
        let stream = match tokio::time::timeout(Duration::from_secs(CONNECT_SECS), connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(away(&error.to_string())),
            Err(_) => return Err(away(&format!("no connection within {CONNECT_SECS} seconds"))),
        };
        // Requests are small, and each waits for its response.
        stream.set_nodelay(true).map_err(|error| away(&error.to_string()))?;
        if !target.secure {
            return Self::over(stream).await;
        }
        let securing = tls::over(stream, &target.host, authorities);
        match tokio::time::timeout(Duration::from_secs(CONNECT_SECS), securing).await {
            Ok(stream) => Self::over(stream?).await,
            Err(_) => Err(away(&format!("no TLS handshake within {CONNECT_SECS} seconds"))),
        }
    }

    /// Waits until the connection accepts another request; `false` if it is closed.
    pub(super) async fn is_ready(&mut self) -> bool {
        self.0.ready().await.is_ok()
    }

    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Outcome<Response<Incoming>> {
        self.0.send_request(request).await.map_err(|error| away(&error.to_string()))
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Outcome<Self> {
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| away(&error.to_string()))?;
        // It ends when its sender is dropped; the sender gets its errors too.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self(sender))
    }
}

fn away(why: &str) -> Failure {
    Failure::new(Exit::Unavailable, why)
}
