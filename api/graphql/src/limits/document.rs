use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::{LimitError, Limits, at_most};

/// What a selection costs when every fragment in it is written out. Sums stop at the greatest number.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    fields: usize,
    aliases: usize,
    directives: usize,
    /// The fields of its own level.
    level: usize,
    depth: usize,
    introspection_lists: usize,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.level = self.level.saturating_add(other.level);
        self.depth = self.depth.max(other.depth);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
    }
}

/// Measures every operation. A fragment is measured once however often it is used, so that a few lines that would
/// write out to billions of fields cost nothing to refuse.
pub(super) fn check(limits: &Limits, document: &ExecutableDocument) -> Result<(), LimitError> {
    let mut meter = Meter { document, limits, known: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let mut cost = meter.selection(&operation.node.selection_set.node)?;
        cost.directives = cost.directives.saturating_add(operation.node.directives.len());
        at_most("root_fields", cost.level, limits.root_fields)?;
        at_most("depth", cost.depth, limits.depth)?;
        at_most("fields", cost.fields, limits.fields)?;
        at_most("aliases", cost.aliases, limits.aliases)?;
        at_most("directives", cost.directives, limits.directives)?;
    }
    Ok(())
}

struct Meter<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// Fragments that were measured; `None` while one is being measured.
    known: HashMap<&'a str, Option<Cost>>,
}

impl<'a> Meter<'a> {
    fn selection(&mut self, selection: &'a SelectionSet) -> Result<Cost, LimitError> {
        let mut sum = Cost::default();
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let mut cost = self.selection(&field.selection_set.node)?;
                    let name = field.name.node.as_str();
                    if matches!(name, "__schema" | "__type") {
                        if !self.limits.allows_introspection {
                            return Err(LimitError::IntrospectionOff);
                        }
                        let limit = self.limits.introspection_lists;
                        at_most("introspection_lists", cost.introspection_lists, limit)?;
                    }
                    cost.fields = cost.fields.saturating_add(1);
                    cost.aliases = cost.aliases.saturating_add(usize::from(field.alias.is_some()));
                    cost.directives = cost.directives.saturating_add(field.directives.len());
                    cost.level = 1;
                    cost.depth += 1;
                    cost.introspection_lists += usize::from(is_introspection_list(name));
                    sum.add(cost);
                }
                Selection::InlineFragment(fragment) => {
                    let mut cost = self.selection(&fragment.node.selection_set.node)?;
                    cost.directives = cost.directives.saturating_add(fragment.node.directives.len());
                    sum.add(cost);
                }
                Selection::FragmentSpread(spread) => {
                    let mut cost = self.fragment(spread.node.fragment_name.node.as_str())?;
                    cost.directives = cost.directives.saturating_add(spread.node.directives.len());
                    sum.add(cost);
                }
            }
        }
        Ok(sum)
    }

    /// What is not defined costs nothing: validation refuses it.
    fn fragment(&mut self, name: &'a str) -> Result<Cost, LimitError> {
        match self.known.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => return Err(LimitError::FragmentCycle { fragment: name.to_owned() }),
            None => (),
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Cost::default()) };
        self.known.insert(name, None);
        let mut cost = self.selection(&fragment.node.selection_set.node)?;
        cost.directives = cost.directives.saturating_add(fragment.node.directives.len());
        self.known.insert(name, Some(cost));
        Ok(cost)
    }
}

/// The fields of introspection types that lead to many others, as graphql-js's rule on introspection depth has them.
fn is_introspection_list(name: &str) -> bool {
    matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields")
}
