//! What was measured, held against `benches/budgets.tsv`.

use std::{collections::BTreeMap, fs};

/// The budgets, and whether all that were told so far are held.
pub struct Budgets {
    /// What each may be at most, and its unit.
    rows: BTreeMap<String, (f64, String)>,
    failed: bool,
}

impl Budgets {
    pub fn read() -> Self {
        let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/budgets.tsv")).unwrap();
        let rows =
            text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).filter_map(|line| {
                let [name, budget, unit] = line.split('\t').collect::<Vec<_>>()[..] else {
                    panic!("no budget: {line}")
                };
                // What is only stated has none.
                Some((name.to_owned(), (budget.parse().ok()?, unit.to_owned())))
            });
        Self { rows: rows.collect(), failed: false }
    }

    /// Print a figure beside its budget.
    pub fn tell(&mut self, name: &str, measured: f64) {
        let (budget, unit) = self.rows.get(name).unwrap_or_else(|| panic!("'{name}' has no budget"));
        println!("{name}\t{measured:.2}\t{budget}\t{unit}");
        self.failed |= measured > *budget;
    }

    pub fn held(&self) -> bool {
        !self.failed
    }
}
