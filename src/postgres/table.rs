//! Knows how the tables of this folder are written: a line for each row, tabs between its cells, `#` before what is none.
//! Must not know what a row says.

use std::ops::RangeInclusive;

/// The major versions that the tables know.
pub(super) const MAJORS: RangeInclusive<u16> = 15..=18;

/// The rows of a table; a cell that is missing is empty.
pub(super) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut cells = line.split('\t');
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    })
}

/// The words of a cell, which stand between commas.
pub(super) fn words(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split(',').filter(|word| !word.is_empty())
}

/// The versions of a cell such as `15-18`; none of an empty one.
pub(super) fn majors(cell: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = cell.split_once('-')?;
    Some(first.parse().ok()?..=last.parse().ok()?)
}
