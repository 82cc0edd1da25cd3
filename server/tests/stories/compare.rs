//! What was expected and what came, line by line.

/// The lines of both, with `-` before what only was expected and `+` before what only came; `None` if they are equal.
pub(crate) fn difference(expected: &[String], came: &[String]) -> Option<String> {
    if expected == came {
        return None;
    }
    let longest = longest_common(expected, came);
    let mut text = String::new();
    let (mut left, mut right) = (0, 0);
    while left < expected.len() || right < came.len() {
        let equal = expected.get(left) == came.get(right);
        let (mark, line) = if equal {
            (left, right) = (left + 1, right + 1);
            (' ', &came[right - 1])
        } else if right == came.len()
            || left < expected.len() && longest[left + 1][right] >= longest[left][right + 1]
        {
            left += 1;
            ('-', &expected[left - 1])
        } else {
            right += 1;
            ('+', &came[right - 1])
        };
        text += &format!("    {mark} {line}\n");
    }
    Some(text)
}

/// How many lines the two have in common from each pair of places on.
fn longest_common(a: &[String], b: &[String]) -> Vec<Vec<usize>> {
    let mut longest = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    longest
}
