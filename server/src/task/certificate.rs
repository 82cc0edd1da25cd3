//! Looks whether the certificate or its key was replaced, and takes it over; and says when nobody replaces it.

use crate::task::Task;

/// Seconds between two looks. What has changed is read at the second look that finds it the same.
const PAUSE_SECS: u64 = 2;

/// The task; without TLS it never comes back.
pub(super) const TASK: Task = Task {
    name: "certificate",
    step: |app, now| {
        Box::pin(async move {
            app.tls.as_ref()?;
            // Files may lie on a disk that is away.
            let look = move || {
                if let Some(tls) = &app.tls {
                    tls.report(tls.renew_if_changed(now));
                    tls.remind(now);
                }
            };
            drop(tokio::task::spawn_blocking(look).await);
            Some(now.plus_secs(PAUSE_SECS))
        })
    },
};
