//! Calls the running server over its native interface, so that its cache and its followers see every change.

mod answer;
mod credential;
mod target;

use std::time::Duration;

use bytes::Bytes;
use exeunt_core::Token;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::Value;

pub(super) use self::answer::Answer;
use self::credential::Credential;
use super::exit::{Exit, Failure, Outcome};
use super::options::Options;
use crate::outbound::{Connection, Target};

/// The largest response that is read whole, in bytes.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// A server, and the key for it. It has no `Debug`, because it holds the key.
pub(super) struct Remote {
    target: Target,
    key: Token,
    /// The source of the key.
    source: String,
    realm: Option<String>,
    authorities: Option<std::path::PathBuf>,
    /// How long a response may take to begin, and then to be complete.
    patience: Duration,
    connection: Option<Connection>,
}

impl Remote {
    /// Finds the server that the options name. Nothing is sent yet.
    ///
    /// # Errors
    /// `Usage`; `Refused` without a key; `Unavailable` if the name does not resolve.
    pub(super) async fn find(options: &Options) -> Outcome<Self> {
        let target = target::find(options.url.as_deref(), options.allow_plain_http).await?;
        let Credential { key, source } = Credential::find(options.key_file.as_deref(), &target)?;
        Ok(Self {
            target,
            key,
            source,
            realm: options.realm.clone(),
            authorities: options.ca_file.clone(),
            patience: Duration::from_secs(options.timeout),
            connection: None,
        })
    }

    /// The realm from the options.
    pub(super) fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// `GET path`. Returns the JSON of the response.
    ///
    /// # Errors
    /// The server's, as a [`Failure`]; `Unavailable` if there is no response in time.
    pub(super) async fn get(&mut self, path: &str) -> Outcome<Value> {
        self.ask(Method::GET, path, None).await
    }

    /// `DELETE path`. Returns the JSON of the response; `null` if it has no body.
    ///
    /// # Errors
    /// As [`Remote::get`].
    pub(super) async fn delete(&mut self, path: &str) -> Outcome<Value> {
        self.ask(Method::DELETE, path, None).await
    }

    /// `POST path` with a JSON object.
    ///
    /// # Errors
    /// As [`Remote::get`].
    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Outcome<Value> {
        self.ask(Method::POST, path, Some(body.to_string())).await
    }

    /// `POST path` with JSON text.
    ///
    /// # Errors
    /// As [`Remote::get`].
    pub(super) async fn post_text(&mut self, path: &str, body: String) -> Outcome<Value> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// `PATCH path` with a JSON object.
    ///
    /// # Errors
    /// As [`Remote::get`].
    pub(super) async fn patch(&mut self, path: &str, body: &Value) -> Outcome<Value> {
        self.ask(Method::PATCH, path, Some(body.to_string())).await
    }

    /// Gets a page of a list: its items, and the cursor of the next page.
    ///
    /// # Errors
    /// As [`Remote::get`].
    pub(super) async fn page(&mut self, path: &str) -> Outcome<(Vec<Value>, Option<String>)> {
        let mut page = self.get(path).await?;
        let next = page["next"].as_str().map(str::to_owned);
        match page["items"].take() {
            Value::Array(items) => Ok((items, next)),
            _ => Err(self.stranger()),
        }
    }

    /// Gets a page of a list in this realm instead of the one from the options.
    ///
    /// # Errors
    /// As [`Remote::get`].
    pub(super) async fn page_of_realm(
        &mut self,
        path: &str,
        realm: &str,
    ) -> Outcome<(Vec<Value>, Option<String>)> {
        let named = self.realm.replace(realm.to_owned());
        let page = self.page(path).await;
        self.realm = named;
        page
    }

    /// Sends a request and reads the whole response, whatever its status: for callers that check the status themselves.
    ///
    /// # Errors
    /// `Unavailable` if there is no response in time.
    pub(super) async fn answer(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Outcome<Answer> {
        let patience = self.patience;
        let method_said = method.clone();
        let exchange = async {
            let response = self.begin(method, path, body, &[]).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| Failure::new(Exit::Unavailable, error.to_string()))?;
            Ok(Answer { status, body: body.to_bytes() })
        };
        let outcome = tokio::time::timeout(patience, exchange).await;
        let outcome = outcome.unwrap_or_else(|_| {
            let text = format!("no answer within {} seconds (--timeout)", patience.as_secs());
            Err(Failure::new(Exit::Unavailable, text))
        });
        outcome.map_err(|failure| {
            self.connection = None;
            self.lost(failure, &method_said)
        })
    }

    /// Requests a streamed response on a new connection: the feed, a backup. The caller must await each piece with a
    /// timeout.
    ///
    /// # Errors
    /// As [`Remote::get`].
    pub(super) async fn stream(
        &mut self,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> Outcome<Response<Incoming>> {
        self.rest();
        let begun = tokio::time::timeout(self.patience, self.begin(Method::GET, path, None, headers)).await;
        let connection = self.connection.take();
        let late = |_| Err(Failure::new(Exit::Unavailable, "no answer in time"));
        let response = begun.unwrap_or_else(late).map_err(|failure| self.lost(failure, &Method::GET))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
        let body = tokio::time::timeout(self.patience, body).await;
        drop(connection);
        let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
        Err(self.refused(&Answer { status, body }))
    }

    /// Closes the connection before a pause, such as a prompt: the server would close it anyway.
    pub(super) fn rest(&mut self) {
        self.connection = None;
    }

    async fn ask(&mut self, method: Method, path: &str, body: Option<String>) -> Outcome<Value> {
        let answer = self.answer(method, path, body).await?;
        if !answer.status.is_success() {
            return Err(self.refused(&answer));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|_| self.stranger())
    }

    async fn begin(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&'static str, String)],
    ) -> Outcome<Response<Incoming>> {
        let request = self.request(method, path, body, headers)?;
        let mut kept = self.connection.take();
        if let Some(connection) = &mut kept
            && !connection.is_ready().await
        {
            kept = None;
        }
        let connection = match kept {
            Some(connection) => connection,
            None => Connection::open(&self.target, self.authorities.as_deref()).await?,
        };
        Ok(self.connection.insert(connection).send(request).await?)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&'static str, String)],
    ) -> Outcome<Request<Full<Bytes>>> {
        let mut key = HeaderValue::from_str(&format!("Bearer {}", self.key.expose()))
            .map_err(|_| Failure::usage(format!("{} does not contain a key", self.source)))?;
        key.set_sensitive(true);
        let mut request = Request::builder()
            .method(method)
            .uri(self.target.path(path))
            .header(HOST, &self.target.authority)
            .header(AUTHORIZATION, key)
            .header(ACCEPT, "application/json, text/event-stream")
            .header(USER_AGENT, concat!("exeunt/", env!("CARGO_PKG_VERSION")));
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(realm) = &self.realm {
            request = request.header("exeunt-realm", realm);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::from(body.unwrap_or_default()));
        request.map_err(|_| {
            Failure::usage("the realm or an id contains characters that a request cannot contain")
        })
    }
}

/// A path with a query.
pub(super) fn with_query<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}
