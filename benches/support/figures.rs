//! Figures: what was measured, what was wanted, and the table of both.

/// One line of the table.
pub(crate) struct Figure {
    what: String,
    measured: String,
    /// The bound in words, and whether it is kept; `None` where the figure is for comparison alone.
    wanted: Option<(String, bool)>,
}

impl Figure {
    /// A figure that is to stay below `limit`.
    pub(crate) fn below(what: impl Into<String>, value: f64, limit: f64, unit: &str) -> Self {
        Self {
            what: what.into(),
            measured: format!("{value:.2}{unit}"),
            wanted: Some((format!("< {limit}{unit}"), value < limit)),
        }
    }

    /// A figure that is told and not judged.
    pub(crate) fn told(what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            wanted: None,
        }
    }

    fn is_met(&self) -> bool {
        self.wanted.as_ref().is_none_or(|(_, met)| *met)
    }
}

/// Prints the table; whether every bound is kept.
pub(crate) fn print(figures: &[Figure]) -> bool {
    println!("\n{:<68}{:>22}{:>14}", "figure", "measured", "wanted");
    for figure in figures {
        let (wanted, verdict) = match &figure.wanted {
            None => ("", ""),
            Some((wanted, true)) => (wanted.as_str(), "  met"),
            Some((wanted, false)) => (wanted.as_str(), "  NOT MET"),
        };
        let Figure { what, measured, .. } = figure;
        println!("{what:<68}{measured:>22}{wanted:>14}{verdict}");
    }
    figures.iter().all(Figure::is_met)
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().expect("values")
}

/// In milliseconds, for people.
pub(crate) fn ms(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1000.0)
}

/// In mebibytes, for people.
pub(crate) fn mib(mib: f64) -> String {
    format!("{mib:.2} MiB")
}
