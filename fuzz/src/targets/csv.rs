//! Whatever cells are written, a reader gives them back, and none of them begins a formula.

use exeunt::dialect::csv::table;

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut cells = text.split('\u{1f}');
    let row = [(); 3].map(|()| cells.next().unwrap_or_default());
    let written = table(["a", "b", "c"], row);
    assert!(written.starts_with("a,b,c\r\n") && written.ends_with("\r\n"));
    let mut reader = csv::Reader::from_reader(written.as_bytes());
    let records: Vec<_> = reader.records().flatten().collect();
    assert_eq!(records.len(), 1);
    for (read, wanted) in records[0].iter().zip(row) {
        assert!(read == wanted || read.strip_prefix('\'') == Some(wanted));
        assert!(!read.trim_start().starts_with(['=', '+', '-', '@']));
        assert!(!read.starts_with(['\t', '\r', '\n']));
    }
    assert_eq!(records[0].len(), row.len());
}
