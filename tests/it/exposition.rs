//! A strict reader of what Prometheus reads: `OpenMetrics` 1.0, in the part of it that is used here.

use std::collections::{BTreeMap, BTreeSet};

pub type Labels = BTreeMap<String, String>;

/// A metric with all its series.
#[derive(Debug)]
pub struct Family {
    /// The name without the suffixes of its samples.
    pub name: String,
    pub kind: String,
    pub help: String,
    pub samples: Vec<Sample>,
}

#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub labels: Labels,
    pub value: f64,
}

/// What was read, which is as it should be.
#[derive(Debug)]
pub struct Exposition(pub Vec<Family>);

impl Exposition {
    pub fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no # EOF at its end"));
        let mut families: Vec<Family> = Vec::new();
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                let family =
                    Family { name: name.into(), kind: String::new(), help: help.into(), samples: Vec::new() };
                families.push(family);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                let family = families.last_mut().unwrap();
                assert!(family.name == name && family.kind.is_empty() && family.samples.is_empty(), "{line}");
                family.kind = kind.into();
            } else {
                let family = families.last_mut().unwrap_or_else(|| panic!("of no metric: {line}"));
                assert!(!family.kind.is_empty(), "before its type: {line}");
                family.samples.push(sample(line));
            }
        }
        let names: BTreeSet<_> = families.iter().map(|family| &family.name).collect();
        assert_eq!(names.len(), families.len(), "a metric is there twice");
        families.iter().for_each(Family::check);
        Self(families)
    }

    /// The value of the one series of this name with these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or_else(|| panic!("no {name}{labels:?}"))
    }

    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let wanted: Labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let found = self.samples().find(|sample| sample.name == name && sample.labels == wanted);
        found.map(|sample| sample.value)
    }

    /// The sum of the series of this name that have these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |sample: &&Sample| {
            let has = |(name, value): &(&str, &str)| sample.labels.get(*name).is_some_and(|is| is == value);
            sample.name == name && labels.iter().all(has)
        };
        self.samples().filter(fits).map(|sample| sample.value).sum()
    }

    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter().flat_map(|family| &family.samples)
    }
}

impl Family {
    /// What a dashboard calls it: the name of its only samples, or that of the histogram.
    pub fn shown_name(&self) -> String {
        match self.kind.as_str() {
            "counter" => format!("{}_total", self.name),
            _ => self.name.clone(),
        }
    }

    /// The names of its labels.
    pub fn labels(&self) -> BTreeSet<&str> {
        let names = self.samples.iter().flat_map(|sample| sample.labels.keys()).map(String::as_str);
        names.filter(|name| *name != "le").collect()
    }

