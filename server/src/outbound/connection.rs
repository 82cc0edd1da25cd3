//! One HTTP/1.1 connection.

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

use super::{Fault, Target, tls};

/// Seconds to connect.
const CONNECT_SECS: u64 = 10;

/// A connection, kept open between requests.
pub struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// Connects to a resolved target. TLS trusts the system's authorities and those in the file.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub async fn open(target: &Target, authorities: Option<&Path>) -> Result<Self, Fault> {
        let connecting = TcpStream::connect(&target.addresses[..]);
        let stream = match tokio::time::timeout(Duration::from_secs(CONNECT_SECS), connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(unreachable(&error.to_string())),
            Err(_) => return Err(unreachable(&format!("no connection within {CONNECT_SECS} seconds"))),
        };
        // Requests are small, and each waits for its response.
        stream.set_nodelay(true).map_err(|error| unreachable(&error.to_string()))?;
        if !target.secure {
            return Self::over(stream).await;
        }
        let securing = tls::over(stream, &target.host, authorities);
        match tokio::time::timeout(Duration::from_secs(CONNECT_SECS), securing).await {
            Ok(stream) => Self::over(stream?).await,
            Err(_) => Err(unreachable(&format!("no TLS handshake within {CONNECT_SECS} seconds"))),
        }
    }

    /// Waits until the connection accepts another request; `false` if it is closed.
    pub async fn is_ready(&mut self) -> bool {
        self.0.ready().await.is_ok()
    }

    /// Sends a request, and waits for the head of its response.
    ///
    /// # Errors
    /// [`Fault::Unreachable`].
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Fault> {
        self.0.send_request(request).await.map_err(|error| unreachable(&error.to_string()))
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Self, Fault> {
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| unreachable(&error.to_string()))?;
        // It ends when its sender is dropped; the sender gets its errors too.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self(sender))
    }
}

fn unreachable(why: &str) -> Fault {
    Fault::Unreachable(why.to_owned())
}
