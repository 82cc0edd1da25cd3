//! `multipart/form-data` (RFC 7578), from a body in memory.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use multer::Multipart;

use super::{Broken, Fields, TooManyFields, boundary, text};

/// Reads every part that has a name. The bytes of files are read as text, too. A part without a name is ignored.
pub(super) fn read(content_type: &str, body: Bytes) -> Result<Fields, TooManyFields> {
    let how = if body.is_empty() { Broken::Empty } else { Broken::Unreadable };
    let broken = || Fields { pairs: Vec::new(), broken: Some(how) };
    let Some(boundary) = boundary::read(content_type) else { return Ok(broken()) };
    let whole = stream::iter([Ok::<_, Infallible>(body)]);
    let mut fields = Fields::default();
    // The whole body is in memory, so no poll of the parser is ever pending.
    match collect(Multipart::new(whole, boundary), &mut fields).now_or_never() {
        Some(Ok(())) => Ok(fields),
        Some(Err(Failure::TooMany)) => Err(TooManyFields),
        Some(Err(Failure::Broken)) | None => Ok(broken()),
    }
}

enum Failure {
    Broken,
    TooMany,
}

async fn collect(mut parts: Multipart<'_>, fields: &mut Fields) -> Result<(), Failure> {
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(|_| Failure::Broken)? {
        count += 1;
        if count > super::FIELDS_MAX {
            return Err(Failure::TooMany);
        }
        let name = part.name().map(str::to_owned);
        let value = part.bytes().await.map_err(|_| Failure::Broken)?;
        if let Some(name) = name {
            fields.add(text(name.into_bytes()), text(value.into())).map_err(|_| Failure::TooMany)?;
        }
    }
    Ok(())
}
