//! CSV: a header row and one row of values, each ended by CRLF (RFC 4180 §2).

/// A table with one row. Cells that a spreadsheet would run as a formula are neutralised.
pub fn table<const N: usize>(header: [&str; N], row: [&str; N]) -> String {
    let line = |cells: [&str; N]| match cells.map(|cell| quoted(neutral(cell))).join(",") {
        // An empty line would be no row.
        line if line.is_empty() => "\"\"\r\n".to_owned(),
        line => line + "\r\n",
    };
    line(header) + &line(row)
}

/// Puts quotes around a cell that could not be read without them.
fn quoted(cell: String) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// Puts an apostrophe before a cell that a spreadsheet could take for a formula: it begins with `=`, `+`, `-`, `@`
/// (also full-width, also after white space), a tab or a line break.
fn neutral(cell: &str) -> String {
    let formula = cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if formula || cell.starts_with(['\t', '\r', '\n']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_and_a_row() {
        assert_eq!(table(["success"], ["T"]), "success\r\nT\r\n");
        assert_eq!(table(["a", "b"], ["x,y", "say \"no\""]), "a,b\r\n\"x,y\",\"say \"\"no\"\"\"\r\n");
        assert_eq!(table(["a", "b"], ["", "two\r\nlines"]), "a,b\r\n,\"two\r\nlines\"\r\n");
        assert_eq!(table(["a"], [""]), "a\r\n\"\"\r\n");
    }

    #[test]
    fn formulas_are_neutralised() {
        for cell in ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx", " =1", "\u{a0}=1", "＝1"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
        }
        for cell in ["", "a=1", "'=1", "1-1", "ann@example.org", " x"] {
            assert_eq!(neutral(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn a_reader_reads_what_was_written(header in any::<[String; 3]>(), row in any::<[String; 3]>()) {
            let written = table(header.each_ref().map(String::as_str), row.each_ref().map(String::as_str));
            prop_assert!(written.ends_with("\r\n"));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
            let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let wanted = [header, row].map(|cells| csv::StringRecord::from(cells.map(|cell| neutral(&cell)).to_vec()));
            prop_assert_eq!(read, wanted);
        }
    }
}
