//! Figures of the store: its commits and its queues. Stores for tests have none.

use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::Sources;

pub(super) fn register(from: &Sources<'_>, registry: &mut Registry) {
    let Some((figures, waiting, disk)) = from.authority.store_figures() else { return };
    for (name, help, histogram) in [
        ("store_commit_seconds", "Each commit: what the disk takes", figures.commit_secs),
        ("store_commit_writes", "Writes in each commit", figures.commit_writes),
        (
            "store_checkpoint_seconds",
            "Each round of moving the log beside the file into the file",
            figures.checkpoint_secs,
        ),
    ] {
        registry.register(name, help, histogram);
    }
    registry.register("store_rows", "Rows that writes have read and written, roughly", figures.rows);
    registry.register("store_refused", "Transactions that changed nothing", figures.refused);
    registry.register(
        "store_unknown",
        "Commits of which nobody could tell whether they happened; the store was opened again",
        figures.unknown,
    );
    if let Some(free) = disk.free_bytes {
        let free = ConstGauge::new(i64::try_from(free).unwrap_or(i64::MAX));
        registry.register("store_free_bytes", "Bytes that are free on the disk of the store", free);
    }
    let refusing = ConstGauge::new(i64::from(disk.refusing));
    registry.register(
        "store_refusing",
        "1: the disk took no more when something was committed last",
        refusing,
    );
    let log_pages = usize::try_from(waiting.log_pages).unwrap_or(usize::MAX);
    for (name, help, value) in [
        ("store_marks_waiting", "Marks that wait to be written", waiting.marks),
        ("store_writes_waiting", "Other writes that wait", waiting.writes),
        ("store_reads_waiting", "Reads that wait", waiting.reads),
        ("store_log_pages", "Pages of 4 KiB in the log beside the file", log_pages),
    ] {
        registry.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
    }
}
