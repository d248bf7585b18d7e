//! Knows which fields of a profile hold today's values of variables. Must not know the values.

use std::collections::BTreeMap;

/// The fields, each with its variables, and the order in which they were found.
#[derive(Default)]
pub(super) struct Fixed {
    by_field: BTreeMap<String, BTreeMap<String, usize>>,
    /// How many were found.
    count: usize,
}

impl Fixed {
    /// Takes in a variable that has no effect on a field any more.
    pub(super) fn add(&mut self, name: &str, field: &str) {
        let names = self.by_field.entry(field.to_owned()).or_default();
        names.entry(name.to_owned()).or_insert(self.count);
        self.count += 1;
    }

    /// Drops the fields that begin so: they are none of the profile after all.
    pub(super) fn forget(&mut self, beginning: &str) {
        let below = self.by_field.range(beginning.to_owned()..).take_while(|(field, _)| field.starts_with(beginning));
        let below: Vec<_> = below.map(|(field, _)| field.clone()).collect();
        for field in below {
            self.by_field.remove(&field);
        }
    }

    /// The variables, each with its fields in the order in which they were found.
    pub(super) fn by_name(self) -> BTreeMap<String, Vec<String>> {
        let mut by_name: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
        for (field, names) in self.by_field {
            for (name, order) in names {
                by_name.entry(name).or_default().push((order, field.clone()));
            }
        }
        let in_order = |(name, mut fields): (String, Vec<(usize, String)>)| {
            fields.sort_unstable();
            (name, fields.into_iter().map(|(_, field)| field).collect())
        };
        by_name.into_iter().map(in_order).collect()
    }
}
