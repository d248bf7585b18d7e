//! Knows the line and the column of every byte of a text, after one walk through it.
//! Must not know what stands there.

/// So many bytes are walked at the most for one place.
const STEP: usize = 1024;

/// The lines of a text: many places are looked up in the time of one.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    /// Where each line starts.
    starts: Vec<usize>,
    /// How many characters start before every byte that is a multiple of [`STEP`].
    characters: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Walks through a text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect();
        let steps = text.as_bytes().chunks(STEP).scan(0, |count, step| {
            let before = *count;
            *count += starting(step);
            Some(before)
        });
        Self { text, starts, characters: steps.collect() }
    }

    /// The line and column of a byte, both counted from 1, columns in characters.
    #[must_use]
    pub fn at(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        (line, 1 + self.before(offset).saturating_sub(self.before(start)))
    }

    /// How many characters start before a byte.
    fn before(&self, offset: usize) -> usize {
        let step = offset / STEP;
        let walked = self.text.as_bytes().get(step * STEP..offset).map(starting).unwrap_or_default();
        // at the very end of a text there may be no step any more
        self.characters.get(step).copied().map_or_else(|| self.text.chars().count(), |before| before + walked)
    }
}

/// How many characters start in these bytes.
fn starting(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_the_line_and_column_that_counting_gives() {
        for text in
            [String::new(), "a\nбв\n\n€x".to_owned(), "€\n".repeat(STEP), "é".repeat(2 * STEP), "x".repeat(STEP)]
        {
            let lines = Lines::new(&text);
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let before = &text[..offset];
                let line = 1 + before.matches('\n').count();
                let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
                assert_eq!(lines.at(offset), (line, column), "{offset} of {}", text.len());
            }
            assert_eq!(lines.at(text.len() + 9), lines.at(text.len()));
        }
    }
}
