use super::*;

const COLUMNS: &[Column] = &[Column("name", Meaning::Text), Column("off", Meaning::Flag)];

/// Each row with its line number; an error begins with `!`.
fn read(file: &[u8]) -> Vec<String> {
    let mut rows = Rows::new(file, COLUMNS);
    let mut read = Vec::new();
    while let Some(Row { line, json }) = rows.next().unwrap() {
        read.push(format!("{line} {}", json.unwrap_or_else(|why| format!("!{why}"))));
    }
    read
}

#[test]
fn csv_and_json_lines_are_told_apart_by_their_beginning() {
    assert_eq!(read(b"name,off\nada,t\r\n\n,0\n"), [r#"2 {"name":"ada","off":true}"#, r#"4 {"off":false}"#]);
    assert_eq!(read(b"\xef\xbb\xbfname\nada"), [r#"2 {"name":"ada"}"#]);
    assert_eq!(read(b"{\"name\":\"a\"}\n\n {\"x\": 1} \n"), [r#"1 {"name":"a"}"#, r#"3 {"x": 1}"#]);
    assert!(read(b"name,off\n").is_empty(), "a list may have no rows");
}

#[test]
fn a_row_that_cannot_be_read_is_told_by_its_line_and_the_next_is_read() {
    assert_eq!(
        read(b"name,off\na,b,c\nx\xff,1\n\"two\nlines\",1\nq\"q,1\nada,maybe\nb,1\n"),
        [
            "2 !the row has 3 fields, but the header has 2",
            "3 !the row is not UTF-8",
            r#"4 {"name":"two\nlines","off":true}"#,
            "6 !a quote is inside a field that does not begin with one",
            "7 !off must be true, false, t, f, 1 or 0",
            r#"8 {"name":"b","off":true}"#,
        ]
    );
    let long = [b"name\n", "a".repeat(ROW_BYTES_MAX + 9).as_bytes(), b"\nb\n"].concat();
    assert_eq!(read(&long), ["2 !the row is too long; expected at most 64 KiB", r#"3 {"name":"b"}"#]);
}

#[test]
fn a_file_that_ends_in_the_middle_says_so() {
    assert_eq!(
        read(b"name,off\na,1\n\"b,1\nc,1\n"),
        [r#"2 {"name":"a","off":true}"#, "3 !a quote is not closed; nothing after it was read"]
    );
    assert_eq!(
        read(b"{\"name\":\"a\"}\n{\"name\":\"b"),
        [r#"1 {"name":"a"}"#, "2 !the line ends in the middle of a JSON value"]
    );
    assert_eq!(
        read(b"name,off\na,1\nb"),
        [r#"2 {"name":"a","off":true}"#, "3 !the row has 1 fields, but the header has 2"]
    );
}

#[test]
fn a_header_that_makes_no_sense_ends_it() {
    for file in ["nmae\nx\n", "name,name\n", "name,\n", "name,\"off\nx\n"] {
        assert!(Rows::new(file.as_bytes(), COLUMNS).next().is_err(), "{file}");
    }
}

#[test]
fn what_is_no_list_at_all_ends_it() {
    let why = |file: &[u8]| match Rows::new(file, COLUMNS).next() {
        Err(failure) => failure.to_string(),
        Ok(_) => String::new(),
    };
    for file in [&b""[..], b"\n", b"  \n\r\n", b"\xef\xbb\xbf"] {
        assert!(why(file).contains("the input is empty"), "{file:?}");
    }
    for file in [&b"[{\"name\":\"a\"},\n{\"name\":\"b\"}]\n"[..], b"[]", b" [\n{\"name\":\"a\"}\n]"] {
        assert!(why(file).contains("one object a line"), "{file:?}");
    }
}

#[test]
fn seconds_are_read_as_the_server_reads_them() {
    const SECS: &[Column] = &[Column("idle_secs", Meaning::Secs)];
    let read = |cell: &str| {
        let file = format!("idle_secs\n{cell}\n");
        let row = Rows::new(file.as_bytes(), SECS).next().unwrap().unwrap();
        row.json.unwrap_or_else(|why| why)
    };
    for cell in ["1800", "1800.0", "1.8e3"] {
        assert_eq!(read(cell), r#"{"idle_secs":1800}"#);
    }
    for (cell, why) in [
        ("1800000", "idle_secs looks like milliseconds: 1800000; expected seconds, 1800"),
        ("-5", "idle_secs is -5, which is negative; expected seconds"),
        ("1.5", "idle_secs is 1.5; expected whole seconds, without a fraction"),
        ("infinity", "idle_secs is infinity; expected seconds, or 0 for no limit"),
        ("1e400", "idle_secs is 1e400; expected seconds, or 0 for no limit"),
        ("nan", "idle_secs is nan; expected seconds"),
        ("half an hour", "idle_secs is a text of another kind; expected seconds"),
    ] {
        assert_eq!(read(cell), why);
    }
}
