//! What was measured, held against `benches/budgets.tsv`.

use std::{collections::BTreeMap, fs, path::Path};

/// The figures so far.
pub struct Figures {
    /// What each may be at most; `-` in the file if it is only stated.
    budgets: BTreeMap<String, (Option<f64>, String)>,
    failed: bool,
}

impl Figures {
    /// Read the budgets: lines of name, budget and unit, with tabs between.
    pub fn new(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let budgets = rows.map(|row| {
            let [name, budget, unit] = row.split('\t').collect::<Vec<_>>()[..] else {
                panic!("no budget: {row}")
            };
            let budget = (budget != "-").then(|| budget.parse().unwrap());
            (name.to_owned(), (budget, unit.to_owned()))
        });
        Self { budgets: budgets.collect(), failed: false }
    }

    /// Print a figure beside its budget: name, measured, budget and unit.
    pub fn tell(&mut self, name: &str, measured: f64) {
        let (budget, unit) =
            self.budgets.get(name).unwrap_or_else(|| panic!("{name} has no line in the budgets"));
        let stated = budget.map_or_else(|| "-".to_owned(), |budget| budget.to_string());
        println!("{name}\t{measured:.2}\t{stated}\t{unit}");
        self.failed |= budget.is_some_and(|budget| measured > budget);
    }

    /// Whether every budget was held.
    pub fn held(&self) -> bool {
        !self.failed
    }
}
