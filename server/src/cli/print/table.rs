//! Prints tables. Each page of a list is printed as it arrives, so a long list does not wait for its end.

use unicode_width::UnicodeWidthStr;

use super::Out;
use super::printable::printable;
use crate::cli::exit::Outcome;

/// Rows that are aligned together: a page from the server.
const ROWS: usize = 100;
/// Columns between two cells.
const GAP: usize = 2;
/// The minimum width of a cell that is cut.
const WIDTH_MIN: usize = 8;

/// A column: its heading, and whether its cells may be cut on a narrow terminal. Ids are not cut: users copy them.
pub(crate) struct Column(pub &'static str, pub Room);

/// Whether a cell may be cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// It is never cut.
    Whole,
    /// It may be cut, and then ends in `…`.
    Flexible,
}

/// A table that is printed in groups of rows.
pub(crate) struct Table<'a> {
    out: &'a mut Out,
    columns: &'static [Column],
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
    headed: bool,
}

impl<'a> Table<'a> {
    pub(crate) fn new(out: &'a mut Out, columns: &'static [Column]) -> Self {
        let widths = columns.iter().map(|column| column.0.width()).collect();
        Self { out, columns, widths, rows: Vec::new(), headed: false }
    }

    /// The output.
    pub(crate) const fn out(&mut self) -> &mut Out {
        self.out
    }

    /// Adds a row, and escapes its cells.
    ///
    /// # Errors
    /// The output's.
    pub(crate) fn row(&mut self, cells: &[String]) -> Outcome<()> {
        let cells: Vec<String> = cells.iter().map(|cell| printable(cell).into_owned()).collect();
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.width());
        }
        self.rows.push(cells);
        if self.rows.len() < ROWS { Ok(()) } else { self.flush() }
    }

    /// Prints the rows so far; without rows it prints no headings.
    ///
    /// # Errors
    /// The output's.
    pub(crate) fn flush(&mut self) -> Outcome<()> {
        let widths = self.fitted();
        if !self.headed && !self.rows.is_empty() {
            self.headed = true;
            let head = self.columns.iter().map(|column| column.0);
            let line = line(head, &widths);
            self.out.heading(&line)?;
        }
        for row in std::mem::take(&mut self.rows) {
            self.out.line(&line(row.iter().map(String::as_str), &widths))?;
        }
        self.out.flush()
    }

    /// The widths on this terminal: the widest flexible column is cut first.
    fn fitted(&self) -> Vec<usize> {
        let mut widths = self.widths.clone();
        let Some(room) = self.out.width() else { return widths };
        let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        while total(&widths) > room {
            let flexible = (0..widths.len()).filter(|at| self.columns[*at].1 == Room::Flexible);
            let Some(widest) = flexible.max_by_key(|at| widths[*at]).filter(|at| widths[*at] > WIDTH_MIN)
            else {
                break;
            };
            widths[widest] -= 1;
        }
        widths
    }
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.zip(widths) {
        let cell = cut(cell, *width);
        line += &cell;
        line += &" ".repeat(width.saturating_sub(cell.width()) + GAP);
    }
    line.truncate(line.trim_end().len());
    line
}

fn cut(cell: &str, width: usize) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let mut kept = String::new();
    for c in cell.chars() {
        kept.push(c);
        if kept.width() >= width {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

#[test]
fn cells_are_aligned_and_cut() {
    assert_eq!(line(["a", "世界", "c"].into_iter(), &[3, 6, 1]), "a    世界    c");
    assert_eq!(line(["abcdefghij", "x"].into_iter(), &[8, 1]), "abcdefg…  x");
    assert_eq!(cut("世界世界", 5), "世界…");
}
