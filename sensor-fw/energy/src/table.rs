//! Every figure that the model stands on, in one place, each with its source and how well it is known.
//!
//! | file | what |
//! |---|---|
//! | [`chips`] | currents and times of the radio chips |
//! | [`stacks`] | what the link layers add to what the specification asks for |
//! | [`parts`] | sensors, switches, flash, bus |
//! | [`program`] | cycles of our own program |
//! | [`batteries`] | capacities and what of them can be used |

use std::fmt;

pub mod batteries;
pub mod chips;
pub mod parts;
pub mod program;
pub mod stacks;

/// How well a figure is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Read in the maker's own document.
    Read,
    /// Read where somebody quotes the maker's document with its table, not in the document.
    Quoted,
    /// Measured by somebody, and published.
    Measured,
    /// Computed from figures above.
    Derived,
    /// Chosen so that the model meets one published measurement; which one stands with it.
    Fitted,
    /// Known from use, not found again: to be checked before anybody leans on it.
    Unverified,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Read => "read",
            Self::Quoted => "quoted",
            Self::Measured => "measured",
            Self::Derived => "derived",
            Self::Fitted => "fitted",
            Self::Unverified => "unverified",
        })
    }
}

/// A value with its source.
#[derive(Debug, Clone, Copy)]
pub struct Figure<T> {
    /// The value.
    pub value: T,
    /// How well it is known.
    pub standing: Standing,
    /// Document, version, table; or how it was computed.
    pub source: &'static str,
}

impl<T> Figure<T> {
    /// Read in the maker's document.
    pub(crate) const fn read(value: T, source: &'static str) -> Self {
        Self { value, standing: Standing::Read, source }
    }

    /// Read in a quotation.
    pub(crate) const fn quoted(value: T, source: &'static str) -> Self {
        Self { value, standing: Standing::Quoted, source }
    }

    /// Measured by somebody.
    pub(crate) const fn measured(value: T, source: &'static str) -> Self {
        Self { value, standing: Standing::Measured, source }
    }

    /// Computed.
    pub(crate) const fn derived(value: T, source: &'static str) -> Self {
        Self { value, standing: Standing::Derived, source }
    }

    /// Fitted.
    pub(crate) const fn fitted(value: T, source: &'static str) -> Self {
        Self { value, standing: Standing::Fitted, source }
    }

    /// Not found again.
    pub(crate) const fn unverified(value: T, source: &'static str) -> Self {
        Self { value, standing: Standing::Unverified, source }
    }
}

/// A figure as it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Of what.
    pub of: &'static str,
    /// Which.
    pub name: String,
    /// Its value with the unit.
    pub value: String,
    /// How well it is known.
    pub standing: Standing,
    /// Where it is from.
    pub source: &'static str,
}

impl Row {
    pub(crate) fn new<T: fmt::Display>(of: &'static str, name: &str, figure: &Figure<T>) -> Self {
        Self {
            of,
            name: name.replace('_', " "),
            value: figure.value.to_string(),
            standing: figure.standing,
            source: figure.source,
        }
    }
}

/// Makes a record whose fields are all figures, and which can list them.
macro_rules! figures {
    ($(#[doc = $doc:literal])+ $record:ident { $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $record {
            $($(#[doc = $field_doc])+ pub $field: $crate::table::Figure<$type>,)+
        }

        impl $record {
            /// The figures with their sources.
            pub fn rows(&self, of: &'static str) -> Vec<$crate::table::Row> {
                vec![$($crate::table::Row::new(of, stringify!($field), &self.$field)),+]
            }
        }
    };
}
pub(crate) use figures;

/// All figures.
pub fn rows() -> Vec<Row> {
    let chips = chips::ALL.iter().chain([&chips::TLSR8251]).flat_map(|chip| chip.rows());
    let stacks = stacks::ALL.iter().flat_map(|stack| stack.figures.rows(stack.name));
    chips
        .chain(stacks)
        .chain(parts::rows())
        .chain(program::PROGRAM.rows("program"))
        .chain(batteries::ALL.iter().flat_map(|battery| battery.figures.rows(battery.name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_source_and_those_not_found_say_so() {
        let rows = rows();
        assert!(rows.len() > 80, "{} figures", rows.len());
        for row in &rows {
            assert!(row.source.len() > 10, "{} {}: {:?}", row.of, row.name, row.source);
        }
        let unverified = rows.iter().filter(|row| row.standing == Standing::Unverified).count();
        println!("{} figures, {unverified} of them unverified", rows.len());
        assert!(unverified * 3 < rows.len(), "{unverified} of {}", rows.len());
    }
}