    fn check(&self) {
        let name = &self.name;
        assert!(name.starts_with("lucid_auth_") || name.starts_with("process_"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(self.help.len() > 3 && self.help.ends_with('.'), "{name}: {}", self.help);
        assert!(!self.samples.is_empty(), "{name} has no series");
        let mut series = BTreeSet::new();
        for Sample { name, labels, value } in &self.samples {
            assert!(series.insert((name, labels)), "{name}{labels:?} is there twice");
            assert!(value.is_finite() && *value >= 0.0, "{name}{labels:?} is {value}");
        }
        let names: BTreeSet<_> = self.samples.iter().map(|sample| sample.name.as_str()).collect();
        match self.kind.as_str() {
            "counter" | "gauge" => assert_eq!(names, BTreeSet::from([self.shown_name().as_str()])),
            "histogram" => self.check_histogram(),
            kind => panic!("{name} is of no kind that is used here: {kind}"),
        }
    }

    /// Each series has its buckets in order, and each holds what the one before does; the last holds all.
    fn check_histogram(&self) {
        let of = |suffix: &str| {
            let name = format!("{}{suffix}", self.name);
            self.samples.iter().filter(move |sample| sample.name == name)
        };
        let counts: BTreeMap<_, _> =
            of("_count").map(|sample| (sample.labels.clone(), sample.value)).collect();
        assert_eq!(counts.len(), of("_sum").count(), "{}", self.name);
        let mut buckets = BTreeMap::<Labels, Vec<(f64, f64)>>::new();
        for Sample { labels, value, .. } in of("_bucket") {
            let mut labels = labels.clone();
            let limit = labels.remove("le").unwrap().replace("+Inf", "inf").parse().unwrap();
            buckets.entry(labels).or_default().push((limit, *value));
        }
        assert_eq!(buckets.len(), counts.len(), "{}", self.name);
        for (labels, buckets) in buckets {
            let rises = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
            assert!(buckets.windows(2).all(rises), "{}{labels:?}: {buckets:?}", self.name);
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, counts[&labels])), "{}{labels:?}", self.name);
        }
        let count = of("_count").count() + of("_sum").count() + of("_bucket").count();
        assert_eq!(count, self.samples.len(), "{} has other samples", self.name);
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    let Some((name, rest)) = series.split_once('{') else {
        return Sample { name: series.into(), labels: Labels::new(), value };
    };
    let mut rest = rest.strip_suffix('}').unwrap_or_else(|| panic!("no end of labels: {line}"));
    let mut labels = Labels::new();
    while !rest.is_empty() {
        let (label, quoted) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        assert!(label.bytes().all(|byte| byte.is_ascii_lowercase()), "{line}");
        // None of our values needs escaping but the service's name, which no test makes need it.
        let (value, after) = quoted.split_once('"').unwrap_or_else(|| panic!("no end of a value: {line}"));
        assert!(!value.is_empty() && !value.contains('\\'), "{line}");
        assert!(labels.insert(label.into(), value.into()).is_none(), "{line}");
        rest = match after.strip_prefix(',') {
            Some(more) if !more.is_empty() => more,
            _ => {
                assert_eq!(after, "", "{line}");
                after
            }
        };
    }
    Sample { name: name.into(), labels, value }
}

#[test]
fn what_is_not_as_it_should_be_is_refused() {
    let histogram =
        |rows: &str| format!("# HELP lucid_auth_a Aaa.\n# TYPE lucid_auth_a histogram\n{rows}# EOF\n");
    let counter =
        |rows: &str| format!("# HELP lucid_auth_a Aaa.\n# TYPE lucid_auth_a counter\n{rows}# EOF\n");
    let sum = "lucid_auth_a_sum 1\nlucid_auth_a_count 2\n";
    let good = "lucid_auth_a_bucket{le=\"1.0\"} 1\nlucid_auth_a_bucket{le=\"+Inf\"} 2\n";
    Exposition::read(&histogram(&format!("{sum}{good}")));
    Exposition::read(&counter("lucid_auth_a_total{b=\"c\",d=\"e\"} 1\n"));
    let bad = [
        counter("lucid_auth_a_total 1\n").replace("# EOF\n", ""),
        counter("lucid_auth_a 1\n"),
        counter("lucid_auth_a_total -1\n"),
        counter("lucid_auth_a_total 1\nlucid_auth_a_total 1\n"),
        counter("lucid_auth_b_total 1\n"),
        counter("lucid_auth_a_total{b=c} 1\n"),
        counter("lucid_auth_a_total{b=\"c\"d=\"e\"} 1\n"),
        counter("lucid_auth_a_total 1\n").replace("# TYPE lucid_auth_a counter\n", ""),
        counter("lucid_auth_a_total 1\n").replace("# HELP lucid_auth_a Aaa.\n", ""),
        counter(""),
        histogram(sum),
        histogram(&format!("{sum}{}", good.replace("+Inf\"} 2", "+Inf\"} 3"))),
        histogram(&format!("{sum}{}", good.replace("1.0\"} 1", "1.0\"} 3"))),
        histogram(&format!("{sum}{}", good.replace("+Inf", "0.5"))),
    ];
    for text in bad {
        assert!(std::panic::catch_unwind(|| Exposition::read(&text)).is_err(), "{text}");
    }
}
