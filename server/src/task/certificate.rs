//! Loads a certificate or key that was replaced, and logs a warning when a certificate expires soon.

use crate::task::BackgroundTask;

/// Seconds between two looks. A changed file is loaded when two looks in a row find it the same.
const PAUSE_SECS: u64 = 2;

/// Without TLS the task runs once and ends.
pub(super) const TASK: BackgroundTask = BackgroundTask {
    name: "certificate",
    step: |app, now| {
        Box::pin(async move {
            app.tls.as_ref()?;
            // Reading files may block, on a network disk for example.
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
